"""How this program starts, watches and ends processes of its own; used by every room that needs one.

``subprocess`` is the parent's side (environment, process group, log, end), ``parent`` the child's: ending when the parent is gone.
Standard library only.
"""

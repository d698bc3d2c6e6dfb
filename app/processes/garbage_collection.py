"""Garbage collection of a process that first imports large libraries: off while it does, and never over what they left.

Imports make hundreds of thousands of objects that stay for good. Looking through them again and again takes a quarter of the start
of the web process and a seventh of that of a trainer, and later holds requests up for tenths of a second.
"""

import gc


def pause() -> None:
    """Collect nothing until :func:`resume`; before the imports."""
    gc.disable()


def resume() -> None:
    """Collect from now on, without what is there now; after the imports."""
    gc.collect()
    gc.freeze()
    gc.enable()

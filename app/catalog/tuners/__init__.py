"""Tuners that peft does not bring: each one self-contained file that travels with every download of its method.

A file here imports torch and peft at its top, so it is imported only inside functions, and knows nothing of the studio:
in a download it stands alone.
"""

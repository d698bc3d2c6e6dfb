"""Keeps a process's memory and environment, where its secrets are, from other processes of the same user."""

import ctypes

_PR_SET_DUMPABLE = 4


def hide_memory() -> None:
    """No other process of this user may read this one's environment or memory, or stop it as a debugger; no core dump is written.

    A trainer runs as the same user and is given no secret, so it must not find them in its parents either. Programs that this
    process starts decide anew.
    """
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)

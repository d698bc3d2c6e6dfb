"""The child's side of a pipe to its parent: the end of standard input means that the parent is gone."""

import os
import threading
from collections.abc import Callable


def take_variable(name: str, default: str = "") -> str:
    """A value that the parent passed in the environment; it is removed, so that no later child inherits it by chance."""
    return os.environ.pop(name, default)


def on_parent_exit(act: Callable[[], None]) -> None:
    """Call ``act`` in a thread of its own when standard input ends; what is sent there until then is ignored."""
    threading.Thread(target=_wait_for_end, args=(act,), daemon=True, name="parent").start()


def _wait_for_end(act: Callable[[], None]) -> None:
    # Not through sys.stdin, whose lock would keep the interpreter from ending.
    while os.read(0, 1024):
        pass
    act()

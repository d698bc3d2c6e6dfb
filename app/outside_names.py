"""Turns names from outside into paths: the only way in which a name in an archive, a listing or a manifest becomes one.

What such a name may not be is the same everywhere, so it is written once.
"""

import re
from pathlib import Path

from app.errors import Rejected
from app.languages import stated

MAX_NAME_CHARACTERS = 1000
MAX_PART_BYTES = 255
_DRIVE = re.compile(r"[A-Za-z]:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def path_inside(folder: Path, name: str) -> Path:
    """The path of a file or folder below ``folder`` that an outside name like ``1_Pooling/config.json`` means.

    Raises:
        Rejected: ``unsafe_path``; the name is absolute, points out of the folder, also by a link that lies there, or is none
            that every system can write.
    """
    if complaint := fault(name):
        raise _unsafe(name, complaint)
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise _unsafe(name, stated("it leads out of its folder by a link"))
    return path


def fault(name: str) -> str:
    """What is wrong with a name from outside; empty if it may become a path. A slash at the end, as folders have, is no fault."""
    parts = name.removesuffix("/").split("/")
    if not name or len(name) > MAX_NAME_CHARACTERS:
        return stated("it has {count} characters; 1 to {limit} are allowed", count=len(name), limit=MAX_NAME_CHARACTERS)
    if name.startswith("/") or _DRIVE.match(name):
        return stated("it is an absolute path, so it points out of its folder")
    if "\\" in name or _CONTROL.search(name):
        return stated(
            "it holds a backslash or a control character, by which it points out of its folder on some systems"
        )
    if ".." in parts or "." in parts or "" in parts:
        return stated("it points out of its folder or has an empty part")
    try:
        too_long = any(len(part.encode()) > MAX_PART_BYTES for part in parts)
    except UnicodeEncodeError:
        return stated("it holds half of a character")
    return stated("it has a part of more than {limit} bytes", limit=MAX_PART_BYTES) if too_long else ""


def _unsafe(name: str, complaint: str) -> Rejected:
    return Rejected(
        "unsafe_path",
        stated("The file name {name} cannot be used: {reason}.", name=repr(name[:80]), reason=complaint),
        stated("Names of files are relative, with / between folders; nothing was written."),
    )

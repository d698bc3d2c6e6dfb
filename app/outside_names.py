"""Turns names from outside into paths: the only way in which a name in an archive, a listing or a manifest becomes one.

What such a name may not be is the same everywhere, so it is written once.
"""

import re
from pathlib import Path

from app.errors import Rejected

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
        raise _unsafe(name, "leads out of its folder by a link")
    return path


def fault(name: str) -> str:
    """What is wrong with a name from outside; empty if it may become a path. A slash at the end, as folders have, is no fault."""
    parts = name.removesuffix("/").split("/")
    if not name or len(name) > MAX_NAME_CHARACTERS:
        return f"has {len(name):,} characters; 1 to {MAX_NAME_CHARACTERS:,} are allowed"
    if name.startswith("/") or _DRIVE.match(name):
        return "is an absolute path, so it points out of its folder"
    if "\\" in name or _CONTROL.search(name):
        return "holds a backslash or a control character, by which it points out of its folder on some systems"
    if ".." in parts or "." in parts or "" in parts:
        return "points out of its folder or has an empty part"
    try:
        too_long = any(len(part.encode()) > MAX_PART_BYTES for part in parts)
    except UnicodeEncodeError:
        return "holds half of a character"
    return f"has a part of more than {MAX_PART_BYTES} bytes" if too_long else ""


def _unsafe(name: str, complaint: str) -> Rejected:
    return Rejected(
        "unsafe_path",
        f"The file name {name[:80]!r} {complaint}.",
        "Names of files are relative, with / between folders; nothing was written.",
    )

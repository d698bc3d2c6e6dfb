"""A folder's table of contents with hashes, written last: a folder with a valid manifest is complete."""

import hashlib
import json
from pathlib import Path

from app.errors import Rejected
from app.files import flush
from app.outside_names import path_inside

NAME = "manifest.json"


def write(folder: Path) -> str:
    """Flush every file, then write the manifest and flush the folder. Returns the manifest's SHA-256."""
    files = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.name != NAME):
        flush(path)
        files[path.relative_to(folder).as_posix()] = {"bytes": path.stat().st_size, "sha256": sha256_of(path)}
    target = folder / NAME
    target.write_text(json.dumps({"files": files}, indent=1), encoding="utf-8")
    flush(target)
    flush(folder)
    return sha256_of(target)


def holds(folder: Path, sha256: str | None = None) -> bool:
    """Whether the folder is complete and undamaged: every file of the manifest is there with its size and hash.

    Args:
        sha256: of the manifest, where it was recorded; a folder with another manifest is not the one that was meant.
    """
    try:
        if sha256 is not None and sha256_of(folder / NAME) != sha256:
            return False
        files = json.loads((folder / NAME).read_text(encoding="utf-8"))["files"]
        return all(
            path_inside(folder, name).stat().st_size == facts["bytes"] and sha256_of(folder / name) == facts["sha256"]
            for name, facts in files.items()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, Rejected):
        return False


def sha256_of(path: Path) -> str:
    """Hex SHA-256 of a file, read in pieces of one mebibyte."""
    digest = hashlib.sha256()
    with path.open("rb") as source:
        while piece := source.read(1024 * 1024):
            digest.update(piece)
    return digest.hexdigest()

"""Opens untrusted ZIP files: looks at the table of contents and refuses whatever no honest archive has.

Nothing is ever written under a name from the archive.
"""

import re
import stat
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from app.errors import Rejected
from app.outside_names import fault
from app.readers.unpacking import corrupt, over_limit

MAX_MEMBERS = 100_000
# The table of contents of that many files with long names.
MAX_CONTENTS_BYTES = 24 * 1024 * 1024
END_BYTES = 64 * 1024 + 22
_END = b"PK\x05\x06"
# What desktop programs leave in archives.
_LITTER = re.compile(r"(^|/)(__MACOSX/|\.|Thumbs\.db$|desktop\.ini$)", re.IGNORECASE)
_PACKED_HOW = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def open_archive(path: Path) -> zipfile.ZipFile:
    """Open a ZIP file after a look at how long its table of contents is.

    Raises:
        Rejected: ``archive_corrupt`` or ``archive_limit``.
    """
    _check_contents_size(path)
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, OverflowError) as error:
        raise corrupt(f"cannot be opened: {str(error)[:200]}") from None


def open_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> IO[bytes]:
    """Open one file of an archive.

    Raises:
        Rejected: ``archive_corrupt``.
    """
    try:
        return archive.open(member)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError) as error:
        raise corrupt(f"cannot be unpacked: {str(error)[:200]}") from None


def safe_members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The files in an archive, in its own order, without folders and the litter of desktop programs.

    Raises:
        Rejected: ``unsafe_path``, ``unsafe_member``, ``archive_corrupt`` or ``archive_limit``.
    """
    listed = archive.infolist()
    if len(listed) > MAX_MEMBERS:
        raise over_limit(f"holds {len(listed):,} files; at most {MAX_MEMBERS:,} are read")
    names: set[str] = set()
    for info in listed:
        _check(info)
        if info.filename in names:
            raise corrupt(f"holds two files called {info.filename[:80]!r}")
        names.add(info.filename)
    return [member for member in listed if not member.is_dir() and not _LITTER.search(member.filename)]


def shown(names: Sequence[str]) -> str:
    """A few names for a message; characters that cannot be seen, or turn the text around, are replaced."""
    more = f" and {len(names) - 5:,} more" if len(names) > 5 else ""
    visible = ("".join(c if c.isprintable() else "?" for c in name[:80]) for name in names[:5])
    return ", ".join(visible) + more


def _check_contents_size(path: Path) -> None:
    size = path.stat().st_size
    with path.open("rb") as source:
        source.seek(max(0, size - END_BYTES))
        tail = source.read()
    at = tail.rfind(_END)
    if at < 0:
        raise corrupt("ends before its table of contents")
    if int.from_bytes(tail[at + 12 : at + 16], "little") == 0xFFFFFFFF:
        record = tail.rfind(b"PK\x06\x06", 0, at)
        contents = int.from_bytes(tail[record + 40 : record + 48], "little") if record >= 0 else size
    else:
        contents = int.from_bytes(tail[at + 12 : at + 16], "little")
    if contents > MAX_CONTENTS_BYTES:
        raise over_limit(f"has a table of contents of {contents:,} bytes")


def _check(member: zipfile.ZipInfo) -> None:
    # The module cuts a name at a zero byte and turns separators of its own system; the original tells.
    name = member.orig_filename
    if complaint := fault(name):
        raise _unsafe("unsafe_path", f"a file called {name[:80]!r}, which {complaint}")
    mode = member.external_attr >> 16
    kind = stat.S_IFMT(mode)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise _unsafe("unsafe_member", f"{name[:80]!r}, which is a link or a device instead of a file")
    if mode & (stat.S_ISUID | stat.S_ISGID):
        raise _unsafe("unsafe_member", f"{name[:80]!r}, which would run with another's rights")
    if member.flag_bits & 0x1:
        raise corrupt(f"is encrypted: {name[:80]!r} needs a password")
    if member.compress_type not in _PACKED_HOW:
        raise corrupt(f"is packed in a way that is not read: {name[:80]!r}")


def _unsafe(code: str, what: str) -> Rejected:
    return Rejected(code, f"The archive holds {what}.", "Pack only plain files, and send that.")

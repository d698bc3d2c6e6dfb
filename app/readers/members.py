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
from app.languages import stated, stated_list
from app.outside_names import fault
from app.readers.unpacking import cannot_unpack, corrupt, over_limit

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
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, OverflowError):
        raise corrupt(stated("The archive cannot be opened: it is damaged or was cut off.")) from None


def open_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> IO[bytes]:
    """Open one file of an archive.

    Raises:
        Rejected: ``archive_corrupt``.
    """
    try:
        return archive.open(member)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError) as error:
        raise cannot_unpack(error) from None


def safe_members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The files in an archive, in its own order, without folders and the litter of desktop programs.

    Raises:
        Rejected: ``unsafe_path``, ``unsafe_member``, ``archive_corrupt`` or ``archive_limit``.
    """
    listed = archive.infolist()
    if len(listed) > MAX_MEMBERS:
        raise over_limit(
            stated("The archive holds {count} files; at most {limit} are read.", count=len(listed), limit=MAX_MEMBERS)
        )
    names: set[str] = set()
    for info in listed:
        _check(info)
        if info.filename in names:
            raise corrupt(stated("The archive holds two files called {name}.", name=repr(info.filename[:80])))
        names.add(info.filename)
    return [member for member in listed if not member.is_dir() and not _LITTER.search(member.filename)]


def shown(names: Sequence[str]) -> str:
    """A few names for a message; characters that cannot be seen, or turn the text around, are replaced."""
    return shown_few(["".join(c if c.isprintable() else "?" for c in name[:80]) for name in names])


def shown_few(texts: Sequence[str]) -> str:
    """The first five of some texts, and how many more there are."""
    listed = stated_list(texts[:5])
    return stated("{listed} and {count} more", listed=listed, count=len(texts) - 5) if len(texts) > 5 else listed


def _check_contents_size(path: Path) -> None:
    size = path.stat().st_size
    with path.open("rb") as source:
        source.seek(max(0, size - END_BYTES))
        tail = source.read()
    at = tail.rfind(_END)
    if at < 0:
        raise corrupt(stated("The archive ends before its table of contents."))
    if int.from_bytes(tail[at + 12 : at + 16], "little") == 0xFFFFFFFF:
        record = tail.rfind(b"PK\x06\x06", 0, at)
        contents = int.from_bytes(tail[record + 40 : record + 48], "little") if record >= 0 else size
    else:
        contents = int.from_bytes(tail[at + 12 : at + 16], "little")
    if contents > MAX_CONTENTS_BYTES:
        raise over_limit(stated("The archive has a table of contents of {bytes} bytes.", bytes=contents))


def _check(member: zipfile.ZipInfo) -> None:
    # The module cuts a name at a zero byte and turns separators of its own system; the original tells.
    name = member.orig_filename
    if complaint := fault(name):
        raise _unsafe(
            "unsafe_path",
            stated("The archive holds a file called {name}: {reason}.", name=repr(name[:80]), reason=complaint),
        )
    mode = member.external_attr >> 16
    kind = stat.S_IFMT(mode)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise _unsafe(
            "unsafe_member",
            stated("The archive holds {name}, which is a link or a device instead of a file.", name=repr(name[:80])),
        )
    if mode & (stat.S_ISUID | stat.S_ISGID):
        raise _unsafe(
            "unsafe_member",
            stated("The archive holds {name}, which would run with another's rights.", name=repr(name[:80])),
        )
    if member.flag_bits & 0x1:
        raise corrupt(stated("The archive is encrypted: {name} needs a password.", name=repr(name[:80])))
    if member.compress_type not in _PACKED_HOW:
        raise corrupt(stated("The archive is packed in a way that is not read: {name}.", name=repr(name[:80])))


def _unsafe(code: str, message: str) -> Rejected:
    return Rejected(code, message, stated("Pack only plain files, and send that."))

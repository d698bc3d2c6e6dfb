"""Opens a file as the first of the given formats that its content fits."""

from types import ModuleType

from app.errors import Rejected
from app.readers import conll, json, jsonl
from app.readers.source import FileHead, Source
from app.readers.table import Flaw, Table, empty_file


def open_source(source: Source) -> Table:
    """Open a file whose surroundings are known.

    Raises:
        Rejected: the file is empty, of no format in ``source.formats``, or damaged; also while records are read.
    """
    if source.path.stat().st_size == 0:
        raise empty_file()
    sample = FileHead(source)
    for candidate in source.formats:
        if source.choices.delimiter and candidate in (json, jsonl, conll):
            continue
        if candidate.fits(sample):
            table: Table = candidate.read(source)
            _note_other_name(table, candidate, source)
            return table
    raise _unknown(source)


def _note_other_name(table: Table, found: ModuleType, source: Source) -> None:
    extension = source.extension
    if not extension or extension in found.EXTENSIONS or any(f.code == "read_as_lines" for f in table.flaws.all()):
        return
    table.flaws.add(
        Flaw(
            "read_as",
            "warning",
            f"The name of the file ends in .{extension}, but what it holds looks like {found.NAME}; it was read as that.",
            f"Let its name end in .{found.EXTENSIONS[0]} if that is right.",
        )
    )


def _unknown(source: Source) -> Rejected:
    ending = f"ends in .{source.extension}" if source.extension else "has no ending"
    endings = [extension for candidate in source.formats for extension in candidate.EXTENSIONS]
    return Rejected(
        "unknown_format",
        f"The file {source.name[:80]!r} {ending}, and its content is no format that the studio reads.",
        f"Save it as one of: {', '.join('.' + extension for extension in endings)}.",
        status=415,
    )

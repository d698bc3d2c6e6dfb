"""Opens a file as the first of the given formats that its content fits."""

from functools import partial
from types import ModuleType

from app.errors import Rejected
from app.languages import stated
from app.readers import conll, json, jsonl
from app.readers.source import FileHead, Source
from app.readers.table import Flaw, Table, empty_file
from app.readers.turn_rows import join_turns
from app.readers.unfolding import unfold

# Archives, whose content is opened here as well, and CoNLL, of which every cell is a list.
LEFT_FOLDED = {"gz", "zip", "conll"}


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
            if not LEFT_FOLDED & set(candidate.EXTENSIONS):
                table = unfold(table, partial(candidate.read, source), source.choices)
                table = join_turns(table, partial(_unfolded, candidate, source), source.choices)
            _note_other_name(table, candidate, source)
            return table
    raise _unknown(source)


def _unfolded(candidate: ModuleType, source: Source) -> Table:
    return unfold(candidate.read(source), partial(candidate.read, source), source.choices)


def _note_other_name(table: Table, found: ModuleType, source: Source) -> None:
    extension = source.extension
    also: tuple[str, ...] = getattr(found, "ALSO_IN", ())
    if (
        not extension
        or extension in (*found.EXTENSIONS, *also)
        or any(f.code == "read_as_lines" for f in table.flaws.all())
    ):
        return
    table.flaws.add(
        Flaw(
            "read_as",
            "warning",
            stated(
                "The name of the file ends in .{extension}, but what it holds looks like {name}; it was read as that.",
                extension=extension,
                name=found.NAME,
            ),
            stated("Let its name end in .{extension} if that is right.", extension=found.EXTENSIONS[0]),
        )
    )


def _unknown(source: Source) -> Rejected:
    name = repr(source.name[:80])
    return Rejected(
        "unknown_format",
        stated(
            "The file {name} ends in .{extension}, and its content is no format that the studio reads.",
            name=name,
            extension=source.extension,
        )
        if source.extension
        else stated("The file {name} has no ending, and its content is no format that the studio reads.", name=name),
        stated("Save it as one of: {endings}.", endings=", ".join(f".{ending}" for ending in source.endings)),
        status=415,
    )

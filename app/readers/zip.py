"""Reads a ZIP file with one table, several tables of the same kind, or texts in folders named by their labels."""

import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from app.errors import Rejected
from app.languages import stated, stated_list
from app.readers import archive_parts, brat, class_folders
from app.readers.members import open_archive, open_member, safe_members, shown, shown_few
from app.readers.opening import open_source
from app.readers.repairs import is_wanted, note_repair
from app.readers.signatures import type_mismatch
from app.readers.source import FileHead, Source
from app.readers.table import Flaw, Record, Table, check_columns
from app.readers.unpacking import Allowance, read_and_remove, refuse_nested, unpack

EXTENSIONS = ("zip",)
NAME = stated("a ZIP archive")
MARKS = (b"PK\x03\x04", b"PK\x05\x06")
FILE_COLUMN = "file"
MAX_TABLES = 1000
_DOCUMENTS = (("word/", "a Word document"), ("ppt/", "a presentation"), ("META-INF/", "a program or a document"))


def fits(sample: FileHead) -> bool:
    """Whether it begins as ZIP does."""
    return sample.head.startswith(MARKS)


def read(source: Source) -> Table:
    """Open what is inside: one file as itself, several as one table with a column ``file``.

    Raises:
        Rejected: ``type_mismatch`` if the name says that nothing is packed, ``unsafe_path``, ``unsafe_member``,
            ``archive_corrupt``, ``archive_limit``, and what the inner formats raise.
    """
    taken = set(source.endings).difference(EXTENSIONS)
    if source.extension in taken:
        raise type_mismatch(NAME, source.extension, source.endings)
    refuse_nested(source, NAME)
    with closing(open_archive(source.path)) as archive:
        members = safe_members(archive)
        _refuse_documents(members, source)
    tables = archive_parts.without_descriptions(
        [member for member in members if _extension(member) in taken - {"txt", "text", "md"}]
    )
    chosen = tables or members
    if not chosen:
        raise Rejected("no_rows", stated("The archive holds no files."), stated("Pack the file with your examples."))
    parts, unpacking = archive_parts.split(chosen), _Unpacking(source)
    if parts is None:
        table = _read_members(unpacking, chosen, are_tables=bool(tables))
    else:
        wanted = is_wanted(source.choices.repairs, "test_part")
        main, test = (parts.main, parts.test) if wanted else (chosen, [])
        table = _read_members(unpacking, main, are_tables=bool(tables))
        if wanted:
            table.evaluation = _read_members(unpacking, test, are_tables=bool(tables))
            table.flaws.add(parts.split_flaw())
        note_repair(table.found, "test_part", wanted)
    _tell_unread(table, archive_parts.without_descriptions(members), chosen)
    return table


class _Unpacking:
    """An archive that is unpacked up to twice, each time within one allowance for all of its parts."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.for_look, self.for_records = Allowance(source), Allowance(source)


def _read_members(unpacking: _Unpacking, chosen: Sequence[zipfile.ZipInfo], *, are_tables: bool) -> Table:
    if not are_tables and brat.fits(chosen):
        return brat.read(unpacking.source, chosen, unpacking.for_records)
    if not are_tables and class_folders.fits(chosen):
        return class_folders.read(unpacking.source, chosen, unpacking.for_records)
    return _one(unpacking, chosen[0]) if len(chosen) == 1 else _several(unpacking, chosen)


def _one(unpacking: _Unpacking, member: zipfile.ZipInfo) -> Table:
    path, table = _open_member(unpacking.source, member, unpacking.for_records)
    table.records = read_and_remove(table.records, path)
    return table


@dataclass
class _ArchivePart:
    member: zipfile.ZipInfo
    format: str
    encoding: str
    columns: list[str]


def _several(unpacking: _Unpacking, members: Sequence[zipfile.ZipInfo]) -> Table:
    """All files one after another; a first look at each tells the columns."""
    if len(members) > MAX_TABLES:
        raise Rejected(
            "archive_limit",
            stated("The archive holds {count} tables.", count=len(members)),
            stated("Pack at most {limit} in one file.", limit=MAX_TABLES),
        )
    parts = []
    for member in members:
        path, table = _open_member(unpacking.source, member, unpacking.for_look)
        path.unlink()
        parts.append(_ArchivePart(member, table.format, table.encoding, table.columns))
    names = list(dict.fromkeys(name for part in parts for name in part.columns))
    if FILE_COLUMN not in names:
        names.append(FILE_COLUMN)
    joined = Table(parts[0].format, parts[0].encoding, check_columns(names), iter(()))
    joined.records = _join(unpacking, parts, joined)
    return joined


def _join(unpacking: _Unpacking, parts: Sequence[_ArchivePart], joined: Table) -> Iterator[Record]:
    before = 0
    starts = []
    for part in parts:
        path, table = _open_member(unpacking.source, part.member, unpacking.for_records)
        last = 0
        arrange = _arrangement(joined.columns, table.columns, part.member.filename)
        for line, cells in read_and_remove(table.records, path):
            last = max(last, line)
            yield before + line, arrange(cells)
        for flaw in table.flaws.all():
            last = max([last, *flaw.rows])
            member_flaw = replace(flaw, message=_inside(part.member, flaw.message), rows=[])
            joined.flaws.add(member_flaw)
            for line in flaw.rows:
                joined.flaws.add(member_flaw, before + line)
        starts.append(stated("{file} from row {row}", file=shown([part.member.filename]), row=before + 1))
        before += last
    joined.flaws.add(_several_files(starts, len({tuple(part.columns) for part in parts}) > 1))


def _arrangement(
    names: Sequence[str], own: Sequence[str], file_name: str
) -> Callable[[list[str | None]], list[str | None]]:
    indices = [own.index(name) if name in own else None for name in names]
    named = None if FILE_COLUMN in own else names.index(FILE_COLUMN)

    def arrange(cells: list[str | None]) -> list[str | None]:
        row = [None if index is None else cells[index] for index in indices]
        if named is not None:
            row[named] = file_name
        return row

    return arrange


def _open_member(source: Source, member: zipfile.ZipInfo, allowance: Allowance) -> tuple[Path, Table]:
    with closing(open_archive(source.path)) as archive, open_member(archive, member) as opened:
        path = unpack(opened, source.folder, allowance)
    try:
        return path, open_source(replace(source, path=path, name=member.filename, packed_in=NAME))
    except Rejected as error:
        path.unlink(missing_ok=True)
        error.message = _inside(member, error.message)
        raise
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _inside(member: zipfile.ZipInfo, message: str) -> str:
    return stated("In {file}: {problem}", file=shown([member.filename]), problem=message)


def _extension(member: zipfile.ZipInfo) -> str:
    base = member.filename.rpartition("/")[2]
    return base.rpartition(".")[2].lower() if "." in base else ""


def _refuse_documents(members: Sequence[zipfile.ZipInfo], source: Source) -> None:
    for start, kind in _DOCUMENTS:
        if any(info.filename.startswith(start) for info in members):
            raise type_mismatch(kind, source.extension, source.endings)
    if any(member.filename == "content.xml" for member in members):
        raise type_mismatch(stated("an OpenDocument file"), source.extension, source.endings)


def _tell_unread(table: Table, members: Sequence[zipfile.ZipInfo], chosen: Sequence[zipfile.ZipInfo]) -> None:
    unread = [member.filename for member in members if member not in chosen]
    if unread:
        message = stated("These files of the archive are no tables and were not read: {names}.", names=shown(unread))
        table.flaws.add(Flaw("unread_files", "warning", message, stated("Remove them, or send them on their own.")))


def _several_files(starts: Sequence[str], differ: bool) -> Flaw:
    sentences = [
        stated(
            "{count} files were read as one table; rows are numbered through: {starts}.",
            count=len(starts),
            starts=shown_few(starts),
        )
    ]
    if differ:
        sentences.append(stated("They do not all have the same columns; missing values are read as empty."))
    return Flaw(
        "several_files",
        "warning",
        stated_list(sentences, " "),
        stated("Send one file if they do not belong together; a test set can be sent as your own evaluation file."),
    )

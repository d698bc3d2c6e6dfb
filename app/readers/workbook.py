"""The parts of an XLSX workbook around its sheets: their names, shared texts, and which number formats are dates.

XLSX is a ZIP file of XML. Everything is read as a stream by expat with document types refused, so that nothing outside
is ever fetched and nothing unfolds; macros and links to other files are refused.
"""

import re
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.parsers import expat

from app.errors import Rejected
from app.languages import stated
from app.readers.members import open_archive
from app.readers.table import MAX_CELL
from app.readers.unpacking import PIECE

MAX_RATIO = 200
FREE_BYTES = 64 * 1024 * 1024
MAX_MEMBERS = 10_000
MAX_SHARED_BYTES = 96 * 1024 * 1024
MAX_SHEETS = 1000
MAX_STYLES = 100_000
# How zipfile says that a member cannot be unpacked, whatever is wrong with it.
BROKEN_PART = (
    zipfile.BadZipFile,
    EOFError,
    OSError,
    ValueError,
    NotImplementedError,
    KeyError,
    RuntimeError,
    zlib.error,
)
# The built-in number formats that show dates and times.
_DATE_FORMATS = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
_NOT_DATE = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")

Attributes = dict[str, str]


@dataclass
class Sheet:
    """One sheet: its name, its part of the archive, whether it is shown."""

    name: str
    part: str
    hidden: bool


@dataclass
class Workbook:
    """What the cells of all sheets refer to.

    Attributes:
        shared: texts by number.
        dates: whether a cell style shows a date, by number.
        since_1904: whether days are counted from 1904 instead of 1900.
    """

    path: Path
    sheets: list[Sheet] = field(default_factory=list)
    shared: list[str] = field(default_factory=list)
    dates: list[bool] = field(default_factory=list)
    since_1904: bool = False


class XmlFault(Exception):
    """Raised by a handler to stop the parser with a refusal."""

    def __init__(self, refusal: Rejected) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


def open_workbook(path: Path) -> Workbook:
    """Read everything but the sheets.

    Raises:
        Rejected: ``xlsx_corrupt``, ``xlsx_macros``, ``xlsx_links``, ``xlsx_entities`` or ``xlsx_too_large``.
    """
    try:
        with closing(open_archive(path)) as archive:
            names = _check_members(archive, path)
            book = Workbook(path)
            main = _main_part(archive, names)
            if main.endswith(".bin"):
                raise refused(
                    "xlsx_corrupt", stated("The workbook is in the binary form .xlsb."), stated("Save it as .xlsx.")
                )
            targets = _relations(archive, names, main)
            _read_sheets(archive, main, targets, book)
            for part in names:
                lower = part.lower()
                if lower.endswith("/sharedstrings.xml"):
                    book.shared = _shared_texts(archive, part)
                elif lower.endswith("/styles.xml"):
                    book.dates = _date_styles(archive, part)
    except Rejected as error:
        if error.code.startswith("archive"):
            raise refused(
                "xlsx_corrupt", stated("The workbook cannot be opened: it is damaged or was cut off.")
            ) from None
        raise
    if not book.sheets:
        raise refused("xlsx_corrupt", stated("The workbook has no sheets."))
    return book


def parse_part(
    archive: zipfile.ZipFile,
    part: str,
    start: Callable[[str, Attributes], None],
    end: Callable[[str], None],
    text: Callable[[str], None] | None = None,
) -> Iterator[None]:
    """Feed one XML part to handlers, which get names without namespaces; pauses after each piece.

    Raises:
        Rejected: ``xlsx_corrupt``, ``xlsx_entities`` or what a handler raises as ``XmlFault``.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = lambda name, given: start(
        name.rpartition(" ")[2], {key.rpartition(" ")[2]: value for key, value in given.items()}
    )
    parser.EndElementHandler = lambda name: end(name.rpartition(" ")[2])
    if text is not None:
        parser.CharacterDataHandler = text
    try:
        with archive.open(part) as opened:
            while piece := opened.read(PIECE // 4):
                parser.Parse(piece, False)
                yield
            parser.Parse(b"", True)
            yield
    except XmlFault as fault:
        raise fault.refusal from None
    except expat.ExpatError as error:
        if error.code == expat.errors.codes[expat.errors.XML_ERROR_NO_MEMORY]:
            raise MemoryError from None
        raise _damaged(part) from None
    except BROKEN_PART:
        raise _damaged(part) from None


def holds_bytes(archive: zipfile.ZipFile, part: str, wanted: bytes) -> bool:
    """Whether a part holds these bytes.

    Raises:
        Rejected: ``xlsx_corrupt``.
    """
    end = b""
    try:
        with archive.open(part) as opened:
            while piece := opened.read(PIECE):
                if wanted in end + piece:
                    return True
                end = piece[-len(wanted) :]
    except BROKEN_PART:
        raise _damaged(part) from None
    return False


def unescape(text: str) -> str:
    """Characters that XML cannot hold are written as ``_x000D_``; halves of pairs are put together."""
    if "_x" not in text:
        return text
    return (
        _ESCAPED.sub(lambda found: chr(int(found.group(1), 16)), text)
        .encode("utf-16", "surrogatepass")
        .decode("utf-16", "surrogatepass")
    )


def refused(code: str, message: str, hint: str = "") -> Rejected:
    """The refusal of a workbook."""
    usual = stated("Open it in a spreadsheet program and save it again, or save the sheet as CSV UTF-8.")
    return Rejected(code, message, hint or usual)


def encrypted() -> Rejected:
    """The refusal of a workbook with a password."""
    return refused(
        "xlsx_encrypted",
        stated("The workbook is protected with a password."),
        stated("Remove the password and save it again."),
    )


def _damaged(part: str) -> Rejected:
    return refused("xlsx_corrupt", stated("The workbook is damaged in {part}.", part=part))


def _refuse_doctype(*_: Any) -> None:
    raise XmlFault(
        refused("xlsx_entities", stated("The workbook declares a document type, which no spreadsheet program writes."))
    )


def _check_members(archive: zipfile.ZipFile, path: Path) -> list[str]:
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise refused("xlsx_too_large", stated("The workbook has {count} parts.", count=len(members)))
    if any(member.flag_bits & 0x1 for member in members):
        raise encrypted()
    max_bytes = FREE_BYTES + MAX_RATIO * path.stat().st_size
    if sum(info.file_size for info in members) > max_bytes:
        raise refused(
            "xlsx_too_large",
            stated("The workbook unpacks to more than {limit} bytes.", limit=max_bytes),
            stated("Save the sheet as CSV UTF-8."),
        )
    names = [member.filename for member in members]
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise refused(
            "xlsx_macros",
            stated("The workbook holds macros."),
            stated("Save it as .xlsx without macros, or the sheet as CSV UTF-8."),
        )
    if any("externallinks/" in name.lower() for name in names):
        raise refused(
            "xlsx_links",
            stated("The workbook links to other files."),
            stated("Break the links in the spreadsheet program, or save the sheet as CSV."),
        )
    return names


def _main_part(archive: zipfile.ZipFile, names: list[str]) -> str:
    """The part with the list of sheets; ``_rels/.rels`` says which one it is."""
    for kind, target in _relation_list(archive, names, "_rels/.rels", ""):
        if kind.endswith("/officeDocument"):
            return target
    if "xl/workbook.xml" in names:
        return "xl/workbook.xml"
    raise refused("xlsx_corrupt", stated("The workbook has no list of sheets."))


def _relations(archive: zipfile.ZipFile, names: list[str], main: str) -> dict[str, str]:
    folder, _, base = main.rpartition("/")
    found: dict[str, str] = {}
    _relation_list(archive, names, f"{folder}/_rels/{base}.rels".lstrip("/"), folder, found)
    return found


def _relation_list(
    archive: zipfile.ZipFile, names: list[str], part: str, folder: str, by_id: dict[str, str] | None = None
) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []

    def start(name: str, given: Attributes) -> None:
        if name == "Relationship" and given.get("TargetMode") != "External" and len(found) <= MAX_SHEETS:
            target = _resolve(folder, given.get("Target", ""))
            found.append((given.get("Type", ""), target))
            if by_id is not None:
                by_id[given.get("Id", "")] = target

    if part in names:
        for _ in parse_part(archive, part, start, lambda _: None):
            pass
    return found


def _resolve(folder: str, target: str) -> str:
    if target.startswith("/"):
        return target[1:]
    steps: list[str] = [step for step in folder.split("/") if step]
    for step in target.split("/"):
        if step == "..":
            steps = steps[:-1]
        elif step not in ("", "."):
            steps.append(step)
    return "/".join(steps)


def _read_sheets(archive: zipfile.ZipFile, main: str, targets: dict[str, str], book: Workbook) -> None:
    def start(name: str, given: Attributes) -> None:
        if name == "workbookPr":
            book.since_1904 = given.get("date1904", "0") in ("1", "true")
        elif name == "sheet" and len(book.sheets) < MAX_SHEETS:
            part = targets.get(given.get("id", ""), "")
            hidden = given.get("state", "visible") != "visible"
            # A chart on a sheet of its own has no cells.
            if "worksheets/" in part or "chartsheets" not in part:
                book.sheets.append(Sheet(given.get("name", f"Sheet{len(book.sheets) + 1}"), part, hidden))

    for _ in parse_part(archive, main, start, lambda _: None):
        pass


def _shared_texts(archive: zipfile.ZipFile, part: str) -> list[str]:  # noqa: C901 - three callbacks of one parser
    shared: list[str] = []
    pieces: list[str] = []
    state = {"text": False, "phonetic": False, "bytes": 0, "length": 0}

    def start(name: str, _: Attributes) -> None:
        if name == "si":
            pieces.clear()
            state["length"] = 0
        state["text"] = name == "t" and not state["phonetic"]
        state["phonetic"] = state["phonetic"] or name == "rPh"

    def end(name: str) -> None:
        state["text"] = False
        if name == "rPh":
            state["phonetic"] = False
        elif name == "si":
            text = unescape("".join(pieces))
            shared.append(text)
            state["bytes"] += sys.getsizeof(text) + 8
            if state["bytes"] > MAX_SHARED_BYTES:
                raise XmlFault(_too_much_text())

    def characters(data: str) -> None:
        if state["text"]:
            pieces.append(data)
            state["length"] += len(data)
            if state["length"] > 7 * MAX_CELL:
                raise XmlFault(_too_much_text())

    for _ in parse_part(archive, part, start, end, characters):
        pass
    return shared


def _date_styles(archive: zipfile.ZipFile, part: str) -> list[bool]:
    own: dict[int, bool] = {}
    dates: list[bool] = []
    inside = {"cellXfs": False}

    def start(name: str, given: Attributes) -> None:
        if name == "numFmt" and len(own) < MAX_STYLES:
            shown = _NOT_DATE.sub("", given.get("formatCode", "")[:1000]).lower().split(";")[0]
            own[_number(given.get("numFmtId"))] = any(letter in shown for letter in "ymdhs") and "general" not in shown
        elif name == "cellXfs":
            inside["cellXfs"] = True
        elif name == "xf" and inside["cellXfs"] and len(dates) < MAX_STYLES:
            number = _number(given.get("numFmtId"))
            dates.append(own.get(number, number in _DATE_FORMATS))

    def end(name: str) -> None:
        if name == "cellXfs":
            inside["cellXfs"] = False

    for _ in parse_part(archive, part, start, end):
        pass
    return dates


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0


def _too_much_text() -> Rejected:
    return refused(
        "xlsx_too_large",
        stated("The workbook holds more than {limit} MiB of text.", limit=MAX_SHARED_BYTES // 1024**2),
        stated("Save the sheet as CSV UTF-8."),
    )

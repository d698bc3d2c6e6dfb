"""Finds the character that separates the fields of a delimited text, from a sample of its lines."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

DELIMITERS = (",", ";", "\t", "|", "^", "~", "\x1f")
SAMPLED_RECORDS = 50
# The last line of a sample this long is probably cut.
LONG_SAMPLE = 8 * 1024
_ENCLOSED = re.compile(r'"(?:[^"]|"")*"')
# A first line of names is short words; a sentence with a comma in it is not.
MAX_NAME_LENGTH, MAX_WORDS = 40, 4
# Fewer lines make no table without names.
FEWEST_LINES, MAX_FIELDS = 6, 20


def find_delimiter(lines: Sequence[str], usual: str = ",") -> str:
    """The delimiter under which the most sampled records have as many fields as the first, more than one.

    Args:
        lines: the first lines with their ends.
        usual: taken when several fit equally, or none does.
    """
    order = [usual, *(candidate for candidate in DELIMITERS if candidate != usual)]
    return max(order, key=lambda delimiter: (_agreement(lines, delimiter), -order.index(delimiter)))


def is_delimited(text: str) -> bool:
    """Whether a text is surely a table: several short, different names, and every record as long as the first."""
    if text.lstrip().startswith(("{", "[")):
        return False
    # Not str.splitlines, which would also break at characters such as U+2028 that belong to the text.
    lines = list(io.StringIO(text, newline=None))
    if len(text) > LONG_SAMPLE and len(lines) > 1:
        lines.pop()
    lines = lines[: 4 * SAMPLED_RECORDS]
    if any(_runs_throughout(lines, mark) for mark in ("\t", "|", ";", ",")):
        return True
    delimiter = find_delimiter(lines)
    records = _records(lines, delimiter)
    if len(records) < 2 or _agreement(lines, delimiter) < 1.0:
        return False
    # In prose, a space follows the comma; and numbers are no names.
    if any(name.startswith(" ") or name[:1].isdigit() for name in records[0]):
        return False
    names = [name.strip() for name in records[0]]
    return len(set(names)) == len(names) and all(_is_name(name) for name in names)


def quotes_are_text(lines: Iterable[str], delimiter: str) -> bool:
    """Whether quotes belong to the texts instead of enclosing them, as in tables written without any quoting.

    That is so if every line has as many fields as the first when quotes are left alone, and some field begins with a
    quote that does not close at its end.
    """
    width, stray = -1, False
    for line in lines:
        text = line.rstrip("\r\n")
        if not text:
            continue
        count = text.count(delimiter)
        width = count if width < 0 else width
        if count != width:
            return False
        if not stray and '"' in text:
            stray = any(field.startswith('"') and not _ENCLOSED.fullmatch(field) for field in text.split(delimiter))
    return stray


def _runs_throughout(lines: Sequence[str], mark: str) -> bool:
    """Whether every line has the same few marks, which running text has not, and the last or first field recurs."""
    fields = [line.rstrip("\r\n").split(mark) for line in lines if line.strip()]
    if len(fields) < FEWEST_LINES or len({len(field) for field in fields}) > 1 or not 2 <= len(fields[0]) <= MAX_FIELDS:
        return False
    recurring = [at for at in (0, -1) if 2 * len({field[at] for field in fields}) <= len(fields)]
    if mark == "\t":
        return bool(recurring)
    # In prose, a space follows the mark, and what recurs is no single word.
    return any(
        all(_is_name(field[at]) and field[at] == field[at].strip() for field in fields)
        and len({field[at] for field in fields}) > 1
        for at in recurring
    )


def _is_name(text: str) -> bool:
    return 0 < len(text) <= MAX_NAME_LENGTH and len(text.split()) <= MAX_WORDS and text[-1] not in ".!?:,;"


def _agreement(lines: Sequence[str], delimiter: str) -> float:
    counts = [len(fields) for fields in _records(lines, delimiter)]
    if not counts or counts[0] < 2:
        return 0.0
    return sum(count == counts[0] for count in counts) / len(counts)


def _records(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    records: list[list[str]] = []
    try:
        for fields in csv.reader(lines, delimiter=delimiter):
            if any(field.strip() for field in fields):
                records.append(fields)
            if len(records) > SAMPLED_RECORDS:
                break
    except csv.Error:
        pass
    return records

"""Puts tables with one row for each message together: a row for each conversation, with the list of its messages.

A column says who speaks, one holds what is said, and one says which conversation a row belongs to.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import NamedTuple

from app.languages import stated, stated_list
from app.readers.repairs import is_wanted, note_repair
from app.readers.source import Choices
from app.readers.table import MAX_CELL, Cell, Flaw, Record, Table, cell_too_long, check_columns
from app.speakers import ASSISTANT, ROLES, SYSTEM, USER

MESSAGES = "messages"
LOOKED_AT, FEWEST, MAX_SPEAKERS = 200, 6, 4
# Of a conversation that is spread over the file, all rows must be held until its end is known.
MAX_HELD = 64 * 1024 * 1024
# Columns of true and false that say whether the customer wrote a row; the others say whether the service did.
FROM_USER = ("inbound", "incoming", "is_user", "from_user", "is_customer", "from_customer", "is_human", "eingehend")
FROM_ASSISTANT = ("outbound", "is_bot", "from_bot", "is_agent", "from_agent", "is_assistant", "ausgehend")
_YES, _NO = ("true", "1", "yes", "ja"), ("false", "0", "no", "nein")
_ORDER = tuple(
    """
    turn turn_id turn_index turn_number message_index message_number step order position seq utterance_idx nr timestamp time
    created_at date datum zeit zeitpunkt
    """.split()
)
_TEXTS = (
    "content",
    "text",
    "message",
    "utterance",
    "value",
    "body",
    "nachricht",
    "inhalt",
    "mensaje",
    "texto",
    "messaggio",
)
_LABELS = ("label", "labels", "class", "target", "category")
# Of the groups of a column, so many must hold both sides for it to tell conversations apart.
BOTH_SIDES = 0.8


class TurnColumns(NamedTuple):
    """Positions of the columns, and the side of each value that says who speaks; ``order`` is -1 for the file's own order."""

    speaker: int
    text: int
    conversation: int
    order: int
    sides: dict[str, str]


@dataclass
class _Survey:
    """What the whole file has to be for its rows to be put together."""

    fits: bool = True
    in_runs: bool = True
    size: int = 0
    constant: set[int] = field(default_factory=set)
    joined: bool = False


def join_turns(table: Table, read_again: Callable[[], Table], choices: Choices) -> Table:
    """The table with the messages of each conversation in one row, if it is such a table; the file is read once more."""
    head = list(islice(table.records, LOOKED_AT))
    table.records = chain(head, table.records)
    found = find_turns(table.columns, [cells for _, cells in head])
    if found is None:
        return table
    wanted = is_wanted(choices.repairs, "turn_rows")
    survey = _look_through(read_again().records, found, len(table.columns)) if wanted else _Survey()
    if not survey.fits or (not survey.in_runs and survey.size > MAX_HELD):
        return table
    note_repair(table.found, "turn_rows", wanted)
    return _joined(table, found, survey) if wanted else table


def find_turns(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> TurnColumns | None:
    """Which columns say who speaks, what, and in which conversation; None for any other table."""
    if len(columns) < 3 or len(rows) < FEWEST:
        return None
    keys = ["_".join(name.casefold().split()) for name in columns]
    for speaker in range(len(columns)):
        sides = _sides(keys[speaker], {_plain(cells[speaker]) for cells in rows})
        text = _text_column(keys, rows, speaker) if sides else -1
        if sides is None or text < 0:
            continue
        rest = [at for at in range(len(columns)) if at not in (speaker, text)]
        conversation = next((at for at in rest if _tells_apart(at, speaker, rows, sides)), -1)
        if conversation >= 0:
            order = next((at for name in _ORDER for at in rest if keys[at] == name and at != conversation), -1)
            return TurnColumns(speaker, text, conversation, order if _is_ordered(order, rows) else -1, sides)
    return None


def _sides(key: str, values: set[str]) -> dict[str, str] | None:
    """Value -> side, where the values of a column name both; None for any other column."""
    if key in _LABELS or not 2 <= len(values) <= MAX_SPEAKERS:
        return None
    if key in (*FROM_USER, *FROM_ASSISTANT) and values <= {*_YES, *_NO}:
        yes, no = (USER, ASSISTANT) if key in FROM_USER else (ASSISTANT, USER)
        return {value: yes if value in _YES else no for value in values}
    sides = {value: ROLES.get(value, "") for value in values}
    return sides if {USER, ASSISTANT} <= set(sides.values()) and all(sides.values()) else None


def _text_column(keys: Sequence[str], rows: Sequence[Sequence[Cell]], speaker: int) -> int:
    """The column of what is said: by its name, else the one with the most words; -1 if none holds texts."""
    words = {at: sum(len((cells[at] or "").split()) for cells in rows) for at in range(len(keys)) if at != speaker}
    named = next((at for name in _TEXTS for at in words if keys[at] == name), None)
    best = max(words, key=lambda at: words[at]) if named is None else named
    return best if words[best] >= 2 * len(rows) or named is not None else -1


def _tells_apart(at: int, speaker: int, rows: Sequence[Sequence[Cell]], sides: dict[str, str]) -> bool:
    """Whether the values of a column group the rows so that nearly every group holds both sides."""
    groups: dict[str, set[str]] = {}
    for cells in rows:
        if not (cells[at] or "").strip():
            return False
        groups.setdefault(cells[at] or "", set()).add(sides[_plain(cells[speaker])])
    # The last one may be cut off by the end of the sample.
    whole = list(groups.values())[: max(1, len(groups) - 1)]
    return len(groups) >= 2 and sum({USER, ASSISTANT} <= group for group in whole) >= BOTH_SIDES * len(whole)


def _is_ordered(at: int, rows: Sequence[Sequence[Cell]]) -> bool:
    """Whether a column can be sorted by: numbers, or times as ISO 8601 writes them."""
    return at >= 0 and all(_rank(cells[at]) is not None for cells in rows)


def _rank(cell: Cell) -> tuple[float, str] | None:
    plain = (cell or "").strip()
    try:
        return float(plain), ""
    except ValueError:
        return (0.0, plain) if len(plain) >= 10 and plain[:4].isdigit() and plain[4] == "-" else None


def _plain(cell: Cell) -> str:
    return (cell or "").strip().casefold()


def _look_through(records: Iterator[Record], found: TurnColumns, width: int) -> _Survey:
    survey = _Survey(constant=set(range(width)) - {found.speaker, found.text, found.order, found.conversation})
    first: dict[str, list[Cell]] = {}
    ended: set[str] = set()
    before = side_before = ""
    for _, cells in records:
        name = cells[found.conversation] or ""
        side = found.sides.get(_plain(cells[found.speaker]))
        if side is None or not name.strip():
            return _Survey(fits=False)
        if name != before:
            survey.in_runs = survey.in_runs and name not in ended
            ended.add(before)
        elif side == side_before:
            survey.joined = True
        before, side_before = name, side
        known = first.setdefault(name, cells)
        survey.constant -= {at for at in survey.constant if cells[at] != known[at]}
        survey.size += len(cells[found.text] or "")
    return survey


def _joined(table: Table, found: TurnColumns, survey: _Survey) -> Table:
    kept = [at for at in range(len(table.columns)) if at == found.conversation or at in survey.constant]
    old, left = table.columns, sorted(set(range(len(table.columns))) - {*kept, *found[:3]} - {found.order})
    table.flaws.add(_note(old, found, survey.joined, [old[at] for at in left]))
    names = [old[at] if old[at] != MESSAGES else f"{MESSAGES} (column)" for at in kept]
    table.columns = check_columns([*names, MESSAGES])
    groups = _runs(table.records, found.conversation) if survey.in_runs else _groups(table.records, found.conversation)
    table.records = (_conversation(rows, found, kept) for rows in groups)
    return table


def _runs(records: Iterator[Record], at: int) -> Iterator[list[Record]]:
    rows: list[Record] = []
    for record in records:
        if rows and rows[0][1][at] != record[1][at]:
            yield rows
            rows = []
        rows.append(record)
    if rows:
        yield rows


def _groups(records: Iterator[Record], at: int) -> Iterator[list[Record]]:
    groups: dict[Cell, list[Record]] = {}
    for record in records:
        groups.setdefault(record[1][at], []).append(record)
    yield from groups.values()


def _conversation(rows: list[Record], found: TurnColumns, kept: Sequence[int]) -> Record:
    """One row of the messages; of several in a row from one side, the texts are joined."""
    line, first = rows[0]
    if found.order >= 0 and all(_rank(cells[found.order]) is not None for _, cells in rows):
        rows = sorted(rows, key=lambda record: _rank(record[1][found.order]) or (0.0, ""))
    turns: list[tuple[str, list[str]]] = []
    for _, cells in rows:
        side, text = found.sides[_plain(cells[found.speaker])], (cells[found.text] or "").strip()
        if text and turns and turns[-1][0] == side != SYSTEM:
            turns[-1][1].append(text)
        elif text:
            turns.append((side, [text]))
    cell = json.dumps([{"role": side, "content": "\n".join(texts)} for side, texts in turns], ensure_ascii=False)
    if len(cell) > MAX_CELL:
        raise cell_too_long(line, MESSAGES)
    return line, [*(first[at] for at in kept), cell]


def _note(columns: Sequence[str], found: TurnColumns, joined: bool, left: Sequence[str]) -> Flaw:
    conversation, speaker = repr(columns[found.conversation]), repr(columns[found.speaker])
    sentences = [
        stated(
            "Each row holds one message; those with the same {conversation} were put together as one conversation, in the "
            "order of {order}; {speaker} says who speaks.",
            conversation=conversation,
            order=repr(columns[found.order]),
            speaker=speaker,
        )
        if found.order >= 0
        else stated(
            "Each row holds one message; those with the same {conversation} were put together as one conversation, in the "
            "order of the file; {speaker} says who speaks.",
            conversation=conversation,
            speaker=speaker,
        )
    ]
    if joined:
        sentences.append(stated("Messages that follow each other from one side were joined."))
    if left:
        named = ", ".join(map(repr, left[:5]))
        sentences.append(stated("Not kept, because they differ within a conversation: {columns}.", columns=named))
    return Flaw(
        "turn_rows",
        "warning",
        stated_list(sentences, " "),
        stated("If the rows are examples of their own, say so where the file can be read in another way."),
    )

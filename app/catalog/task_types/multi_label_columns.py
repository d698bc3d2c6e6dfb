"""Which columns of a table hold several labels for each text, by names and contents; see :mod:`label_sets` for the forms."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from app.catalog.task_types import column_facts as facts
from app.catalog.task_types import column_names as names
from app.catalog.task_types import conversations
from app.catalog.task_types.candidates import TAGGED, GoalCandidate
from app.catalog.task_types.column_facts import ColumnFacts, TableFacts, parsed
from app.catalog.task_types.column_names import find_column
from app.catalog.task_types.label_sets import COLUMN, CROSSES, JOINED, LISTED, SEPARATORS, VALUE
from app.catalog.task_types.text_classification_columns import best_text
from app.languages import stated

KIND = "multi-label-classification"
TOKENS = ("tokens", "words")
KNOWN = (*names.LABELS, *names.CATEGORIES, *"topics classes emotions intents themen kategorien accept".split())
LIST_SHARE = 0.9
# Of the rows, so many must have more than one label.
SEVERAL_SHARE = 0.1
MAX_LABELS, MAX_LABEL_WORDS, MAX_LABEL_CHARACTERS = 60, 4, 40
# What alone fills a column of yes and no: where nobody ticked a rare label, or where a blank says no.
ONLY_YES_OR_NO = frozenset((*"0 0.0 false f no n nein non 1 1.0 yes ja true".split(), *CROSSES))
# Columns of one set that mostly say the same are rather several opinions on one label.
AGREEING_SHARE = 0.5


def candidates(table: TableFacts) -> list[GoalCandidate]:
    """The way in which a table gives several labels to a text, if it does."""
    if conversations.conversation_column(table) or find_column(table.names, TOKENS):
        return []
    labels, why = _find(table)
    text = best_text(table, [name for name in table.names if name not in labels.values()]) if labels else None
    if text is None:
        return []
    doubt = _doubt(table, text, labels)
    return [GoalCandidate(KIND, {"text": text, **labels}, TAGGED, why, doubt, settles=frozenset(labels.values()))]


def _doubt(table: TableFacts, text: str, labels: Mapping[str, str]) -> str:
    """Why the labels are not taken without asking; empty if they may be."""
    if all(role.startswith(COLUMN) for role in labels):
        rest = [column for name, column in table.columns.items() if name != text and name not in labels.values()]
        rival = next((column for column in rest if _is_rival(column)), None)
        return stated("{name} could be the label as well.", name=repr(rival.name[:60])) if rival else ""
    if all(role.startswith(VALUE) for role in labels) and _mostly_agree(table, list(labels.values())):
        named = ", ".join(repr(name[:60]) for name in labels.values())
        return stated("{names} mostly say the same and could be several opinions on one label.", names=named)
    return ""


def _is_rival(column: ColumnFacts) -> bool:
    """Whether it could be the one label of a table in which other columns say yes or no."""
    return column.kind == facts.VALUES and column.distinct > 2 and not (column.is_metadata or column.is_person)


def _mostly_agree(table: TableFacts, columns: Sequence[str]) -> bool:
    cells = [[row[name] for name in columns if row.get(name) not in (None, "")] for row in table.sample]
    several = [row for row in cells if len(row) > 1]
    return sum(len(set(row)) == 1 for row in several) > AGREEING_SHARE * len(several)


def _find(table: TableFacts) -> tuple[dict[str, str], str]:
    """Role -> column of the labels, and why; empty where rows have one label each or none."""
    for name in table.names:
        if names.is_named(name, KNOWN) and table.share(name, _is_list_of_labels) >= LIST_SHARE:
            lengths = [len(parsed(row[name]) or ()) for row in table.sample if row.get(name)]
            return (
                ({LISTED: name}, stated("each cell is a list of labels"))
                if any(size > 1 for size in lengths)
                else ({}, "")
            )
    for name in table.names:
        if names.is_named(name, KNOWN) and (separator := _separator_of(table, name)):
            return _joined(name, separator)
    if numbered := _numbered_labels(table):
        return {f"{VALUE}{name}": name for name in numbered}, stated("several columns hold labels of one set")
    if find_column(table.of_kind(facts.VALUES), (*names.LABELS, *names.CATEGORIES)) is None:
        for name in table.names:
            if found := _unnamed_labels(table, name):
                return found
        if flags := _label_columns(table):
            return {f"{COLUMN}{name}": name for name in flags}, stated(
                "each label has a column that says whether it applies"
            )
    return {}, ""


def _joined(name: str, separator: str) -> tuple[dict[str, str], str]:
    shown = separator.strip()
    why = (
        stated("cells hold several labels, joined by {separator}", separator=repr(shown))
        if shown
        else stated("cells hold several labels, joined by a line break")
    )
    return {f"{JOINED}{separator}": name}, why


def _is_list_of_labels(cell: Any) -> bool:
    value = parsed(cell)
    return isinstance(value, list) and all(isinstance(item, str | int) for item in value)


def _separator_of(table: TableFacts, name: str) -> str:
    """What joins labels that also stand alone or in other company (“light, water” beside “water, pests”); empty if nothing."""
    if table.columns[name].kind not in (facts.VALUES, facts.WORDS, facts.TEXTS):
        return ""
    cells = [str(row[name]).strip() for row in table.sample if row.get(name)]
    return next((separator for separator in SEPARATORS if _joins(cells, separator)), "")


def _joins(cells: Sequence[str], separator: str) -> bool:
    parts = [frozenset(part.strip() for part in cell.split(separator) if part.strip()) for cell in cells]
    several = [item for item in parts if len(item) > 1]
    if len(several) < SEVERAL_SHARE * len(cells) or any(
        len(part.split()) > MAX_LABEL_WORDS for label in several for part in label
    ):
        return False
    company: dict[str, set[frozenset[str]]] = {}
    for item in set(parts):
        for part in item:
            company.setdefault(part, set()).add(item)
    shared = [part for label in set(several) for part in label if len(company[part]) > 1]
    # One label with a comma in it keeps the same company everywhere.
    return len(shared) >= 0.6 * sum(len(label) for label in set(several)) > 0


def _unnamed_labels(table: TableFacts, name: str) -> tuple[dict[str, str], str] | None:
    """A column under any name with labels joined in a cell or in lists: few short ones, in ever other company."""
    if names.is_called(name, names.METADATA) or not table.of_kind(facts.TEXTS):
        return None
    cells = [row[name] for row in table.sample if row.get(name)]
    if cells and all(_is_list_of_names(cell) for cell in cells):
        found: tuple[dict[str, str], str] = {LISTED: name}, stated("each cell is a list of labels")
        parts = [list(map(str, parsed(cell))) for cell in cells]
    elif separator := _separator_of(table, name):
        found = _joined(name, separator)
        parts = [[part.strip() for part in str(cell).split(separator)] for cell in cells]
    else:
        return None
    return found if _are_labels(parts) else None


def _is_list_of_names(cell: Any) -> bool:
    value = parsed(cell)
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _are_labels(parts: Sequence[Sequence[str]]) -> bool:
    distinct = {part for entry in parts for part in entry}
    several = sum(len(entry) > 1 for entry in parts) >= SEVERAL_SHARE * len(parts) > 0
    few = 1 < len(distinct) <= min(MAX_LABELS, len(parts) // 2)
    return several and few and all(len(part) <= MAX_LABEL_CHARACTERS for part in distinct)


def _numbered_labels(table: TableFacts) -> list[str]:
    """Several columns such as “label1” and “label2” that hold values of one set."""
    for stem in (*names.LABELS, *names.CATEGORIES):
        group = [name for name in table.of_kind(facts.VALUES) if re.fullmatch(rf"{stem}_?\d", names.name_key(name))]
        if len(group) > 1 and len(set.intersection(*(set(table.columns[name].values) for name in group))) > 1:
            return group
    return []


def _label_columns(table: TableFacts) -> list[str]:
    """Several columns of yes and no beside one text, where none is called like a label."""
    flags = [name for name, column in table.columns.items() if column.is_boolean or _says_one_thing(column)]
    flags = [name for name in flags if not names.is_called(name, (*names.LABELS, *names.CATEGORIES, *names.METADATA))]
    if len(flags) < 2 or find_column(table.names, (*names.LABELS, *names.CATEGORIES)) is not None:
        return []
    return flags


def _says_one_thing(column: ColumnFacts) -> bool:
    return column.distinct == 1 and column.values[0].strip().casefold() in ONLY_YES_OR_NO


def role_columns(columns: Mapping[str, str]) -> list[str]:
    """The columns that hold labels."""
    return [column for role, column in columns.items() if role != "text"]

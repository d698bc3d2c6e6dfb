"""Recognises labels in forms that no task here learns from yet: for two texts, several for one text, or numbers.

Each function gives None where a table is no such data, else the readings that a task which is there can make of it.
"""

import re
from typing import Any

from app.catalog.task_types import column_facts as facts
from app.catalog.task_types import column_names as names
from app.catalog.task_types import conversations
from app.catalog.task_types.candidates import CERTAIN, GoalCandidate
from app.catalog.task_types.column_facts import TableFacts, parsed
from app.catalog.task_types.column_names import find_column
from app.catalog.task_types.text_classification_columns import best_text
from app.catalog.task_types.text_patterns import is_number

TOKENS = ("tokens", "words")
# Numbers of which hardly any comes twice are measured; a few steps can be distinguished like categories.
SCORE_SHARE, DISTINCT_SCORES, FEW_STEPS = 0.9, 20, 12
# Under the names that public sets of this kind give them.
PAIRS = (
    ("sentence1", "sentence2"),
    ("sentence_1", "sentence_2"),
    ("sentence_a", "sentence_b"),
    ("text1", "text2"),
    ("text_1", "text_2"),
    ("text_a", "text_b"),
    ("question1", "question2"),
    ("satz1", "satz2"),
    ("premise", "hypothesis"),
    ("context", "hypothesis"),
    ("text", "hypothesis"),
    ("claim", "evidence"),
    ("query", "document"),
    ("query", "passage"),
    ("query", "product_title"),
    ("source_sentence", "target_sentence"),
    ("behauptung", "beleg"),
)
# What says of two texts whether they belong together.
RELATIONS = (
    *names.LABELS,
    *names.SCORES,
    *"relevant relevance relevanz is_duplicate duplicate entailment verdict stance paraphrase match matches".split(),
)
LIST_SHARE, SEPARATORS = 0.9, (",", ";", "|", "/", "+", "&", "\n", "•", " and ", " und ", " et ", " y ")
MAX_LABELS = 60
# What people write into a column of a form where something applies, and nothing where it does not.
CROSSES = ("x", "✓", "✔", "1", "1.0", "yes", "ja", "true")
# Numbers as ratings have them: “7/10”, “4 of 5”, “3 stars”, “★★★☆☆”.
_RATING = re.compile(
    r"\s*(\d+([.,]\d+)?\s*(/|of|von|sur|de|out of)\s*\d+|\d+\s*(stars?|sterne?|étoiles?|estrellas?|★)|[★☆⭐]+)\s*", re.I
)


def pair(table: TableFacts) -> list[GoalCandidate] | None:
    """Two texts with one label for both."""
    plain = {names.name_key(name) for name in table.names}
    known = next((item for item in PAIRS if plain.issuperset(item)), None)
    if known is None:
        return None
    # The first names are of pairs alone; a query or a text may stand beside another one for other reasons.
    certain = PAIRS.index(known) <= PAIRS.index(("premise", "hypothesis"))
    recurring = table.of_kind(facts.VALUES)
    return [] if certain or find_column(recurring, RELATIONS) else None


def score(table: TableFacts) -> list[GoalCandidate] | None:
    """A number for each text: measured, or a rating in a few steps."""
    if conversations.conversation_column(table):
        return None
    name = find_column(table.names, names.SCORES)
    given = [str(row[name]).strip() for row in table.sample if name and row.get(name)]
    # Where another column is called like the label, the score stands beside it.
    if name is None or not given or find_column(table.names, (*names.LABELS, *names.CATEGORIES)):
        return None
    if sum(is_number(value) or _RATING.fullmatch(value) is not None for value in given) < SCORE_SHARE * len(given):
        return None
    steps = len(set(given))
    text = best_text(table, [item for item in table.names if item != name])
    if steps >= DISTINCT_SCORES:
        return []
    if text is None or not 2 < steps <= FEW_STEPS:
        return None
    why = f"{steps} steps as {steps} categories, without their order"
    return [GoalCandidate("text-classification", {"text": text, "label": name}, CERTAIN, why)]


def multi_label(table: TableFacts) -> list[GoalCandidate] | None:
    """Several labels for a text: as a list, joined in a cell, or in a column of 0 and 1 for each."""
    if conversations.conversation_column(table) or find_column(table.names, TOKENS):
        return None
    known = (
        *names.LABELS,
        *names.CATEGORIES,
        "topics",
        "classes",
        "emotions",
        "intents",
        "themen",
        "kategorien",
        "accept",
    )
    for name in table.names:
        if names.is_named(name, known) and table.share(name, _is_list_of_labels) >= LIST_SHARE:
            lengths = [len(parsed(row[name]) or ()) for row in table.sample if row.get(name)]
            return [] if any(length > 1 for length in lengths) else None
    if any(_holds_joined_labels(table, name) for name in table.names if names.is_named(name, known)):
        return []
    if find_column(table.of_kind(facts.VALUES), (*names.LABELS, *names.CATEGORIES)) is None:
        unnamed = any(_holds_many_labels(table, name) for name in table.names)
        return [] if unnamed or _label_columns(table) or _numbered_labels(table) else None
    return [] if _numbered_labels(table) else None


def _is_list_of_labels(cell: Any) -> bool:
    value = parsed(cell)
    return isinstance(value, list) and all(isinstance(item, str | int) for item in value)


def _holds_joined_labels(table: TableFacts, name: str) -> bool:
    """Whether cells join labels that also stand alone or in other company: “light, water” beside “water, pests”."""
    if table.columns[name].kind not in (facts.VALUES, facts.WORDS, facts.TEXTS):
        return False
    cells = [str(row[name]).strip() for row in table.sample if row.get(name)]
    for separator in SEPARATORS:
        parts = [frozenset(part.strip() for part in cell.split(separator) if part.strip()) for cell in cells]
        several = [item for item in parts if len(item) > 1]
        if len(several) < 0.1 * len(cells) or any(len(part.split()) > 4 for label in several for part in label):
            continue
        company: dict[str, set[frozenset[str]]] = {}
        for item in set(parts):
            for part in item:
                company.setdefault(part, set()).add(item)
        shared = [part for label in set(several) for part in label if len(company[part]) > 1]
        # One label with a comma in it keeps the same company everywhere.
        if len(shared) >= 0.6 * sum(len(label) for label in set(several)):
            return True
    return False


def _holds_many_labels(table: TableFacts, name: str) -> bool:
    """Whether a column under any name holds labels joined in a cell or in lists: few short ones, in ever other company."""
    if names.is_called(name, names.METADATA) or not table.of_kind(facts.TEXTS):
        return False
    cells = [row[name] for row in table.sample if row.get(name)]
    listed = [parsed(cell) for cell in cells]
    if all(isinstance(value, list) for value in listed):
        parts = [[str(item) for item in value] for value in listed if isinstance(value, list)]
        if not all(isinstance(item, str) for value in listed if isinstance(value, list) for item in value):
            return False
    elif _holds_joined_labels(table, name):
        separator = next(entry for entry in SEPARATORS if sum(entry in str(cell) for cell in cells) >= 0.1 * len(cells))
        parts = [[part.strip() for part in str(cell).split(separator)] for cell in cells]
    else:
        return False
    distinct = {part for entry in parts for part in entry}
    several = sum(len(entry) > 1 for entry in parts) >= 0.1 * len(parts) > 0
    return (
        several and 1 < len(distinct) <= min(MAX_LABELS, len(parts) // 2) and all(len(part) <= 40 for part in distinct)
    )


def _numbered_labels(table: TableFacts) -> bool:
    """Whether several columns such as “label1” and “label2” hold values of one set."""
    for stem in (*names.LABELS, *names.CATEGORIES):
        group = [name for name in table.of_kind(facts.VALUES) if re.fullmatch(rf"{stem}_?\d", names.name_key(name))]
        if len(group) > 1 and len(set.intersection(*(set(table.columns[name].values) for name in group))) > 1:
            return True
    return False


def _label_columns(table: TableFacts) -> bool:
    """Whether several columns of 0 and 1 stand beside one text, and rows with more or less than one 1 occur or none is named."""
    flags = [name for name, column in table.columns.items() if column.is_boolean or _constant_flag(column)]
    flags = [name for name in flags if not names.is_called(name, (*names.LABELS, *names.CATEGORIES, *names.METADATA))]
    return (
        len(flags) >= 2
        and best_text(table, [name for name in table.names if name not in flags]) is not None
        and (find_column(table.names, (*names.LABELS, *names.CATEGORIES)) is None)
    )


def _constant_flag(column: facts.ColumnFacts) -> bool:
    return column.distinct == 1 and column.values[0].strip().casefold() in ("0", "0.0", *CROSSES)

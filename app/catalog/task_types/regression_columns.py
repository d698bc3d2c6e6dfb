"""Which columns of a table hold numbers to be learned, by names and contents; see :mod:`number_forms` for how they are written."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from app.catalog.task_types import column_facts as facts
from app.catalog.task_types import column_names as names
from app.catalog.task_types import conversations, pair_columns
from app.catalog.task_types.candidates import CERTAIN, CLOSE, DOUBTED, GUESSED, LIKELY, NAMED, GoalCandidate
from app.catalog.task_types.column_facts import ColumnFacts, TableFacts
from app.catalog.task_types.number_forms import OWN_COLUMN, SCORE, endings, is_written_number
from app.catalog.task_types.text_classification_columns import best_text
from app.catalog.task_types.text_pairs import FIRST, SECOND
from app.languages import stated

KIND = "regression"
# A number with so many different values is measured; a few steps can be distinguished like categories.
FEW_STEPS = 12
MIN_STEPS = 3
# Of the cells, so many must be numbers.
NUMBER_SHARE = 0.9
# Whole numbers that recur and begin at 0 or 1 without a gap are the numbers of categories.
RECURRING_SHARE = 0.5
# Words that stand beside a text are many; fewer that recur are categories.
MANY_WORDS, WORDS_SHARE = 20, 0.1
# Names of what stands in a text and is scored there.
PARTS_OF_TEXTS = ("word", "token", "term", "phrase", "target_word", "aspect")
# Parts of the names of columns that say how sure a score is, or how many gave it.
ABOUT_SCORES = "std sd stdev var variance count counts n num votes confidence weight rank id min max median".split()


def candidates(table: TableFacts) -> list[GoalCandidate]:
    """The ways in which a table gives a text a number, or several."""
    if conversations.conversation_column(table):
        return []
    able = [name for name, column in table.columns.items() if _could_be_score(table, column)]
    found = []
    for columns, score, why, doubt in _chosen(table, able):
        text = best_text(table, [name for name in table.names if name not in columns])
        if text is not None:
            texts = _texts(table, text, columns)
            pair = tuple(texts.values())
            sure = len(pair) == 1 or _belong_together(*pair)
            open_ = "" if sure else _open_second(text, next(name for name in pair if name != text))
            found += _with_marks(table, texts, columns, GoalCandidate(KIND, {}, score, why, doubt or open_))
            if len(pair) > 1:
                # One text alone is another reading of the same table, but a weaker one where names say that both belong together.
                alone = GoalCandidate(KIND, {}, score - (CLOSE + 1 if sure else 1), why, doubt or open_)
                found += _with_marks(table, {"text": text}, columns, alone)
    return found


def _texts(table: TableFacts, text: str, scores: Sequence[str]) -> dict[str, str]:
    """Role -> column of the text, and of a second one where exactly one other column holds texts or words."""
    others = [
        name for name, column in table.columns.items() if name != text and name not in scores and _may_be_second(column)
    ]
    if len(others) != 1:
        return {FIRST.name: text}
    first, second = sorted((text, others[0]), key=table.names.index)
    return {FIRST.name: first, SECOND.name: second}


def _belong_together(first: str, second: str) -> bool:
    """Whether the names of two columns say that a number is about both: twins, compared texts, or a text and a part of it."""
    return pair_columns.are_compared(first, second) or any(
        names.is_called(name, PARTS_OF_TEXTS) for name in (first, second)
    )


def _open_second(text: str, other: str) -> str:
    return stated(
        "no name says whether {other} is read together with {text}.", other=repr(other[:60]), text=repr(text[:60])
    )


def _may_be_second(column: ColumnFacts) -> bool:
    """Whether it holds texts, or words of which there are many: neither categories, numbers nor codes."""
    if column.is_metadata or column.is_person or column.numeric > 0:
        return False
    if column.kind == facts.VALUES and (column.distinct < MANY_WORDS or column.share < WORDS_SHARE):
        return False
    is_text = column.kind == facts.TEXTS
    return is_text or (
        column.kind in (facts.WORDS, facts.VALUES) and not any(re.search(r"\d", value) for value in column.values)
    )


def _could_be_score(table: TableFacts, column: ColumnFacts) -> bool:
    if column.kind in (facts.EMPTY, facts.OBJECTS, facts.TIMES, facts.LINKS, facts.TEXTS):
        return False
    if column.distinct < MIN_STEPS or column.is_metadata or column.is_person:
        return False
    return table.share(column.name, is_written_number) >= NUMBER_SHARE


def _chosen(table: TableFacts, able: Sequence[str]) -> list[tuple[list[str], float, str, str]]:
    """Columns that could be learned together, the strength of the evidence, why, and why they are not taken without asking."""
    scores = [name for name in able if names.is_called(name, names.SCORES)] or [
        name for name in able if _is_score_by_part(name)
    ]
    label = names.find_column([name for name in table.names if name not in able], (*names.LABELS, *names.CATEGORIES))
    if scores:
        strength = max(_strength(table.columns[name]) for name in scores)
        # Where another column is called like the label, the score stands beside it.
        strength = DOUBTED if label else strength
        whole = (scores, strength, _why(table, scores), "")
        return [whole, *(([name], strength - CLOSE - 1, _why(table, [name]), "") for name in scores if len(scores) > 1)]
    called = names.find_column(able, names.LABELS)
    if called:
        return [([called], _strength_of_label(table, called), _why(table, [called]), "")]
    if not able or label:
        return [([name], DOUBTED - 1, _why(table, [name]), "") for name in able]
    if len(able) == 1:
        return [([able[0]], DOUBTED, _why(table, able), "")]
    doubt = stated("no name says which number should be learned.")
    return [
        (list(able), DOUBTED, _why(table, able), doubt),
        *(([name], DOUBTED - 1, _why(table, [name]), doubt) for name in able),
    ]


def _is_score_by_part(name: str) -> bool:
    parts = names.name_key(name).split("_")
    return names.is_named(name, names.SCORES) and not set(parts) & set(ABOUT_SCORES)


def _strength(column: ColumnFacts) -> float:
    return NAMED if column.distinct <= FEW_STEPS else CERTAIN


def _strength_of_label(table: TableFacts, name: str) -> float:
    """A column called like a label: certainly a number where it has fractions, hardly one where it counts categories."""
    column = table.columns[name]
    cells = {str(row[name]).strip() for row in table.sample if row.get(name) not in (None, "")}
    if not all(re.fullmatch(r"\d+(\.0)?", cell) for cell in cells):
        return _strength(column)
    if column.share > RECURRING_SHARE and column.distinct > FEW_STEPS:
        return LIKELY
    values = sorted(int(float(cell)) for cell in cells)
    numbered = values[0] in (0, 1) and values[-1] - values[0] + 1 == len(values)
    return DOUBTED if numbered or column.distinct <= FEW_STEPS else GUESSED


def _why(table: TableFacts, columns: Sequence[str]) -> str:
    if len(columns) > 1:
        return stated("{columns} columns of numbers", columns=len(columns))
    column = table.columns[columns[0]]
    shown = "; ".join(value[:20] for value in column.values[:4])
    return stated("{distinct} different numbers, in their order: {shown} …", distinct=column.distinct, shown=shown)


def _with_marks(
    table: TableFacts, texts: Mapping[str, str], columns: Sequence[str], candidate: GoalCandidate
) -> list[GoalCandidate]:
    """The reading with what commas mean in its columns; a question where that is open."""
    open_: str = ""
    chosen: list[Mapping[str, str]] = [{}]
    for name in columns:
        found = endings(row.get(name) for row in table.sample)
        if len(found) > 1:
            open_ = open_ or name
        own = f"{OWN_COLUMN}{name}" if len(columns) > 1 else ""
        chosen = [{**roles, f"{SCORE}{ending}{own}": name} for roles in chosen for ending in found]
    doubt = candidate.doubt or (
        stated("the comma in {name} could be a decimal mark, or group thousands.", name=repr(open_[:60]))
        if open_
        else ""
    )
    # Several columns of which each could be read in two ways: all in the same one.
    ways = chosen if len(chosen) <= 2 else [chosen[0], chosen[-1]]
    return [replace(candidate, columns={**texts, **roles}, doubt=doubt) for roles in ways]

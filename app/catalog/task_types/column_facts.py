"""What a sample of rows tells about each column: whether it holds texts, recurring values, numbers, times, lists ..."""

import ast
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from app.catalog.task_types import column_names as names
from app.catalog.task_types.text_patterns import is_number

Sample = Sequence[Mapping[str, Any]]

EMPTY, OBJECTS, TIMES, LINKS, NUMBERS, TEXTS, VALUES, WORDS = (
    "empty",
    "objects",
    "times",
    "links",
    "numbers",
    "texts",
    "values",
    "words",
)
# Of the rows that hold something, this many must look alike.
SHARE = 0.9
# Values that recur: at most half of them differ, and none is a paragraph.
DISTINCT_SHARE, MAX_VALUE_WORDS, MIN_TEXT_WORDS = 0.5, 8, 3.0
FEW_NUMBERS = 15
MAX_CHARACTERS = 1024 * 1024
_TIME = re.compile(
    r"\d{4}-\d\d?-\d\d?([T ]\d\d?:\d\d.*)?|\d{4}[/.]\d\d?[/.]\d\d?([T ].*)?|\d\d?[./]\d\d?[./]\d{2,4}( .*)?|\d\d?:\d\d(:\d\d)?( ?[AP]M)?"
    r"|(Mon|Tue|Wed|Thu|Fri|Sat|Sun) \w{3} \d\d? .*"
)
_LINK = re.compile(r"(https?://|www\.|/)\S+|[\w.+-]+@[\w-]+(\.[\w-]+)+")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0e7f]")
TRUE = frozenset(
    """
    true 1 1.0 yes y t good up thumbs_up thumbsup 👍 +1 like liked helpful correct right accepted approved positive pass ja
    wahr richtig gut oui vrai bon sí si verdadero bueno bien correcto sì vero giusto corretto sim verdadeiro bom evet
    doğru iyi igen igaz jó tak prawda да верно хорошо 是 对 好 はい 正 예
    """.split()
)
FALSE = frozenset(
    """
    false 0 0.0 no n f bad down thumbs_down thumbsdown 👎 -1 dislike disliked unhelpful incorrect wrong rejected negative
    fail nein falsch schlecht non faux mauvais falso malo mal incorrecto sbagliato errato não nao ruim hayir yanlis
    kötü nem hamis rossz nie fałsz нет неверно плохо 否 错 不好 いいえ 誤 아니요
    """.split()
)
# Pairs of them that hardly anybody writes but to praise or blame.
JUDGING = frozenset(
    "good bad up down thumbs_up thumbs_down thumbsup thumbsdown 👍 👎 like dislike helpful unhelpful".split()
)


@dataclass(frozen=True)
class ColumnFacts:
    """One column of the sample.

    Attributes:
        kind: what it holds: ``empty``, ``objects`` (JSON), ``times``, ``links``, ``numbers`` (many different), ``texts``
            (several words, seldom the same), ``values`` (short ones that recur) or ``words`` (short ones that do not).
        filled: rows that hold something.
        distinct: how many of them differ.
        words: mean number of words; two characters count as one where words are not spaced.
        numeric: share of plain numbers.
        values: the distinct values as they are written, at most 20, the commonest first.
    """

    name: str
    kind: str
    filled: int = 0
    distinct: int = 0
    words: float = 0.0
    numeric: float = 0.0
    values: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        """Distinct values of the filled rows."""
        return self.distinct / max(1, self.filled)

    @property
    def is_boolean(self) -> bool:
        """Whether it holds two values that say yes and no."""
        plain = {_plain(value) for value in self.values}
        return self.distinct == 2 and len(plain & TRUE) == 1 and len(plain & FALSE) == 1

    @property
    def is_judging(self) -> bool:
        """Whether it holds thumbs up and down, whatever it is called."""
        return self.is_boolean and all(_plain(value) in JUDGING for value in self.values)

    @property
    def true_values(self) -> tuple[str, ...]:
        """Those of its values that say yes."""
        return tuple(value for value in self.values if _plain(value) in TRUE)

    @property
    def is_person(self) -> bool:
        """Whether its name says that it names somebody."""
        key = names.name_key(self.name)
        first = key.split("_")[0]
        return names.is_called(self.name, names.PERSONS) or key.endswith("_by") or first in ("agent", "annotator")

    @property
    def is_metadata(self) -> bool:
        """Whether its name says that it is about the row, such as its source or its language."""
        return names.is_called(self.name, names.METADATA)


@dataclass(frozen=True)
class TableFacts:
    """A sample of a table with the facts of its columns, in the file's order."""

    names: tuple[str, ...]
    sample: Sample
    _shares: dict[Any, float] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def columns(self) -> dict[str, ColumnFacts]:
        """Column -> facts."""
        return {name: column_facts(name, [row.get(name) for row in self.sample]) for name in self.names}

    def of_kind(self, *kinds: str) -> list[str]:
        """Names of the columns that hold this."""
        return [name for name, facts in self.columns.items() if facts.kind in kinds]

    def share(self, name: str, fits: Callable[[Any], Any], rows: int = 100) -> float:
        """Share of the filled cells of a column that ``fits``, looking at a megabyte of them at most; 0 for an empty column."""
        key = (name, fits, rows)
        if key not in self._shares:
            given = [row.get(name) for row in self.sample[:rows]]
            cells = _first_cells([cell for cell in given if cell not in (None, "", "[]")])
            self._shares[key] = sum(map(bool, map(fits, cells))) / len(cells) if cells else 0.0
        return self._shares[key]

    def same_rows(self, one: str, other: str) -> bool:
        """Whether two columns tell the rows apart in the same way, as a number and its name do."""
        pairs = {(row.get(one), row.get(other)) for row in self.sample}
        return len(pairs) == len({pair[0] for pair in pairs}) == len({pair[1] for pair in pairs})


def _first_cells(cells: Sequence[Any]) -> list[Any]:
    """The first cells, up to the one with which they are a megabyte long."""
    found: list[Any] = []
    size = 0
    for cell in cells:
        if size > MAX_CHARACTERS:
            break
        found.append(cell)
        size += len(cell) if isinstance(cell, str) else 1
    return found


def parsed(cell: Any) -> Any:
    """The list or object that a cell holds in JSON or as Python writes it; None for everything else."""
    if not isinstance(cell, str) or cell.lstrip()[:1] not in ("[", "{"):
        return cell if isinstance(cell, list | dict) else None
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        pass
    try:
        value = ast.literal_eval(cell.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return None
    return value if isinstance(value, list | dict) else None


def column_facts(name: str, cells: Sequence[Any]) -> ColumnFacts:
    """The facts of one column."""
    values = [text for cell in cells if cell is not None and (text := str(cell)).strip()]
    if not values:
        return ColumnFacts(name, EMPTY)
    counts: dict[str, int] = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    looked = _first_cells(values)
    words = sum(map(_word_count, looked)) / len(looked)
    numeric = sum(map(is_number, looked)) / len(looked)
    common = tuple(sorted(counts, key=lambda value: -counts[value])[:20])
    kind = _kind(looked, len(counts) / len(values), len(counts), (words, numeric))
    return ColumnFacts(name, kind, len(values), len(counts), words, numeric, common)


def _kind(values: Sequence[str], share: float, distinct: int, means: tuple[float, float]) -> str:
    """The kind of a column of which these values were looked at; ``means`` are of the number of words and of numbers."""
    words, numeric = means

    def most(fits: Any) -> bool:
        return sum(map(bool, map(fits, values))) >= SHARE * len(values)

    if most(lambda value: parsed(value) is not None):
        return OBJECTS
    if most(lambda value: _TIME.fullmatch(value.strip())):
        return TIMES
    if most(lambda value: _LINK.fullmatch(value.strip())):
        return LINKS
    recurring = (share <= DISTINCT_SHARE or distinct <= 2) and words <= MAX_VALUE_WORDS
    if numeric >= SHARE and (not recurring or distinct > FEW_NUMBERS):
        return NUMBERS
    if recurring:
        return VALUES
    return TEXTS if words >= MIN_TEXT_WORDS else WORDS


def _plain(value: str) -> str:
    """A value in small letters, of the Turkish dotless i as i."""
    return value.casefold().strip().replace("\u0131", "i").replace("\u015f", "s")


def _word_count(value: str) -> float:
    unspaced = len(_UNSPACED.findall(value))
    return len(_UNSPACED.sub("", value).split()) + unspaced / 2

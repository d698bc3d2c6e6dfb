"""Rows of cells without names yet, as in delimited texts and sheets: finds the names, puts usual oddities right and tells.

A row is a pair of its number in the file and its cells. The order: choose the row with the names, name or leave out columns,
then filter the rows below.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from app.readers.grid_flaws import (
    doubtful_header,
    empty_columns,
    filled_column,
    found_header,
    no_header,
    repeated_header,
    row_numbers,
    second_header,
    total_rows,
    written_once,
)
from app.readers.headers import data_votes, is_number, looks_like_names
from app.readers.repairs import is_wanted, note_repair
from app.readers.source import Choices
from app.readers.table import (
    MAX_COLUMNS,
    Cell,
    Flaws,
    Record,
    check_column_count,
    check_columns,
    column_name,
    nameless_column,
)

Row = tuple[int, Sequence[Cell]]

SEARCHED_ROWS = 60
# As pandas names columns that have none.
_UNNAMED = "Unnamed: "
# The first word of a row of totals, in the languages of common spreadsheet programs.
TOTALS = frozenset(
    "total|totals|grand total|subtotal|sum|sums|average|mean|count|summe|gesamt|gesamtsumme|insgesamt|zwischensumme|"
    "mittelwert|durchschnitt|anzahl|total général|sous-total|somme|moyenne|total general|suma|razem|totale|somma|totaal|som|"
    "summa|totalt|итого|всего|toplam|genel toplam|összesen|celkem|ukupno|总计|合计|合計|합계".split("|")
)
LONGEST_TOTAL = max(map(len, TOTALS)) + 1
# What survey services write below the names, beside the questions in words.
_IMPORT_ID = '{"ImportId"'
MAX_EXPLAINING = 3
# A column with more different values than this holds no labels that were written once for a group.
MAX_GROUPS = 1000


@dataclass
class GridLayout:
    """Where names and data of a grid are.

    Attributes:
        header: number of the row with the names; 0 if there is none.
        first: number of the first row of data.
        names: of the kept columns.
        kept: their positions in a row.
        width: cells of a full row.
        written: the names as they stand in the file, for every position.
    """

    header: int
    first: int
    names: list[str]
    kept: list[int]
    width: int
    written: list[str] = field(default_factory=list)


class Grid:
    """A grid that can be read several times.

    Args:
        rows: begins anew with each call; rows have as many cells as the file gives them.
        choices: what the person stated.
        flaws: collects every note.
        found: where repairs are noted; see ``app.readers.table.Table``.
        free: cells may stand anywhere, as in a sheet: titles above the table and values beside it are usual.
    """

    def __init__(
        self,
        rows: Callable[[], Iterable[Row]],
        choices: Choices,
        flaws: Flaws,
        found: dict[str, Any],
        *,
        free: bool = False,
    ) -> None:
        self._free = free
        self._rows = rows
        self._chosen = choices.repairs
        self._header_row = choices.header_row
        self._flaws, self._found = flaws, found

    def layout(self) -> GridLayout | None:
        """Names and columns; None for a grid without rows.

        Raises:
            Rejected: ``columns`` for names that cannot be used.
        """
        head: list[Row] = []
        for number, cells in islice(self._rows(), SEARCHED_ROWS + 1):
            if not head:
                check_column_count(len(cells))
            if _filled(cells):
                head.append((number, cells[: MAX_COLUMNS + 1]))
        if not head:
            return None
        at = 0 if self._header_row else self._find_header(head)
        number, written = head[at]
        if at:
            self._flaws.add(found_header(number))
        below = head[at + 1 :]
        usual = self._is_data(written, below)
        if is_wanted(self._chosen, "no_header", usual):
            return self._unnamed(head[at:])
        first = self._after_explanations(below, number)
        names = [column_name(cell or "") for cell in written]
        width = max(len(names), self._further(names, below))
        names += [""] * (width - len(names))
        kept = self._kept(names, first)
        return GridLayout(number, first, check_columns([names[n] for n in kept]), kept, width, names)

    def repair(self, layout: GridLayout, records: Iterator[Record]) -> Iterator[Record]:
        """The records of full width below the names, without rows that are no data, cut to the kept columns."""
        layout_names = [layout.written[n] for n in layout.kept] if layout.header else []
        filling = is_wanted(self._chosen, "fill_down", False)
        above: list[Cell] = [None] * len(layout.kept)
        watch = _Gaps()
        numeric = _Numeric(len(layout.names))
        for line, cells in records:
            if line < layout.first:
                continue
            kept = cells if len(layout.kept) == len(cells) else [cells[n] for n in layout.kept]
            if self._is_repeated(line, kept, layout_names) or self._is_total(line, kept, numeric):
                continue
            numeric.see(kept)
            watch.see(kept)
            if filling:
                for at, cell in enumerate(kept):
                    if cell and cell.strip():
                        above[at] = cell
                kept = self._filled_down(line, kept, above, layout.names)
            yield line, kept
        self._offer_filling(watch, layout.names, filling)

    def _find_header(self, head: Sequence[Row]) -> int:
        """The first row that fills as many cells as most rows below: titles and remarks above a table fill fewer.

        Of two rows of names, as spreadsheets have them above groups of columns, the second one is complete.
        """
        counts = [len(_filled(cells)) for _, cells in head]
        usual = max(set(counts), key=lambda count: (counts.count(count), count))
        first = counts[0]
        if first < min(usual, 2):
            at = next(n for n, count in enumerate(counts) if count >= usual)
            # Of delimited text, the first row may as well be names of which one was forgotten.
            return at if self._free or _is_surely_named(head[at][1], head[at + 1 :]) else 0
        if first < usual and len(head) > 2 and counts[1] >= usual and _is_grouped(head[0][1]):
            return 1 if _is_surely_named(head[1][1], head[2:]) else 0
        return 0

    def _further(self, names: Sequence[str], below: Sequence[Row]) -> int:
        """How many cells most rows below have, where the names may be fewer."""
        if self._free:
            reach = Counter(len(cells) for _, cells in below)
            return max(
                (width for width in reach if 2 * sum(reach[n] for n in reach if n >= width) > len(below)), default=0
            )
        return _usual_width(below) if below and not names[-1] else 0

    def _is_data(self, written: Sequence[Cell], below: Sequence[Row]) -> bool:
        """Whether the row with the names is data; a doubt is noted."""
        votes = data_votes(written, [cells for _, cells in below if list(cells) != list(written)])
        against = sum(votes)
        doubtful = max(votes, default=0) > 0
        if self._header_row or not doubtful or against < 0:
            return False
        note_repair(self._found, "no_header", is_wanted(self._chosen, "no_header", against > 0))
        if against == 0 and "no_header" not in self._chosen:
            self._flaws.add(doubtful_header())
        return against > 0

    def _unnamed(self, data: Sequence[Row]) -> GridLayout:
        width = _usual_width(data)
        names = [f"column {n}" for n in range(1, width + 1)]
        self._flaws.add(no_header(names))
        note_repair(self._found, "no_header", True)
        return GridLayout(0, data[0][0], check_columns(names), list(range(width)), width, names)

    def _after_explanations(self, below: Sequence[Row], header: int) -> int:
        """Number of the first row of data: services of surveys write questions and ids below the names."""
        for at, (_, cells) in enumerate(below[:MAX_EXPLAINING]):
            if any(cell and cell.startswith(_IMPORT_ID) for cell in cells) and at + 1 < len(below):
                return self._left_below(below, at + 1, header)
        if len(below) > 3 and _explains(below[0][1], [cells for _, cells in below[1:]]):
            return self._left_below(below, 1, header)
        return header + 1

    def _left_below(self, below: Sequence[Row], count: int, header: int) -> int:
        wanted = is_wanted(self._chosen, "second_header")
        note_repair(self._found, "second_header", wanted)
        if not wanted:
            return header + 1
        self._flaws.add(second_header([number for number, _ in below[:count]]))
        return below[count][0]

    def _kept(self, names: Sequence[str], first: int) -> list[int]:
        """Positions of the columns to read: those without a name may be empty, or count the rows."""
        nameless = [at for at, name in enumerate(names) if not name or name.startswith(_UNNAMED)]
        if len(nameless) == len(names):
            raise nameless_column(1)
        if not nameless:
            return list(range(len(names)))
        empty, counting = self._useless(nameless, first)
        left: set[int] = set()
        for name, found in (("empty_columns", empty), ("row_numbers", counting - empty)):
            wanted = is_wanted(self._chosen, name)
            if found:
                note_repair(self._found, name, wanted)
            if found and wanted:
                left |= found
                self._flaws.add((empty_columns if name == "empty_columns" else row_numbers)(sorted(found)))
        kept = [at for at in range(len(names)) if at not in left]
        if (blank := next((at for at in kept if not names[at]), None)) is not None:
            raise nameless_column(blank + 1)
        return kept

    def _useless(self, nameless: Sequence[int], first: int) -> tuple[set[int], set[int]]:
        """Of the given columns, those without any value, and the first one if it counts the rows."""
        empty, counting = set(nameless), {at for at in nameless if at == 0}
        before = -1
        for number, cells in self._rows():
            if number < first:
                continue
            empty = {at for at in empty if at >= len(cells) or not (cells[at] or "").strip()}
            if counting:
                count = _count(cells[0])
                if count != before + 1 and not (before == -1 and count == 1):
                    counting.clear()
                before = count
            if not empty and not counting:
                break
        return empty, counting

    def _is_repeated(self, line: int, cells: Sequence[Cell], names: Sequence[str]) -> bool:
        if not names or (cells[0] or "").strip() != names[0]:
            return False
        if [column_name(cell or "") for cell in cells] != names:
            return False
        wanted = is_wanted(self._chosen, "repeated_header")
        note_repair(self._found, "repeated_header", wanted)
        if wanted:
            self._flaws.add(repeated_header(), line)
        return wanted

    def _is_total(self, line: int, cells: Sequence[Cell], numeric: "_Numeric") -> bool:
        if len(cells) < 2 or len(cells[0] or cells[1] or "") > LONGEST_TOTAL:
            return False
        filled = _filled(cells)
        if not filled or filled[0].strip().casefold().rstrip(":") not in TOTALS:
            return False
        rest = filled[1:]
        if not all(map(is_number, rest)) or not (len(filled) < len(cells) or numeric.departs(cells)):
            return False
        wanted = is_wanted(self._chosen, "total_rows")
        note_repair(self._found, "total_rows", wanted)
        if wanted:
            self._flaws.add(total_rows(), line)
        return wanted

    def _filled_down(self, line: int, cells: Sequence[Cell], above: Sequence[Cell], names: Sequence[str]) -> list[Cell]:
        filled: list[Cell] = []
        for at, cell in enumerate(cells):
            if (cell is None or not cell.strip()) and above[at]:
                self._flaws.add(filled_column(names[at]), line)
                filled.append(above[at])
            else:
                filled.append(cell)
        return filled

    def _offer_filling(self, watch: "_Gaps", names: Sequence[str], filling: bool) -> None:
        gaps = watch.written_once()
        if gaps or filling:
            note_repair(self._found, "fill_down", filling)
        if not filling:
            for at in gaps:
                self._flaws.add(written_once(names[at], watch.empty[at], watch.rows))


class _Gaps:
    """Counts, for each column, rows that are empty below a value: labels are often written once for a group."""

    def __init__(self) -> None:
        self.rows = 0
        # Position of a column that may be of this kind -> its values; most columns drop out within a few rows.
        self._values: dict[int, set[str]] = {}
        self.empty: dict[int, int] = {}
        # Columns with a value in two rows that follow each other, and with one that comes again later.
        self._adjacent: set[int] = set()
        self._again: set[int] = set()
        self._before: Sequence[Cell] = ()

    def see(self, cells: Sequence[Cell]) -> None:
        self.rows += 1
        if self.rows == 1:
            self._values = {at: set() for at, cell in enumerate(cells) if cell and cell.strip()}
            self.empty = dict.fromkeys(self._values, 0)
        for at, values in list(self._values.items()):
            cell = cells[at]
            if not cell or not cell.strip():
                self.empty[at] += 1
            else:
                self._adjacent |= {at} if self._before and (self._before[at] or "").strip() else set()
                self._again |= {at} if cell in values else set()
                few = self.rows > 20 and self.empty[at] * 2 < self.rows
                if len(values) > MAX_GROUPS or few or at in self._again & self._adjacent:
                    del self._values[at], self.empty[at]
                else:
                    values.add(cell)
        self._before = cells

    def written_once(self) -> list[int]:
        """Columns that begin with a value and are empty in most rows; one that comes again has empty rows below it each time."""
        return [at for at, values in self._values.items() if self.rows > 3 and self.empty[at] > len(values) > 1]


class _Numeric:
    """Whether columns hold numbers, as far as they were seen."""

    def __init__(self, width: int) -> None:
        self._rows = 0
        self._numbers = [0] * width

    def see(self, cells: Sequence[Cell]) -> None:
        if self._rows < SEARCHED_ROWS:
            self._rows += 1
            for at, cell in enumerate(cells):
                self._numbers[at] += is_number(cell)

    def departs(self, cells: Sequence[Cell]) -> bool:
        """Whether a number stands where there were none."""
        return any(is_number(cell) and not count for cell, count in zip(cells, self._numbers, strict=True))


def _filled(cells: Sequence[Cell]) -> list[str]:
    return [cell for cell in cells if cell and cell.strip()]


def _is_grouped(cells: Sequence[Cell]) -> bool:
    """Whether there are gaps between filled cells, as between names of groups of columns."""
    filled = [at for at, cell in enumerate(cells) if cell and cell.strip()]
    return bool(filled) and len(filled) < filled[-1] - filled[0] + 1


def _is_surely_named(row: Sequence[Cell], below: Sequence[Row]) -> bool:
    """Whether a row holds names, and what stands below speaks for that."""
    cells = [cells for _, cells in below]
    return looks_like_names(_filled(row), [_filled(cell) for cell in cells]) and sum(data_votes(row, cells)) < 0


def _usual_width(rows: Sequence[Row]) -> int:
    return Counter(len(cells) for _, cells in rows).most_common(1)[0][0]


def _count(cell: Cell) -> int:
    """A count that a cell holds; -2 for anything else."""
    plain = (cell or "").strip()
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 10 else -2


def _explains(row: Sequence[Cell], below: Sequence[Sequence[Cell]]) -> bool:
    """Whether a row has words, such as units, in at least two columns that otherwise hold numbers alone."""
    odd = 0
    for at, cell in enumerate(row):
        values = [cells[at] for cells in below if at < len(cells) and cells[at]]
        if cell and len(values) > 2 and all(map(is_number, values)) and not is_number(cell):
            odd += 1
    return odd >= 2

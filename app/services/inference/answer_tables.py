"""The answers of a file on disk: portions as JSON while it is answered, then rows and answers together as CSV.

A row has an answer of the task's form, or ``{"unanswered": reason}``.
"""

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from app import files, storage
from app.catalog.task_types.scores import AnswerForm
from app.services.datasets.csv_lines import BYTE_ORDER_MARK, CsvLines
from app.services.datasets.row_tables import load_reading, read_rows

Answer = Mapping[str, Any]
Order = Literal["file", "unsure"]
ORDERS: tuple[Order, ...] = get_args(Order)

UNANSWERED = "unanswered"


@dataclass(frozen=True)
class AnswerCells:
    """How answers of one form become cells.

    Attributes:
        names: of the columns, by one answer as an example.
        cells: of one answer, one for each name.
        certainty: how sure the model is, higher for surer; None where a form has no such number.
    """

    names: Callable[[Answer], Sequence[str]]
    cells: Callable[[Answer], Sequence[str]]
    certainty: Callable[[Answer], float] | None = None


def has_portion(folder: Path, number: int) -> bool:
    """Whether the answers of a portion are stored."""
    return _portion(folder, number).is_file()


def store_portion(folder: Path, number: int, answers: Sequence[Answer]) -> None:
    """Store the answers of a portion, in the order of its rows."""
    files.write_json(_portion(folder, number), list(answers))


def discard(folder: Path) -> None:
    """Delete all answers of a file."""
    for path in (*folder.glob("answers-*.json"), *(table_path(folder, order) for order in ORDERS)):
        path.unlink(missing_ok=True)


def table_path(folder: Path, order: Order) -> Path:
    """The CSV in this order."""
    return folder / f"{order}.csv"


def written(folder: Path) -> tuple[Order, ...]:
    """The orders in which there is a CSV."""
    return tuple(order for order in ORDERS if table_path(folder, order).is_file())


def write_tables(folder: Path, form: AnswerForm) -> int:
    """Write the CSV of a file that is answered to its end, in every order that its form has; returns the rows without an answer."""
    columns = load_reading(folder).columns
    shape = CELLS[form]
    example = next((answer for answer in _answers(folder) if UNANSWERED not in answer), None)
    names = list(shape.names(example)) if example else []
    sheet = CsvLines()
    places: list[tuple[float, int, int]] = []
    unanswered = 0
    with files.atomic_file(table_path(folder, "file")) as aside, aside.open("wb") as out:
        header = BYTE_ORDER_MARK + sheet.line(
            [*columns, *_free(names, columns), *_free(["no_answer_because"], columns)]
        )
        out.write(header)
        for row, answer in zip(read_rows(folder, columns), _answers(folder), strict=True):
            reason = str(answer.get(UNANSWERED, ""))
            cells = [""] * len(names) if reason else list(shape.cells(answer))
            line = sheet.line([*(row[name] for name in columns), *cells, reason])
            # Rows that no model has seen come last.
            certainty = math.inf if reason or shape.certainty is None else shape.certainty(answer)
            places.append((certainty, out.tell(), len(line)))
            out.write(line)
            unanswered += bool(reason)
    if shape.certainty is not None:
        _write_sorted(folder, header, places)
    return unanswered


def _write_sorted(folder: Path, header: bytes, places: list[tuple[float, int, int]]) -> None:
    with (
        table_path(folder, "file").open("rb") as source,
        files.atomic_file(table_path(folder, "unsure")) as aside,
        aside.open("wb") as out,
    ):
        out.write(header)
        for _certainty, at, length in sorted(places):
            source.seek(at)
            out.write(source.read(length))


def _free(names: Sequence[str], taken: Sequence[str]) -> list[str]:
    """The names, changed where a column of the file has the same."""
    return [next(name for name in _variants(name) if name not in taken) for name in names]


def _variants(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{name}_{number}"
        number += 1


def _portion(folder: Path, number: int) -> Path:
    return folder / f"answers-{number:06d}.json"


def _answers(folder: Path) -> Iterator[Answer]:
    for path in sorted(folder.glob("answers-*.json")):
        yield from storage.read_json(path)


def _share(value: float) -> str:
    return f"{value:.4f}"


def _label_cells(answer: Answer) -> list[str]:
    ranked = [*answer["probabilities"].items(), ("", 0.0)][:2]
    return [cell for label, share in ranked for cell in (label, _share(share) if label else "")]


def _labels_names(answer: Answer) -> list[str]:
    return ["predicted_labels", *(f"probability: {label}" for label in sorted(answer["probabilities"]))]


def _labels_cells(answer: Answer) -> list[str]:
    shares = answer["probabilities"]
    return ["; ".join(answer["labels"]), *(_share(shares[label]) for label in sorted(shares))]


def _labels_certainty(answer: Answer) -> float:
    """How far the probability that is nearest to its threshold is from it."""
    limits = answer["thresholds"]
    return min((abs(share - limits[label]) for label, share in answer["probabilities"].items()), default=0.0)


def _entity_cells(answer: Answer) -> list[str]:
    listed = json.dumps(answer["entities"], ensure_ascii=False)
    return [listed, str(answer["read_to"])]


CELLS: dict[AnswerForm, AnswerCells] = {
    "label": AnswerCells(
        lambda _answer: ["predicted_label", "probability", "second_label", "second_probability"],
        _label_cells,
        lambda answer: max(answer["probabilities"].values(), default=0.0),
    ),
    "labels": AnswerCells(_labels_names, _labels_cells, _labels_certainty),
    "number": AnswerCells(
        lambda answer: [f"predicted: {name}" for name in answer["numbers"]],
        lambda answer: [f"{value:.6g}" for value in answer["numbers"].values()],
    ),
    "entities": AnswerCells(
        lambda _answer: ["entities", "characters_read"],
        _entity_cells,
        lambda answer: min((entity["score"] for entity in answer["entities"]), default=1.0),
    ),
    "target": AnswerCells(
        lambda _answer: ["written", "source_cut"],
        lambda answer: [answer["text"], "yes" if answer["cut"] else "no"],
    ),
    "text": AnswerCells(lambda _answer: ["answer", "ended_because"], lambda answer: [answer["text"], answer["finish"]]),
}

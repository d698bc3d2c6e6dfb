"""Previews which tokens of the training rows have a loss, before anything is trained and without torch.

The tokens are masked by the same code as in training.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from app import storage
from app.catalog.base_models import base_model as find_base_model
from app.catalog.base_models import base_model_path
from app.catalog.loss_mask import open_masker
from app.catalog.masked_example import MaskedExample
from app.catalog.task_types import task_type as find_task_type
from app.catalog.task_types.generative import Example, GenerativeTask, UnusableRow
from app.catalog.training import TrainingSettings
from app.errors import Rejected
from app.field_errors import field_refusal
from app.languages import gettext as _
from app.models import DatasetVersion
from app.services.datasets import datasets
from app.services.datasets.row_tables import read_rows
from app.services.runs.run_specs import complete_training

# Lengths are counted on at most so many training rows, evenly spaced.
MAX_COUNTED_ROWS = 2000
SHOWN_EXAMPLES = 3
MAX_BARS = 24
READ, LEARNED, CUT = "read", "learned", "cut"


@dataclass(frozen=True)
class TextPart:
    """A piece of text of one kind: ``read`` (context), ``learned`` (has a loss) or ``cut`` (truncated)."""

    kind: str
    text: str


@dataclass(frozen=True)
class PreviewedExample:
    """One training row in parts; ``line`` is that of the uploaded file."""

    line: int
    tokens: int
    learned_tokens: int
    cut: bool
    parts: Sequence[TextPart]


@dataclass(frozen=True)
class LengthBar:
    """Rows whose length in tokens lies between ``start`` and ``end``; ``cut``: they are truncated."""

    start: int
    end: int
    rows: int
    cut: bool


@dataclass(frozen=True)
class LengthHistogram:
    """The lengths in tokens of the counted rows."""

    mean: float
    longest: int
    bars: Sequence[LengthBar]

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the REST API."""
        bars = [{"from": bar.start, "to": bar.end, "rows": bar.rows, "cut": bar.cut} for bar in self.bars]
        return {"mean": self.mean, "longest": self.longest, "bars": bars}


@dataclass(frozen=True)
class LossMaskPreview:
    """What a model will see of the training rows; ``template`` is the chat template, None for running text.

    ``separate`` says that an encoder reads the source and a decoder writes the target. ``cut_rows`` and ``left_out_rows`` (no token with a loss) are of ``counted_rows``, a sample of ``rows``.
    """

    template: str | None
    learn_from: str
    max_length: int
    rows: int
    counted_rows: int
    cut_rows: int
    left_out_rows: int
    lengths: LengthHistogram
    examples: Sequence[PreviewedExample]
    separate: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the REST API."""
        return {**asdict(self), "lengths": self.lengths.as_dict()}


@dataclass(frozen=True)
class _MaskedRow:
    line: int
    example: MaskedExample
    max_length: int
    running_text: bool

    @property
    def tokens(self) -> int:
        return len(self.example.ids)

    @property
    def learned(self) -> int:
        """Tokens with a loss; the first token is never predicted, and running text is packed instead of truncated."""
        first = 0 if self.example.source_tokens else 1
        return sum(
            learned and (self.running_text or not self.example.is_cut(at, self.max_length))
            for at, learned in enumerate(self.example.learned)
            if at >= first
        )

    @property
    def cut(self) -> bool:
        return not self.running_text and self.example.longest > self.max_length


def preview(
    user_id: str, dataset_id: str, *, base_model: str, method: dict[str, Any], training: dict[str, Any]
) -> LossMaskPreview:
    """Examples and lengths of the newest version's training rows, for these settings.

    Raises:
        NotFound: the dataset is not theirs.
        Rejected: the task does not generate text, a setting is out of bounds, or the chat template refuses the rows.
    """
    version = datasets.latest_version(datasets.get_dataset(user_id, dataset_id))
    task = find_task_type(version.task_type)
    if not isinstance(task, GenerativeTask):
        raise Rejected(
            "no_supervision",
            _("{task} has labels; there is no text to learn.", task=repr(task.title)),
            _("Choose a task that writes."),
        )
    card = find_base_model(base_model)
    settings = _settings(complete_training(version, task, card, method, training))
    masker = open_masker(base_model_path(card.name), settings.learn_from)
    rows = [
        _MaskedRow(
            line, masker.mask(task.with_prefix(example, settings.source_prefix)), settings.max_length, not example.turns
        )
        for line, example in _examples(storage.dataset_dir(version.id), task, version.columns)
    ]
    return LossMaskPreview(
        template=masker.template_name or None if rows and not rows[0].running_text else None,
        learn_from=settings.learn_from,
        max_length=settings.max_length,
        rows=version.split_sizes.get("train", len(rows)),
        counted_rows=len(rows),
        cut_rows=sum(row.cut for row in rows),
        left_out_rows=sum(row.learned == 0 for row in rows),
        lengths=_histogram(rows, settings.max_length),
        examples=[
            PreviewedExample(row.line, row.tokens, row.learned, row.cut, _parts(row)) for row in _shown_rows(rows)
        ],
        separate=any(row.example.source_tokens for row in rows),
    )


def count_learned(version: DatasetVersion, base_model: str) -> int:
    """Tokens with a loss in all training rows, extrapolated from a sample; 0 for tasks that do not generate text."""
    task = find_task_type(version.task_type)
    if not isinstance(task, GenerativeTask):
        return 0
    settings = _settings(dict(task.training_defaults))
    masker = open_masker(base_model_path(base_model), settings.learn_from)
    rows = [
        _MaskedRow(line, masker.mask(example), settings.max_length, not example.turns)
        for line, example in _examples(storage.dataset_dir(version.id), task, version.columns)
    ]
    return round(sum(row.learned for row in rows) / max(1, len(rows)) * version.split_sizes["train"])


def _settings(training: dict[str, Any]) -> TrainingSettings:
    try:
        return TrainingSettings.model_validate(training)
    except ValidationError as error:
        raise field_refusal(error.errors()) from None


def _examples(folder: Path, task: GenerativeTask, columns: dict[str, str]) -> list[tuple[int, Example]]:
    """``(line, example)`` of the sampled training rows; unusable rows are left out."""
    ids = storage.read_json(folder / "splits.json")["train"]
    sampled = set(ids[:: max(1, -(-len(ids) // MAX_COUNTED_ROWS))])
    examples = []
    for row in read_rows(folder, list(columns.values())):
        if row["_id"] in sampled:
            try:
                examples.append((row["_line"], task.read_example(row, columns)))
            except UnusableRow:
                continue
    return examples


def _shown_rows(rows: Sequence[_MaskedRow]) -> list[_MaskedRow]:
    """The first row, one of median length, and the longest, which shows what is truncated."""
    if len(rows) <= SHOWN_EXAMPLES:
        return list(rows)
    by_length = sorted(range(1, len(rows)), key=lambda index: rows[index].tokens)
    return [rows[0], rows[by_length[len(by_length) // 2]], rows[by_length[-1]]]


def _parts(row: _MaskedRow) -> list[TextPart]:
    """The text in pieces of one kind; text that belongs to no token is added to the piece before it."""
    pieces: list[tuple[str, str]] = []
    done = 0
    for index, (learned, (start, end)) in enumerate(zip(row.example.learned, row.example.spans, strict=True)):
        kind = (
            CUT if not row.running_text and row.example.is_cut(index, row.max_length) else LEARNED if learned else READ
        )
        text = row.example.text[min(done, start) if not pieces else done : max(done, end)]
        done = max(done, end)
        if not text:
            continue
        if pieces and pieces[-1][0] == kind:
            pieces[-1] = (kind, pieces[-1][1] + text)
        else:
            pieces.append((kind, text))
    rest = row.example.text[done:]
    if rest and pieces:
        pieces[-1] = (pieces[-1][0], pieces[-1][1] + rest)
    return [TextPart(kind, text) for kind, text in pieces]


def _histogram(rows: Sequence[_MaskedRow], max_length: int) -> LengthHistogram:
    lengths = [row.tokens for row in rows]
    longest = max(lengths, default=0)
    width = max(1, -(-(longest + 1) // MAX_BARS))
    counts = [0] * (longest // width + 1)
    for length in lengths:
        counts[length // width] += 1
    bars = [
        LengthBar(number * width, (number + 1) * width - 1, count, number * width >= max_length)
        for number, count in enumerate(counts)
    ]
    return LengthHistogram(sum(lengths) / max(1, len(lengths)), longest, bars)

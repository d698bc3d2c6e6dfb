"""Shows, before anything is trained, what a model will see of the rows and what it will learn from; needs no torch.

The same code marks the tokens in training, so what is shown is what is learned. Knows no door.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app import storage
from app.catalog.base_models import base_model as find_base_model
from app.catalog.base_models import base_model_path
from app.catalog.loss_mask import MaskedExample, open_masker
from app.catalog.task_types import task_type as find_task_type
from app.catalog.task_types.generative import Example, GenerativeTask, UnusableRow
from app.catalog.training import TrainingSettings, with_defaults
from app.errors import Rejected
from app.field_errors import field_refusal
from app.models import DatasetVersion
from app.services.datasets import datasets
from app.services.datasets.row_tables import read_rows
from app.services.runs.run_specs import max_text_tokens

# Lengths are counted on this many training rows at most, evenly spaced; the answer says on how many.
MOST_COUNTED = 2000
EXAMPLES = 3
BARS = 24
READ, LEARNED, CUT = "read", "learned", "cut"


@dataclass(frozen=True)
class _Seen:
    line: int
    marked: MaskedExample
    longest: int
    whole: bool

    @property
    def tokens(self) -> int:
        return len(self.marked.ids)

    @property
    def learned(self) -> int:
        """Tokens that are learned from; the very first has nothing before it, running text is never cut."""
        return sum(self.marked.learned[1:] if self.whole else self.marked.learned[1 : self.longest])

    @property
    def cut(self) -> bool:
        return not self.whole and self.tokens > self.longest


def preview(
    user_id: str, dataset_id: str, *, base_model: str, method: dict[str, Any], training: dict[str, Any]
) -> dict[str, Any]:
    """Examples and lengths of the newest version's training rows, for these settings.

    Returns:
        ``{"template", "learn_from", "max_length", "rows", "counted_rows", "cut_rows", "left_out_rows", "lengths": {"mean",
        "longest", "bars": [{"from", "to", "rows", "cut"}]}, "examples": [{"line", "tokens", "learned_tokens", "cut",
        "parts": [{"kind": "read|learned|cut", "text"}]}]}``.

    Raises:
        NotFound: the dataset is not theirs.
        Rejected: the task does not write text, a setting is out of bounds, or the chat template refuses the rows.
    """
    version = datasets.latest_version(datasets.get_dataset(user_id, dataset_id))
    task = find_task_type(version.task_type)
    if not isinstance(task, GenerativeTask):
        raise Rejected(
            "no_supervision", f"{task.title!r} has labels; there is no text to learn.", "Choose a task that writes."
        )
    card = find_base_model(base_model)
    settings = _settings(with_defaults(training, task.training_defaults, max_text_tokens(card, method)))
    masker = open_masker(base_model_path(card.name), settings.learn_from)
    lessons = _lessons(storage.dataset_dir(version.id), task, version.columns)
    longest = settings.max_length
    seen = [_Seen(line, masker.mask(lesson), longest, not lesson.turns) for line, lesson in lessons]
    return {
        "template": masker.template.name if seen and not seen[0].whole else None,
        "learn_from": settings.learn_from,
        "max_length": longest,
        "rows": version.split_sizes.get("train", len(seen)),
        "counted_rows": len(seen),
        "cut_rows": sum(each.cut for each in seen),
        "left_out_rows": sum(each.learned == 0 for each in seen),
        "lengths": _lengths(seen, longest),
        "examples": [_example(each) for each in _chosen(seen)],
    }


def count_learned(version: DatasetVersion, base_model: str) -> int:
    """Tokens of all training rows that a model learns to write, from a sample of the rows; 0 for tasks that sort."""
    task = find_task_type(version.task_type)
    if not isinstance(task, GenerativeTask):
        return 0
    settings = _settings(dict(task.training_defaults))
    masker = open_masker(base_model_path(base_model), settings.learn_from)
    lessons = _lessons(storage.dataset_dir(version.id), task, version.columns)
    seen = [_Seen(line, masker.mask(lesson), settings.max_length, not lesson.turns) for line, lesson in lessons]
    return round(sum(each.learned for each in seen) / max(1, len(seen)) * version.split_sizes["train"])


def _settings(training: dict[str, Any]) -> TrainingSettings:
    from pydantic import ValidationError

    try:
        return TrainingSettings.model_validate(training)
    except ValidationError as error:
        raise field_refusal(error.errors()) from None


def _lessons(folder: Any, task: GenerativeTask, columns: dict[str, str]) -> list[tuple[int, Example]]:
    ids = storage.read_json(folder / "splits.json")["train"]
    wanted = set(ids[:: max(1, -(-len(ids) // MOST_COUNTED))])
    found = []
    for row in read_rows(folder, list(columns.values())):
        if row["_id"] in wanted:
            try:
                found.append((row["_line"], task.read_example(row, columns)))
            except UnusableRow:
                continue
    return found


def _chosen(seen: Sequence[_Seen]) -> list[_Seen]:
    """The first, one from the middle by length, and the longest, which shows what is cut."""
    if len(seen) <= EXAMPLES:
        return list(seen)
    by_length = sorted(range(1, len(seen)), key=lambda at: seen[at].tokens)
    return [seen[0], seen[by_length[len(by_length) // 2]], seen[by_length[-1]]]


def _example(seen: _Seen) -> dict[str, Any]:
    return {
        "line": seen.line,
        "tokens": seen.tokens,
        "learned_tokens": seen.learned,
        "cut": seen.cut,
        "parts": _parts(seen),
    }


def _parts(seen: _Seen) -> list[dict[str, str]]:
    """The text in pieces of one kind; what no token stands for goes with what comes before it."""
    parts: list[dict[str, str]] = []
    done = 0
    for at, (on, (start, end)) in enumerate(zip(seen.marked.learned, seen.marked.spans, strict=True)):
        kind = CUT if not seen.whole and at >= seen.longest else LEARNED if on else READ
        text = seen.marked.text[min(done, start) if not parts else done : max(done, end)]
        done = max(done, end)
        if not text:
            continue
        if parts and parts[-1]["kind"] == kind:
            parts[-1]["text"] += text
        else:
            parts.append({"kind": kind, "text": text})
    rest = seen.marked.text[done:]
    if rest and parts:
        parts[-1]["text"] += rest
    return parts


def _lengths(seen: Sequence[_Seen], longest: int) -> dict[str, Any]:
    tokens = [each.tokens for each in seen]
    most = max(tokens, default=0)
    width = max(1, -(-(most + 1) // BARS))
    bars = [
        {"from": start, "to": start + width - 1, "rows": 0, "cut": start >= longest}
        for start in range(0, most + 1, width)
    ]
    for each in tokens:
        bars[each // width]["rows"] += 1
    return {"mean": sum(tokens) / max(1, len(tokens)), "longest": most, "bars": bars}

"""What the models of the playground read: one text each, one of several lines, or two together; and the boxes for that."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from app.catalog.task_types import task_type
from app.languages import gettext as _
from app.languages import gettext_noop, ngettext
from app.models import Run
from app.services.inference import prediction
from app.services.inference.chat import STEP_SEPARATOR
from app.services.runs import runs
from app.services.runs.predictions import PredictionDetails
from studio_ui.formats import count
from studio_ui.run_words import writes_targets

MOST_TEXTS = 100
HELP = gettext_noop("One text per line, at most {most}. Shift + Enter asks. Nothing you type is stored.")
SOURCES = gettext_noop(
    "An empty line between texts, at most {most} of them. Shift + Enter asks. Nothing you type is stored."
)
_EMPTY_LINE = re.compile(r"\n\s*\n")


@dataclass(frozen=True)
class InputForm:
    """How texts are typed.

    Attributes:
        titles: of the texts that are read together, each in a box of its own; empty where one text is read at a time.
        whole: whether a text may have several lines, so that an empty line parts texts.
    """

    titles: tuple[str, ...] = ()
    whole: bool = False

    def boxes(self) -> tuple[Any, Any]:
        """Updates of the box of texts, and of the one for those that are read together with them."""
        words, shown = (HELP, _("One text per line"))
        if self.whole:
            words, shown = SOURCES, _("A text; an empty line; the next text")
        label = self.titles[0] if self.titles else _("Your texts")
        first = gr.update(label=label, info=_(words, most=MOST_TEXTS), placeholder=shown)
        if not self.titles:
            return first, gr.update(visible=False)
        belongs = _("Each line belongs to the same line of the other box.")
        return first, gr.update(label=self.titles[1], info=belongs, placeholder=shown, visible=True)

    def inputs(self, texts: str, seconds: str | None) -> list[tuple[str, ...]]:
        """The texts that are read together, in their order; empty where there are none, or the numbers of both differ."""
        first = self._parts(texts)
        if not self.titles:
            return [(text,) for text in first]
        second = self._parts(seconds)
        return list(zip(first, second, strict=True)) if len(first) == len(second) else []

    def missing(self, texts: str, seconds: str | None) -> str:
        """Why nothing can be asked."""
        first, second = len(self._parts(texts)), len(self._parts(seconds))
        if not self.titles or first == second:
            return _("Type a text first.")
        return _(
            "There are {first} lines in “{one}” and {second} in “{other}”; each needs one in the other box.",
            first=count(first),
            second=count(second),
            one=self.titles[0],
            other=self.titles[1],
        )

    def answered(self, number: int) -> str:
        """How many were answered."""
        if self.titles:
            return ngettext("{number} pair answered.", "{number} pairs answered.", number)
        return f"{count(number)} {'text' if number == 1 else 'texts'} answered."

    def filled(self, run: Run, rows: Sequence[PredictionDetails]) -> tuple[str, str]:
        """Rows of a run as they would be typed into the boxes."""
        task, columns = task_type(run.task_type), run.spec["columns"]
        if self.whole:
            # A source with several references stands there once for each.
            return "\n\n".join(dict.fromkeys(_EMPTY_LINE.sub("\n", row.input) for row in rows)), ""
        parts = [[text.replace("\n", " ") for _title, text in task.input_parts(row.input, columns)] for row in rows]
        first, *others = ["\n".join(texts) for texts in zip(*parts, strict=True)] or [""]
        return first, others[0] if others else ""

    def _parts(self, texts: str | None) -> list[str]:
        # A box that is hidden has no text.
        parts = _EMPTY_LINE.split(texts or "") if self.whole else (texts or "").split("\n")
        return [part.strip() for part in parts if part.strip()]


def input_form(user_id: str, models: Sequence[str]) -> InputForm:
    """How the texts of these models are typed: several together as the first one reads them, whole where one of them writes texts."""
    chosen = list(dict.fromkeys(name.partition(STEP_SEPARATOR)[0] for name in models))
    known = {run.id: run for run in runs.list_runs(user_id) if run.id in chosen}
    asked = [known[run_id] for run_id in chosen if run_id in known]
    roles = prediction.read_together(asked[0]) if asked else ()
    titles = [f"{_(role.title)} ({asked[0].spec['columns'][role.name]})" for role in roles]
    return InputForm(tuple(titles) if len(titles) > 1 else (), any(writes_targets(run.task_type) for run in asked))

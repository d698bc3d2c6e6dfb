"""The foot of a guided path: back, next, what is still missing; and the path's place in the address and in the session."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import gradio as gr

from app.languages import gettext as _
from studio_ui.components.browser_component import BrowserComponent
from studio_ui.components.nodes import Node, action, el

# In the browser alone: what a listener of ``go`` does to the `gr.Walkthrough`.
SELECT_STEP = "(value) => ({__type__: 'update', selected: value.step})"


@dataclass(frozen=True)
class StepWords:
    """One step: its name in the address, its title, and the event that is triggered when it is entered, if any."""

    key: str
    title: str
    event: str = ""


class StepControls(BrowserComponent):
    """Moves through the steps of the `gr.Walkthrough` with the id ``stepper`` without a request.

    ``value`` is ``{"step": number}``; ``go`` is triggered whenever it changed. The browser's Back and Forward move, too.
    Steps may be entered in any order, and their buttons show what was chosen there. An element with ``data-step`` anywhere
    in the page leads to that step.

    ``status`` comes from Python: ``{"subject": id in the address or None, "step": key to begin with, "draft": what is stored
    in the session under ``storage_key``, "missing": what keeps the last step's button disabled, "values": step -> words,
    "closed": whether nothing can be done here}``.

    ``start`` brings a ``key``, the same until an answer to it has come. The answer comes by :meth:`take_answer`, not with
    ``status``: an update of the same component that arrives at the same moment would replace it.
    """

    module = "step_controls.js"
    sends = ("go", "start", "compared", "reviewed")

    def __init__(
        self,
        steps: Sequence[StepWords | dict[str, str]],
        *,
        stepper: str,
        subject: str,
        storage_key: str,
        start_words: str,
        value: dict[str, int] | None = None,
        status: dict[str, Any] | None = None,
        frame: Sequence[Node] = (),
        **options: Any,
    ) -> None:
        self.fixed: dict[str, Any] = {
            "steps": [step if isinstance(step, dict) else asdict(step) for step in steps],
            "stepper": stepper,
            "subject": subject,
            "storage_key": storage_key,
            "start_words": start_words,
            "frame": frame or _frame(),
        }
        super().__init__(value=value or {"step": 0}, status=status, **self.fixed, **options)

    def update(self, status: dict[str, Any]) -> dict[str, Any]:
        """What a listener returns to tell the browser how things stand."""
        # Gradio forgets what an update leaves out.
        return gr.update(status=status, **self.fixed)

    def take_answer(self) -> str:
        """Script for ``js=`` that hands over what a listener has returned to a page's state.

        That is ``{"key": of the press, "refused": an error as of the API, "leave_for": address to go to, "done": whether the
        stored draft is over}``, all optional.
        """
        element = f"#{self.elem_id} .browser-component"
        return f"(answer) => document.querySelector({element!r}).dispatchEvent(new CustomEvent('answered', {{ detail: answer }}))"

    def api_info(self) -> dict[str, Any]:
        """The number of the step that is shown."""
        return {"type": "object", "properties": {"step": {"type": "integer", "minimum": 0}}, "required": ["step"]}

    def example_payload(self) -> Any:
        """The first step."""
        return {"step": 0}


def _frame() -> list[Node]:
    """What was refused, and below it the foot."""
    foot = [
        action(_("Back"), "back", id="step-back"),
        action(_("Take all recommendations"), "skip", id="step-skip", look="quiet"),
        el("p", id="step-missing", cls="step-missing", role="status"),
        action(_("Next"), "next", id="step-next", look="primary large"),
    ]
    return [el("div", id="step-error"), el("div", foot, cls="step-actions", hidden=True)]

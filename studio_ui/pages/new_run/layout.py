"""The components of the page: a walkthrough of six steps with cards and native fields, and the foot below it."""

from collections.abc import Mapping
from dataclasses import replace

import gradio as gr

from app.catalog.methods.cards import method_card
from app.catalog.task_types import TASK_TYPES
from app.catalog.task_types.base import Role
from app.languages import gettext as _
from app.languages import gettext_noop, ngettext
from studio_ui.components.accordion import Accordion
from studio_ui.components.choice_cards import ChoiceCards
from studio_ui.components.nodes import el
from studio_ui.components.page_state import PageState
from studio_ui.components.setting_marks import SettingMarks
from studio_ui.components.step_controls import StepControls, StepWords
from studio_ui.components.view import View
from studio_ui.forms import SettingsForm
from studio_ui.pages.new_run.choices import method_lines, model_lines, preset_cards
from studio_ui.pages.new_run.draft import METHOD_BY_KIND, training_schemas

STORAGE_KEY = "studio-new-run"
STEPS = (
    StepWords("data", gettext_noop("Data")),
    StepWords("goal", gettext_noop("Goal")),
    StepWords("model", gettext_noop("Model"), "compared"),
    StepWords("method", gettext_noop("Method"), "compared"),
    StepWords("settings", gettext_noop("Settings")),
    StepWords("review", gettext_noop("Review"), "reviewed"),
)
QUESTIONS = {
    "data": gettext_noop("Which data should it train on?"),
    "goal": gettext_noop("What should it learn to do?"),
    "model": gettext_noop("Which base model?"),
    "method": gettext_noop("Which tuning method?"),
    "settings": gettext_noop("How thoroughly?"),
    "review": gettext_noop("Ready to start?"),
}


def usual_step(query: Mapping[str, str]) -> str:
    """The step that an address leads to which names none: after the choices that it makes."""
    return "settings" if query.get("clone") else "goal" if query.get("dataset") else "data"


def first_step(query: Mapping[str, str]) -> int:
    """The number of the step that an address leads to."""
    numbers = {step.key: number for number, step in enumerate(STEPS)}
    return numbers.get(query.get("step") or usual_step(query), 0)


class Layout:
    """What the page consists of. ``sources`` are the components that hold a person's choices."""

    def __init__(self) -> None:
        self.stored = PageState()
        self.answer = PageState({})
        # The method whose settings are shown.
        self.shown_method = PageState("")
        self.trouble = View(lines=0)
        self.steps: dict[str, gr.Step] = {}
        with gr.Walkthrough(selected=0, elem_id="wizard", elem_classes="wizard") as self.walkthrough:
            for number, step in enumerate(STEPS):
                with gr.Step(_(step.title), id=number, elem_id=f"panel-{step.key}", elem_classes="step-panel"):
                    title = el(
                        "h2", _(QUESTIONS[step.key]), id=f"step-title-{step.key}", cls="step-title", tabindex="-1"
                    )
                    View(value={"nodes": title}, lines=0)
                    getattr(self, f"_{step.key}_step")()
        self.controls = StepControls(
            [replace(step, title=_(step.title)) for step in STEPS],
            stepper="wizard",
            subject="dataset",
            storage_key=STORAGE_KEY,
            start_words=_("Start"),
            elem_id="step-controls",
        )
        self.marks = SettingMarks()

    @property
    def sources(self) -> list[gr.components.Component]:
        """Dataset, goal, model, method and name; then columns, settings of methods, training settings."""
        return [*self.choices, *self.method_form.components, *self.training_form.components]

    @property
    def choices(self) -> list[gr.components.Component]:
        """Dataset, goal, model, method and name; then columns."""
        return [self.dataset, self.goal, self.model, self.method, self.name, *self.roles.values()]

    @property
    def state(self) -> list[gr.components.Component]:
        """What follows from every choice (see :meth:`Case.state`)."""
        return [self.preset, self.marks, self.controls]

    @property
    def outputs(self) -> list[gr.components.Component]:
        """Everything that a listener may change. Gradio makes every output of an event anew, also those that stay as they are,
        so listeners name only what they change.
        """
        shown = (self.trouble, self.data_trouble, self.review_trouble, self.offer, self.review, self.supervision)
        return [
            *self.sources,
            self.preset,
            self.method_title,
            self.shown_method,
            self.details,
            *shown,
            self.marks,
            self.controls,
        ]

    def _data_step(self) -> None:
        self.data_trouble = View(lines=0)
        self.dataset = ChoiceCards(legend=_("Data set"), group="dataset")
        upload = el("p", el("a", _("Upload other data"), href="/datasets"))
        View(value={"nodes": upload}, lines=0)

    def _goal_step(self) -> None:
        self.goal = ChoiceCards(legend=_("Goal"), group="task")
        View(value={"nodes": el("h3", _("Columns"))}, lines=0)
        self.roles: dict[Role, gr.Dropdown] = {}
        with gr.Column(elem_classes="settings-form"):
            for role in dict.fromkeys(role for task in TASK_TYPES for role in task.roles):
                self.roles[role] = gr.Dropdown(
                    [],
                    label=_(role.title),
                    info=_(role.help),
                    elem_id=f"goal-role-{role.name}",
                    visible=False,
                    # The columns are those of the data, which Gradio does not know any more after a restart.
                    allow_custom_value=True,
                )

    def _model_step(self) -> None:
        self.model = ChoiceCards(
            legend=_("Base model"), group="model", read_lines=model_lines, waiting=_("Estimating…")
        )
        more = el(
            "p", _("Not here? "), el("a", _("Fetch another base model"), href="/models"), _(" on the Models page.")
        )
        View(value={"nodes": more}, lines=0)

    def _method_step(self) -> None:
        self.offer = View(lines=0)
        self.method = ChoiceCards(
            legend=_("Method"),
            group="method",
            read_lines=method_lines,
            waiting=_("Counting…"),
            special_legend=_("Specialist methods"),
            fold_words=lambda number: ngettext(
                "Show {number} specialist method", "Show {number} specialist methods", number
            ),
            elem_classes="method-groups",
        )

    def _settings_step(self) -> None:
        self.preset = ChoiceCards(legend=_("Preset"), group="preset", cards=preset_cards(), row=True)
        with Accordion(_("All settings"), open=False, elem_id="all-settings") as self.details:
            self.method_title = View(lines=0)
            with gr.Column(elem_classes="settings-form"):
                schemas = {kind: method_card(method)["schema"] for kind, method in METHOD_BY_KIND.items()}
                self.method_form = SettingsForm("method", schemas)
            View(value={"nodes": el("h3", _("Training"))}, lines=0)
            with gr.Column(elem_classes="settings-form"):
                self.training_form = SettingsForm("training", training_schemas())

    def _review_step(self) -> None:
        self.review_trouble = View(lines=0)
        self.review = View(lines=4, min_height=190)
        self.supervision = View(lines=0)
        self.name = gr.Textbox(
            label=_("Name (optional)"),
            placeholder=_("A name is made up if you leave this empty"),
            max_length=200,
            max_lines=1,
            elem_id="run-name-new",
        )

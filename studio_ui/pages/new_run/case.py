"""One moment of the page: what is chosen, on which data, and what the page shows for it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import gradio as gr

from app.catalog.task_types.base import Role
from app.languages import gettext as _
from app.models import Dataset, DatasetVersion
from app.services.datasets import datasets
from studio_ui.components.nodes import Node, el
from studio_ui.components.view import show
from studio_ui.forms import FormReading
from studio_ui.pages.new_run.choices import comparison_offer, goal_cards, method_cards, model_cards, preset_cards
from studio_ui.pages.new_run.draft import (
    METHOD_BY_KIND,
    Draft,
    Overrides,
    card_of,
    lacking,
    model_of,
    preset_of,
    ranked,
    task_of,
    training_overrides,
)
from studio_ui.pages.new_run.layout import Layout
from studio_ui.pages.new_run.review import settings_words, undecided_nodes

Updates = dict[gr.components.Component, Any]


@dataclass(frozen=True)
class Case:
    """A draft with what the fields hold, which may be no allowed values."""

    layout: Layout
    user_id: str
    draft: Draft
    method_held: Sequence[Any]
    training_held: Sequence[Any]

    @classmethod
    def read(cls, layout: Layout, user_id: str, given: Sequence[Any]) -> "Case":
        """What the page holds; ``given`` are the values of ``layout.sources``."""
        dataset_id, goal, model, kind, name = (str(item or "") for item in given[:5])
        roles, methods = len(layout.roles), len(layout.method_form.components)
        columns = zip(layout.roles, given[5 : 5 + roles], strict=True)
        chosen = {**_own_columns(user_id, dataset_id, goal), **_columns(goal, columns)}
        draft = Draft(dataset_id, goal, model, kind, name=name, columns=chosen)
        rest = given[5 + roles :]
        return cls(layout, user_id, draft, rest[:methods], rest[methods:])._completed()

    @classmethod
    def of(cls, layout: Layout, user_id: str, draft: Draft) -> "Case":
        """What the page will hold when this draft is shown."""
        goal = task_of(draft.task_type).kind
        version = datasets.latest_version(datasets.get_dataset(user_id, draft.dataset_id))
        return cls(
            layout,
            user_id,
            draft,
            layout.method_form.held(draft.kind, draft.method),
            layout.training_form.held(goal, draft.training, training_overrides(draft, version)),
        )._completed()

    def _completed(self) -> "Case":
        """With the settings as the fields say them."""
        return replace(
            self, draft=replace(self.draft, method=self.method_reading.values, training=self.training_reading.values)
        )

    @property
    def goal(self) -> str:
        """The kind of the task, which decides on the training settings."""
        return task_of(self.draft.task_type).kind

    @cached_property
    def overrides(self) -> Overrides:
        """What task and model change in the training settings."""
        return training_overrides(self.draft, self.version)

    @cached_property
    def method_reading(self) -> FormReading:
        """The settings of the method, as the fields hold them."""
        return self.layout.method_form.read(self.draft.kind, self.method_held)

    @cached_property
    def training_reading(self) -> FormReading:
        """The training settings, as the fields hold them."""
        return self.layout.training_form.read(self.goal, self.training_held, self.overrides)

    @cached_property
    def dataset(self) -> Dataset:
        """The chosen dataset.

        Raises:
            NotFound: it is not theirs.
        """
        return datasets.get_dataset(self.user_id, self.draft.dataset_id)

    @property
    def version(self) -> DatasetVersion:
        """The version that the run will use."""
        return datasets.latest_version(self.dataset)

    @cached_property
    def advice(self) -> dict[str, Any]:
        """The ranking of the methods."""
        return ranked(self.user_id, self.draft)

    def refused(self, kind: str) -> list[tuple[str, str]]:
        """What the training settings ask of a method and it cannot do."""
        return self.layout.training_form.refused(
            self.goal, self.draft.training, card_of(kind)["refusals"], self.overrides
        )

    def missing(self) -> list[str]:
        """What keeps the run from starting, in words."""
        refused = [
            _("a method that can do what “{title}” asks", title=title) for title, words in self.refused(self.draft.kind)
        ]
        complaints = [*self.method_reading.complaints, *self.training_reading.complaints]
        return [
            *lacking(self.draft, self.version),
            *refused,
            *(_("an allowed value for “{title}”", title=title) for title in complaints),
        ]

    def everything(self) -> Updates:
        """The page for this draft, except the review."""
        return {
            **self.data(),
            **self.columns(),
            **self.models(),
            **self.methods(),
            **self.method_fields(),
            **self.training_fields(),
            self.layout.name: self.draft.name,
            **self.state(),
        }

    def data(self) -> Updates:
        """The goals for the chosen dataset, and rows that need a decision."""
        return {
            self.layout.goal: self.layout.goal.update(self.draft.task_type, goal_cards(self.version)),
            self.layout.data_trouble: show(undecided_nodes(self.dataset, "data-")),
            self.layout.review_trouble: show(undecided_nodes(self.dataset)),
        }

    def columns(self) -> Updates:
        """A field for each role of the goal, but none for an answer that columns in further roles give."""
        names = datasets.preview(self.user_id, self.draft.dataset_id, limit=1)["columns"]
        free = [(name, name) for name in names if not name.startswith("_")]
        task, chosen = task_of(self.draft.task_type), self.draft.columns
        own = {role.name for role in task.roles}
        answered = any(task.is_answer(role) for role in chosen if role not in own)
        wanted = [
            role
            for role in task.roles
            if role.required or role.name in chosen or not (answered and task.is_answer(role.name))
        ]
        return {
            box: gr.update(
                visible=True,
                choices=free if role.required else [("none", ""), *free],
                value=self.draft.columns.get(role.name),
            )
            if role in wanted
            else gr.update(visible=False, value=None)
            for role, box in self.layout.roles.items()
        }

    def models(self) -> Updates:
        """The base models that serve the goal."""
        cards = model_cards(self.draft)
        return {
            self.layout.model: self.layout.model.update(self.draft.base_model, cards, self.draft.as_dict()),
        }

    def methods(self) -> Updates:
        """The methods that serve the goal, ranked, and the offer to compare them."""
        refused = {kind: self.refused(kind) for kind in METHOD_BY_KIND}
        cards = method_cards(self.draft, self.advice["ranked"], refused)
        offer = comparison_offer(self.user_id, self.draft, self.advice)
        return {
            self.layout.method: self.layout.method.update(self.draft.kind, cards, self.draft.as_dict()),
            self.layout.offer: show(offer),
        }

    def method_fields(self, before: str = "") -> Updates:
        """The settings of the chosen method; those of the method ``before`` are shown now, if that is known."""
        has_settings = bool(self.layout.method_form.settings(self.draft.kind))
        title: list[Node] = [el("h3", card_of(self.draft.kind)["title"])] if has_settings else []
        return {
            **self.layout.method_form.show(self.draft.kind, self.draft.method, before=before),
            self.layout.shown_method: self.draft.kind,
            self.layout.method_title: show(title),
        }

    def training_fields(self, before: str = "") -> Updates:
        """The training settings that the goal has; those of the goal ``before`` are shown now, if that is known."""
        return dict(self.layout.training_form.show(self.goal, self.draft.training, self.overrides, before))

    def state(self, **more: Any) -> Updates:
        """What follows from the choices: marks, the preset, what is missing; ``more`` goes to the foot."""
        preset = preset_of(self.draft.training)
        training = self.layout.training_form
        refusals = card_of(self.draft.kind)["refusals"]
        marks = {
            **self.layout.method_form.marks(self.draft.kind, self.method_held),
            **training.marks(self.goal, self.training_held, self.overrides, refusals),
        }
        whole = not (self.method_reading.complaints or self.training_reading.complaints)
        status = {
            "subject": self.draft.dataset_id,
            "draft": self.draft.as_dict(),
            "missing": self.missing(),
            "values": self._step_values(),
            **more,
        }
        return {
            self.layout.preset: self.layout.preset.update(preset.name if preset and whole else None, preset_cards()),
            self.layout.marks: gr.update(marks=marks),
            self.layout.controls: self.layout.controls.update(status),
        }

    def _step_values(self) -> dict[str, str]:
        model = model_of(self.draft.base_model)
        preset = None if self.draft.method else preset_of(self.draft.training)
        return {
            "data": self.dataset.name,
            "goal": _(task_of(self.draft.task_type).title),
            "model": model.title if model else "",
            "method": card_of(self.draft.kind)["title"],
            "settings": preset.title if preset else _("Your own"),
        }

    def settings_words(self) -> str:
        """The settings for the summary."""
        return settings_words(self.draft, self.layout.method_form, self.layout.training_form, self.overrides)


def _own_columns(user_id: str, dataset_id: str, goal: str) -> dict[str, str]:
    """Columns in roles that have no field here, as the data was read: those that any number of columns may play."""
    task = task_of(goal)
    if not task.column_roles or not dataset_id:
        return {}
    version = datasets.latest_version(datasets.get_dataset(user_id, dataset_id))
    named = {role.name for role in task.roles}
    return (
        {role: column for role, column in version.columns.items() if role not in named}
        if version.task_type == goal
        else {}
    )


def _columns(goal: str, held: Any) -> dict[str, str]:
    wanted: tuple[Role, ...] = task_of(goal).roles
    return {role.name: str(column) for role, column in held if column and role in wanted}

"""What happens on the page: each choice shows what follows from it; nothing is kept on the server between two events."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import gradio as gr

from app.catalog.presets import PRESETS
from app.languages import gettext as _
from app.services.accounts.access import TO_TRAIN
from app.services.datasets import datasets
from app.services.datasets.row_errors import version_for_run
from app.services.datasets.versions import change_of
from app.services.experiments import method_comparison
from app.services.runs import runs
from app.services.runs.cross_validation import SETTING
from app.services.runs.runs import RunRequest
from studio_ui.components.choice_cards import ChoiceCards
from studio_ui.components.nodes import empty_state
from studio_ui.components.step_controls import SELECT_STEP
from studio_ui.components.view import show
from studio_ui.forms import on_change
from studio_ui.pages.new_run.case import Case, Updates
from studio_ui.pages.new_run.choices import dataset_cards
from studio_ui.pages.new_run.draft import (
    Draft,
    asked,
    cloned,
    preset_of,
    recommended,
    stored_draft,
    with_task,
)
from studio_ui.pages.new_run.layout import STORAGE_KEY, Layout, usual_step
from studio_ui.pages.new_run.review import review_nodes
from studio_ui.pages.new_run.supervision import supervision_nodes
from studio_ui.session import listen, query_of, refusal, user_of

STORED = f"() => sessionStorage.getItem('{STORAGE_KEY}')"


def build(blocks: gr.Blocks) -> None:
    """Six steps from data to a queued run, each filled in with a recommendation."""
    with gr.Column(elem_id="new-run-page"):
        layout = Layout()
    Wizard(layout).listen(blocks)


class Wizard:
    """The listeners of the page."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    def listen(self, blocks: gr.Blocks) -> None:
        """Register them all."""
        page = self.layout
        listen(blocks.load, self.open, page.stored, page.outputs, queued=False, js=STORED)
        listen(page.controls.go, None, page.controls, page.walkthrough, js=SELECT_STEP)
        training = page.training_form.components
        fields = [*page.method_form.components, page.method_title, page.shown_method]
        costs = [page.model, page.method, page.offer]
        everything = page.outputs
        for event, fn, outputs in (
            (page.goal.choose, self.choose_goal, everything),
            (page.model.choose, self.choose_model, [*training, *page.state]),
            (page.controls.reviewed, self.review, [page.review, *page.state]),
            (page.marks.reset, self.reset, [*fields, *training, *page.state]),
            (page.dataset.choose, self.choose_dataset, everything),
            (page.data_trouble.action, self.leave_out, everything),
            (page.review_trouble.action, self.leave_out, everything),
            (page.review.action, self.take_remedy, everything),
        ):
            listen(event, fn, page.sources, outputs)
        # These are answered at once, lead to other pages or may be left behind, when a queue's stream would be broken off; the
        # foot tells refusals.
        listen(page.controls.compared, self.compare_costs, page.sources, costs, queued=False)
        # What the fields of another method hold does not matter, and reading every field takes the browser a while.
        chosen = [page.shown_method, *page.choices, *training]
        # A press that is sent once more has the key of the first, and does not wait for an answer that may never come.
        for event, fn, inputs, outputs, mode in (
            (page.method.choose, self.choose_method, chosen, [*fields, *page.state], "always_last"),
            (page.controls.start, self.start, page.sources, page.state, "multiple"),
            (page.offer.action, self.compare_methods, page.sources, page.state, "once"),
        ):
            done = listen(event, fn, inputs, [*outputs, page.answer], queued=False, trigger_mode=mode)
            listen(done.success, None, page.answer, None, js=page.controls.take_answer())
        listen(page.controls.reviewed, self.supervise, page.sources, page.supervision)
        listen(page.preset.choose, self.choose_preset, [page.preset, *page.sources], [*training, *page.state])
        typed = [*page.roles.values(), *page.method_form.components, *page.training_form.components, page.name]
        listen(on_change(typed), self.edit, page.sources, page.state, queued=False, trigger_mode="always_last")

    def open(self, request: gr.Request, stored: Any) -> Updates:
        """What the address asks for: a run to repeat, a dataset, or the draft of this tab."""
        user_id, query = user_of(request), query_of(request)
        try:
            return self._opened(user_id, dict(query), stored_draft(stored))
        except Exception as error:
            shown = refusal(error)
            trouble = empty_state(shown.message, shown.hint, ("/", _("Go to Home")))
            closed: dict[str, Any] = {"subject": None, "missing": [], "closed": True}
            return {self.layout.trouble: show(trouble), self.layout.controls: self.layout.controls.update(closed)}

    def _opened(self, user_id: str, query: dict[str, str], kept: Draft | None) -> Updates:
        found = datasets.list_datasets(user_id, need=TO_TRAIN)
        if query.get("dataset"):
            datasets.require(user_id, query["dataset"], TO_TRAIN)
        if kept and kept.dataset_id not in {dataset.id for dataset in found}:
            kept = None
        if query.get("clone"):
            runs.get_run(user_id, query["clone"], TO_TRAIN)
            draft: Draft | None = cloned(user_id, query["clone"])
        else:
            wanted = query.get("dataset") or (kept.dataset_id if kept else "") or (found[0].id if found else "")
            # What was chosen for other data is not mixed in.
            draft = kept if kept and kept.dataset_id == wanted else None
            if draft is None and wanted:
                draft = recommended(user_id, datasets.get_dataset(user_id, wanted))
        if draft is None:
            return self._without_data()
        case = Case.of(self.layout, user_id, asked(draft, query))
        cards = self.layout.dataset.update(case.draft.dataset_id, dataset_cards(found))
        changed = bool(case.draft.method) or preset_of(case.draft.training) is None
        return {
            **case.everything(),
            self.layout.dataset: cards,
            self.layout.details: gr.update(open=changed),
            **case.state(step=usual_step(query)),
        }

    def _without_data(self) -> Updates:
        words = _("Upload a file or copy a sample; then you come back here with one click.")
        return {
            self.layout.data_trouble: show(
                empty_state(_("There is no data yet."), words, ("/datasets", _("Upload data")))
            ),
            self.layout.controls: self.layout.controls.update({"subject": None, "missing": ["data"]}),
        }

    def choose_dataset(self, request: gr.Request, *given: Any) -> Updates:
        """Begin anew with other data."""
        user_id = user_of(request)
        chosen = datasets.get_dataset(user_id, str(given[0]))
        return Case.of(self.layout, user_id, recommended(user_id, chosen)).everything()

    def choose_goal(self, request: gr.Request, event: gr.EventData, *given: Any) -> Updates:
        """Another goal, with a model and a method that serve it."""
        before = self._before(request, event, given, self.layout.goal)
        draft = with_task(before.draft, str(event.value), before.version)
        return Case.of(self.layout, before.user_id, draft).everything()

    def choose_model(self, request: gr.Request, event: gr.EventData, *given: Any) -> Updates:
        """Another base model, which bounds the length of texts."""
        before = self._before(request, event, given, self.layout.model)
        case = Case.of(self.layout, before.user_id, replace(before.draft, base_model=str(event.value)))
        return {**case.training_fields(case.goal), **case.state()}

    def _before(self, request: gr.Request, event: gr.EventData, given: Sequence[Any], cards: ChoiceCards) -> Case:
        """The case before a card was chosen: what the fields hold is to be read by the defaults of that time."""
        held = [
            event.before if source is cards else value for source, value in zip(self.layout.sources, given, strict=True)
        ]
        return Case.read(self.layout, user_of(request), held)

    def choose_method(self, request: gr.Request, shown: Any, *given: Any) -> Updates:
        """Another method, with the settings that are recommended for it."""
        choices = len(self.layout.choices)
        empty = [None] * len(self.layout.method_form.components)
        case = Case.read(self.layout, user_of(request), [*given[:choices], *empty, *given[choices:]])
        try:
            ranking = case.advice["ranked"]
            settings: dict[str, Any] = next(
                (item["settings"] for item in ranking if item["kind"] == case.draft.kind), {}
            )
            chosen = Case.of(self.layout, case.user_id, replace(case.draft, method=dict(settings)))
            return {**chosen.method_fields(str(shown or "")), **chosen.state(), self.layout.answer: {}}
        except Exception as error:
            return {self.layout.answer: {"refused": refusal(error).as_dict()["error"]}}

    def choose_preset(self, request: gr.Request, preset: Any, *given: Any) -> Updates:
        """The training settings of a preset."""
        case = Case.read(self.layout, user_of(request), given)
        training = next(dict(item.training) for item in PRESETS if item.name == preset)
        if folds := case.draft.training.get(SETTING):
            training[SETTING] = folds
        filled = Case.of(self.layout, case.user_id, replace(case.draft, training=training))
        return {**filled.training_fields(case.goal), **filled.state()}

    def edit(self, request: gr.Request, *given: Any) -> Updates:
        """Something was typed or ticked: what follows from it."""
        return Case.read(self.layout, user_of(request), given).state()

    def reset(self, request: gr.Request, event: gr.EventData, *given: Any) -> Updates:
        """The default of one setting."""
        case = Case.read(self.layout, user_of(request), given)
        field = str(event.id)
        form, choice, overrides = (
            (self.layout.method_form, case.draft.kind, {})
            if field.startswith("method-")
            else (self.layout.training_form, case.goal, case.overrides)
        )
        update = form.reset(field, choice, overrides)
        after = [
            update[source]["value"] if source in update else held
            for source, held in zip(self.layout.sources, given, strict=True)
        ]
        return {**update, **Case.read(self.layout, case.user_id, after).state()}

    def compare_costs(self, request: gr.Request, *given: Any) -> Updates:
        """Models and methods with their costs for the choices as they were; what is chosen meanwhile stays chosen."""
        case = Case.read(self.layout, user_of(request), given)
        found = {**case.models(), **case.methods()}
        for cards in (self.layout.model, self.layout.method):
            del found[cards]["value"]
        return found

    def review(self, request: gr.Request, *given: Any) -> Updates:
        """What the run will cost and do."""
        case = Case.read(self.layout, user_of(request), given)
        nodes = review_nodes(case.user_id, case.draft, case.dataset, case.settings_words())
        return {self.layout.review: show(nodes), **case.state()}

    def supervise(self, request: gr.Request, *given: Any) -> Any:
        """What a model that writes will see of the rows."""
        case = Case.read(self.layout, user_of(request), given)
        return show(supervision_nodes(case.user_id, case.draft, case.version.task_type))

    def take_remedy(self, request: gr.Request, event: gr.EventData, *given: Any) -> Updates:
        """A change after which the run fits."""
        case = Case.read(self.layout, user_of(request), given)
        change = dict(event.value)
        draft = case.draft
        if change.get("method"):
            method = dict(change["method"])
            draft = replace(draft, kind=str(method.pop("kind", draft.kind)), method=method)
        else:
            draft = replace(draft, training={**draft.training, **dict(change["training"])})
        after = Case.of(self.layout, case.user_id, draft)
        nodes = review_nodes(after.user_id, after.draft, after.dataset, after.settings_words())
        return {**after.everything(), self.layout.review: show(nodes)}

    def leave_out(self, request: gr.Request, *given: Any) -> Updates:
        """Leave all rows with errors out, as the next version of the data; everything that was chosen stays."""
        case = Case.read(self.layout, user_of(request), given)
        version = version_for_run(case.user_id, case.version, leave_out=True)
        gr.Success(
            _(
                "Version {amount}: {summary}",
                amount=version.number,
                summary=change_of(version)["summary"],
            )
        )
        after = Case.of(self.layout, case.user_id, case.draft)
        cards = dataset_cards(datasets.list_datasets(case.user_id, need=TO_TRAIN))
        nodes = review_nodes(after.user_id, after.draft, after.dataset, after.settings_words())
        return {
            **after.everything(),
            self.layout.dataset: self.layout.dataset.update(after.draft.dataset_id, cards),
            self.layout.review: show(nodes),
        }

    def compare_methods(self, request: gr.Request, *given: Any) -> Updates:
        """Queue the first three methods on a sample of the data, and follow them."""
        case = Case.read(self.layout, user_of(request), given)
        draft = case.draft
        try:
            started = method_comparison.start(
                case.user_id, draft.dataset_id, draft.base_model, task_type=draft.task_type
            )
        except Exception as error:
            return {self.layout.answer: {"refused": refusal(error).as_dict()["error"]}}
        return {self.layout.answer: {"leave_for": f"/experiments?id={started.id}"}}

    def start(self, request: gr.Request, event: gr.EventData, *given: Any) -> Updates:
        """Queue the run; the same key never makes a second one."""
        case = Case.read(self.layout, user_of(request), given)
        key = str(event.key)[:200]
        if case.missing():
            return {**case.state(), self.layout.answer: {"key": key}}
        draft = case.draft
        wanted = RunRequest(
            dataset_id=draft.dataset_id,
            base_model=draft.base_model,
            task_type=draft.task_type,
            method=draft.spec,
            columns=draft.columns,
            training=draft.training,
            name=draft.name,
        )
        try:
            run = runs.submit(case.user_id, wanted, idempotency_key=key)
        except Exception as error:
            return {self.layout.answer: {"key": key, "refused": refusal(error).as_dict()["error"]}}
        return {self.layout.answer: {"key": key, "leave_for": f"/run?id={run.id}", "done": True}}

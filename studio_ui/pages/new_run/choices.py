"""The cards of the steps: data, goals, base models, methods and presets, with their reasons and costs."""

from collections.abc import Mapping
from typing import Any

from app.catalog.base_models import recommended_base_model
from app.catalog.presets import PRESETS
from app.catalog.task_types import TASK_TYPES
from app.errors import StudioError
from app.languages import gettext as _
from app.languages import gettext_noop, ngettext
from app.models import Dataset, DatasetVersion
from app.services.datasets import datasets
from app.services.runs import run_costs
from studio_ui.components.choice_cards import Card
from studio_ui.components.nodes import Node, action, el, moment
from studio_ui.formats import byte_size, count, counted, duration_range, percent, span
from studio_ui.pages.new_run.draft import Draft, card_of, methods_for, models_for, stored_draft

CANDIDATES = 3
FITS = {
    "fits": ("✓", gettext_noop("Fits in memory")),
    "tight": ("!", gettext_noop("Tight in memory")),
    "too large": ("✕", gettext_noop("Too large for this machine")),
}


def dataset_cards(found: list[Dataset]) -> list[Card]:
    """The person's datasets, the newest first."""
    return [_dataset_card(dataset, newest=at == 0, alone=len(found) == 1) for at, dataset in enumerate(found)]


def _dataset_card(dataset: Dataset, *, newest: bool, alone: bool) -> Card:
    version = datasets.latest_version(dataset)
    return Card(
        dataset.id,
        dataset.name,
        badge=_("Newest") if newest else "",
        lines=[
            f"{rows_words(version)} {counted(len(version.labels), 'label')}."
            if version.labels
            else rows_words(version),
            el(
                "span",
                _("Version {amount}, added ", amount=version.number),
                moment(dataset.created_at),
                cls="choice-line",
            ),
        ],
        why=_("it is what you uploaded last.") if newest and not alone else "",
    )


def rows_words(version: DatasetVersion) -> str:
    """ "120 usable rows, 2 need attention." """
    rows = version.report["rows"]
    total, usable, excluded = int(rows["total"]), int(rows["usable"]), int(rows.get("excluded", 0))
    touched = total - usable - excluded
    words = [counted(usable, "usable row")]
    if touched > 0:
        words.append(ngettext("{number} needs attention", "{number} need attention", touched))
    if excluded:
        words.append(_("{excluded} left out", excluded=count(excluded)))
    return f"{', '.join(words)}."


def goal_cards(version: DatasetVersion) -> list[Card]:
    """Every task type; the one that the data was read for is recommended."""
    labels = len(version.labels or {})
    why = _("your data has {labels} for it.", labels=counted(labels, "different label") if labels else _("the columns"))
    return [
        Card(
            task.kind,
            _(task.title),
            badge=_("Recommended") if task.kind == version.task_type else "",
            lines=[_(task.summary), el("span", _(task.example), cls="choice-line example")],
            why=why if task.kind == version.task_type else "",
        )
        for task in TASK_TYPES
    ]


def model_cards(draft: Draft) -> list[Card]:
    """The base models that serve the goal."""
    first = recommended_base_model(draft.task_type)
    return [
        Card(
            model.name,
            model.title,
            badge=_("Recommended") if first and model.name == first.name else "",
            lines=[
                _(model.summary),
                _(
                    "{parameters} million parameters, reads up to {context_length} tokens, licence {licence}",
                    parameters=count(model.parameters / 1000000.0),
                    context_length=count(model.context_length),
                    licence=model.licence,
                ),
            ],
            why=_(first.reason) if first and model.name == first.name else "",
        )
        for model in models_for(draft.task_type)
    ]


def method_cards(
    draft: Draft, ranking: list[dict[str, Any]], refused: Mapping[str, list[tuple[str, str]]]
) -> list[Card]:
    """The methods that serve the goal, the recommended one first; ``refused`` is kind -> (setting, sentences)."""
    place = {method["kind"]: at for at, method in enumerate(ranking)}
    kinds = sorted(methods_for(draft.task_type), key=lambda kind: place.get(kind, len(place)))
    return [
        _method_card(kind, ranking[place[kind]] if kind in place else None, place.get(kind) == 0, refused[kind])
        for kind in kinds
    ]


def _method_card(kind: str, advice: dict[str, Any] | None, first: bool, refused: list[tuple[str, str]]) -> Card:
    card = card_of(kind)
    why: Node = ""
    if first and advice:
        sources = "; ".join(reason["source"] for reason in advice["reasons"] if reason["points"] > 0)
        why = el("span", advice["sentence"], " ", el("span", f"({sources})", cls="muted"))
    return Card(
        kind,
        card["title"],
        badge=_("Recommended") if first else "",
        lines=[
            card["summary"],
            _labelled(_("Choose it when"), card["when"]),
            _labelled(_("Against it"), card["against"]),
            *(el("span", f"{title}: {words}", cls="choice-line field-wrong") for title, words in refused),
        ],
        why=why,
        special=card["level"] != "plain" and not first,
    )


def _labelled(title: str, text: str) -> Node:
    return el("span", el("span", f"{title}: ", cls="muted"), text, cls="choice-line")


def preset_cards() -> list[Card]:
    """The presets of training settings."""
    return [
        Card(
            preset.name,
            _(preset.title),
            badge=_("Recommended") if preset.reason else "",
            lines=[_(preset.summary)],
            why=_(preset.reason),
        )
        for preset in PRESETS
    ]


def comparison_offer(user_id: str, draft: Draft, advice: Mapping[str, Any]) -> list[Node]:
    """What to do before any training, and the offer to compare the first methods; no offer where there is nothing to compare."""
    before: list[Node] = [el("p", item["words"], cls="muted", title=item["source"]) for item in advice["before"]]
    first = advice["ranked"][:CANDIDATES]
    if len(first) < 2:
        return before
    names = [choice["title"] for choice in first]
    words = _(
        "{names} and {names_2} train briefly on a sample, at most 200 updates each, and the best on the validation rows is kept (successive halving).",
        names=", ".join(names[:-1]),
        names_2=names[-1],
    )
    press = _("Compare the first three") if len(first) == CANDIDATES else _("Compare the first two")
    offer = el(
        "section",
        el(
            "p",
            el("strong", _("Not sure? Let your own data decide. ")),
            words,
            el("span", _epoch_words(user_id, draft, first[0]["kind"]), cls="muted"),
        ),
        action(press, "compare", id="method-race"),
        cls="race-offer",
        aria_label=_("Compare methods"),
    )
    return [*before, offer]


def _epoch_words(user_id: str, draft: Draft, kind: str) -> str:
    # One epoch is at most what the comparison takes on small data; on larger data it takes less.
    try:
        cost = estimate(user_id, draft, method={"kind": kind}, training={**draft.training, "epochs": 1})
    except StudioError:
        return ""
    return _(" One epoch takes {seconds} with the first of them.", seconds=duration_range(cost["seconds"]))


def estimate(user_id: str, draft: Draft, **replaced: Any) -> dict[str, Any]:
    """What the run would cost with some choices replaced."""
    version = datasets.latest_version(datasets.get_dataset(user_id, draft.dataset_id))
    wanted = {"base_model": draft.base_model, "method": draft.spec, "training": draft.training, **replaced}
    return run_costs.estimate_with_defaults(version, **wanted).as_dict()


def model_lines(user_id: str, context: Mapping[str, Any], values: list[str]) -> dict[str, list[Node]]:
    """Whether each base model fits here."""
    draft = stored_draft(context)
    return {name: _fit_or_refusal(user_id, draft, full=False, base_model=name) for name in values} if draft else {}


def method_lines(user_id: str, context: Mapping[str, Any], values: list[str]) -> dict[str, list[Node]]:
    """What each method would cost."""
    draft = stored_draft(context)
    return {kind: _fit_or_refusal(user_id, draft, full=True, method={"kind": kind}) for kind in values} if draft else {}


def _fit_or_refusal(user_id: str, draft: Draft, *, full: bool, **replaced: Any) -> list[Node]:
    try:
        cost = estimate(user_id, draft, **replaced)
    except StudioError as error:
        return [error.message]
    return [*fit_words(cost), cost_words(cost)] if full else fit_words(cost)


def fit_words(cost: Mapping[str, Any]) -> list[Node]:
    """Whether it fits, and what it needs."""
    mark, fit = FITS[cost["fit"]]
    words = _(fit)
    chip = el(
        "span",
        el("span", f"{mark} ", aria_hidden="true"),
        words,
        cls=f"fit-chip fit-{cost['fit'].replace(' ', '-')}",
    )
    needed = span(cost["memory_bytes"][0], cost["memory_bytes"][1], byte_size)
    return [
        chip,
        el(
            "span",
            _(
                "needs {needed}, {available_bytes} free",
                needed=needed,
                available_bytes=byte_size(cost["available_bytes"]),
            ),
            cls="muted",
        ),
    ]


def cost_words(cost: Mapping[str, Any]) -> Node:
    """What is trained, downloaded and waited for."""
    share = percent(cost["trainable_parameters"] / cost["total_parameters"])
    return el(
        "span",
        _(
            "trains {trainable_parameters} parameters ({share}), download {adapter_bytes}, {seconds}",
            trainable_parameters=count(cost["trainable_parameters"]),
            share=share,
            adapter_bytes=byte_size(cost["adapter_bytes"]),
            seconds=duration_range(cost["seconds"]),
        ),
        cls="muted",
    )

"""The last step: what the run will cost, what would make it fit, what will happen, and what deserves attention."""

from collections.abc import Mapping
from typing import Any

from app.errors import StudioError
from app.languages import gettext as _
from app.languages import ngettext
from app.models import Dataset, DatasetVersion
from app.services.accounts import limits
from app.services.datasets import datasets
from app.services.datasets.row_errors import undecided
from app.services.datasets.versions import report_of
from app.services.models.base_size import too_small
from app.services.runs import queue_page
from app.services.runs.cross_validation import SETTING
from app.services.runs.queue_page import QueueOverview
from studio_ui.components.nodes import Node, action, banner, el
from studio_ui.formats import byte_size, count, counted, duration, duration_range, percent, span
from studio_ui.forms import SettingsForm
from studio_ui.pages.new_run.choices import estimate, fit_words
from studio_ui.pages.new_run.draft import Draft, Overrides, card_of, folds_offer, model_of, preset_of, task_of
from studio_ui.quota_words import run_limits


def undecided_nodes(dataset: Dataset, prefix: str = "") -> list[Node]:
    """Rows with errors that nobody has decided about, with both ways on; nothing if there are none.

    ``prefix`` keeps ids apart where the page shows it twice.
    """
    version = datasets.latest_version(dataset)
    number = undecided(version)
    if not number:
        return []
    one = number == 1
    causes = [
        problem for problem in report_of(version)["problems"] if problem["severity"] == "error" and problem["count"]
    ]
    hint = " ".join(f"{count(cause['count'])}: {cause['message']}" for cause in causes[:3])
    made = banner(
        "error",
        ngettext(
            "{number} row has an error that needs your decision.",
            "{number} rows have errors that need your decision.",
            number,
        ),
        hint,
        "",
        action(
            _("Leave it out") if one else _("Leave them out"),
            "leave_out",
            id=f"{prefix}rows-leave-out",
            look="small primary",
        ),
        el(
            "a",
            _("Fix it on the Data page") if one else _("Fix them on the Data page"),
            href=f"/datasets?id={dataset.id}",
            cls="button small",
        ),
    )
    return [el("div", made, id=f"{prefix}rows-undecided")]


def review_nodes(user_id: str, draft: Draft, dataset: Dataset, settings: str) -> list[Node]:
    """Costs, summary and warnings; ``settings`` are the chosen settings in words."""
    version = datasets.latest_version(dataset)
    return [
        *_limits(user_id, dataset),
        _too_small(draft),
        el("section", _costs(user_id, draft), id="review-cost", cls="review-cost", aria_live="polite"),
        _folds(draft, version),
        el("section", el("h3", _("What will happen")), _summary(draft, dataset, settings), cls="report-part"),
        _warnings(dataset.id, version),
    ]


def _limits(user_id: str, dataset: Dataset) -> list[Node]:
    """Limits of the person or the project that this run or one of the next will meet."""
    own = run_limits(limits.usage(user_id), _("Your runs"))
    return [own, run_limits(limits.project_usage(dataset.project_id), _("Runs of this project"))]


def _too_small(draft: Draft) -> Node:
    """A base model that cannot do the job, before anything is spent on it."""
    words = too_small(draft.task_type, draft.base_model)
    if not words:
        return ""
    title = _("This base model is too small for the job.")
    made = banner("warning", title, words, "", el("a", _("Go to Models"), href="/models"))
    return el("div", made, id="review-too-small")


def _costs(user_id: str, draft: Draft) -> list[Node]:
    try:
        cost = estimate(user_id, draft)
        queue = queue_page.describe(user_id)
    except StudioError as error:
        return [banner("error", error.message, error.hint, error.code)]
    waiting = len(queue.running) + len(queue.waiting)
    ahead = (
        ngettext(
            "{number} run works or waits in the queue now.", "{number} runs work or wait in the queue now.", waiting
        )
        if waiting
        else _("Nothing is ahead in the queue.")
    )
    share = percent(cost["trainable_parameters"] / cost["total_parameters"])
    tiles = [
        _tile(
            _("Time"),
            duration_range(cost["seconds"]),
            _(
                "about {seconds_likely}, {steps}",
                seconds_likely=duration(cost["seconds_likely"]),
                steps=counted(cost["steps"], "update"),
            ),
        ),
        _tile(
            _("Memory"),
            span(cost["memory_bytes"][0], cost["memory_bytes"][1], byte_size),
            _("{available_bytes} free on this machine", available_bytes=byte_size(cost["available_bytes"])),
        ),
        _tile(
            _("Trainable parameters"),
            count(cost["trainable_parameters"]),
            _("{share} of {total_parameters}", share=share, total_parameters=count(cost["total_parameters"])),
        ),
        _tile(_("Download"), byte_size(cost["adapter_bytes"]), _("the adapter at the end")),
    ]
    return [
        el("div", tiles, cls="cost-tiles"),
        el("p", fit_words(cost)[0], cls="fit"),
        _remedies(cost),
        _device_words(draft, queue),
        _length_words(cost["lengths"]),
        el("p", cost["learning_rate"]["reason"], id="review-rate", cls="muted small") if cost["learning_rate"] else "",
        el("p", f"{cost['basis']} {ahead}", cls="muted small"),
    ]


def _folds(draft: Draft, version: DatasetVersion) -> Node:
    """Cross-validation, with one click to leave it out, or the offer of it with its cost."""
    folds, offered = draft.training.get(SETTING), folds_offer(draft, version)
    sizes = version.split_sizes or {}
    rows, tested = count(sum(sizes.values())), count(sizes.get("test", 0))
    if not folds and not offered:
        return ""
    seconds = duration(offered.seconds) if offered else ""
    if folds:
        title = _("{folds}-fold cross-validation: all {rows} rows are tested.", folds=folds, rows=rows)
        hint = _(
            "Each is answered by a model that did not see it, and the model that you keep learns from all of them."
        )
        less = _("Testing {tested} rows instead is about {seconds} shorter.", tested=tested, seconds=seconds)
        words, chosen = _("Test {tested} rows instead", tested=tested), 0
    else:
        chosen = offered.folds if offered else 0
        title = _("Only {tested} rows are tested, which tells little.", tested=tested)
        hint = _(
            "{folds}-fold cross-validation tests all {rows} and then trains on all of them.", folds=chosen, rows=rows
        )
        less = _("It takes about {seconds} longer.", seconds=seconds)
        words = _("Cross-validate with {folds} folds", folds=chosen)
    press = action(words, "remedy", {"training": {SETTING: chosen}}, look="small")
    return el("div", banner("info", title, f"{hint} {less if offered else ''}".strip(), "", press), id="review-folds")


def _tile(title: str, value: str, note: str) -> Node:
    parts = ((title, "tile-title"), (value, "tile-value"), (note, "tile-note"))
    return el("div", [el("span", text, cls=cls) for text, cls in parts], cls="tile")


def _remedies(cost: Mapping[str, Any]) -> Node:
    """What would make a run fit that does not: one button for each single change."""
    if cost["fit"] == "fits":
        return ""
    if not cost["remedies"]:
        words = _("No single change makes it fit here; choose a smaller base model.")
        return el("p", words, id="review-remedies", cls="notice")
    buttons = [
        action(
            _("{words}: up to {memory_bytes}", words=remedy["words"], memory_bytes=byte_size(remedy["memory_bytes"])),
            "remedy",
            {"method": remedy.get("method"), "training": remedy.get("training")},
            look="small",
        )
        for remedy in cost["remedies"]
    ]
    return el(
        "div",
        el("p", _("It would fit with one of these:")),
        el("div", buttons, cls="actions"),
        id="review-remedies",
        cls="notice",
    )


def _device_words(draft: Draft, queue: QueueOverview) -> Node:
    """A run that asks for more devices than any worker has would be refused; better said before the button is pressed."""
    wanted = devices_of(draft)
    offers = [worker.machine.get("offer") or {} for worker in queue.workers if worker.alive]
    most = max([1, *(int(offer.get("devices") or 1) for offer in offers)])
    if wanted <= most or not queue.workers:
        return ""
    return el(
        "p",
        _(
            "{wanted} devices are asked for, and no worker here has more than {most}. Choose at most {most} in the settings.",
            wanted=count(wanted),
            most=count(most),
        ),
        id="review-devices",
        cls="notice",
    )


def devices_of(draft: Draft) -> int:
    """How many devices the run asks for."""
    return int(draft.training.get("devices") or 1)


def _length_words(lengths: Mapping[str, Any] | None) -> Node:
    """How many texts lose their end at the chosen length; counted, or estimated where the tokenizer is not installed."""
    if not lengths:
        return ""
    about = "" if lengths["measured"] else _(" (estimated)")
    if not lengths["cut_rows"]:
        words = _(
            "No text is longer than {max_length} tokens{about}, so nothing is truncated.",
            max_length=count(lengths["max_length"]),
            about=about,
        )
        return el("p", words, id="review-cut", cls="muted small")
    words = _(
        "{cut_rows} of {rows}{about} ({cut_rows_2}) are longer than {max_length} tokens: the rest is truncated. The longest has {longest}; raise the longest text in the settings to keep more.",
        cut_rows=count(lengths["cut_rows"]),
        rows=counted(lengths["rows"], "row"),
        about=about,
        cut_rows_2=percent(lengths["cut_rows"] / lengths["rows"]),
        max_length=count(lengths["max_length"]),
        longest=count(lengths["longest"]),
    )
    return el("p", words, id="review-cut", cls="notice")


def _summary(draft: Draft, dataset: Dataset, settings: str) -> Node:
    version = datasets.latest_version(dataset)
    sizes = version.split_sizes or {}
    task = task_of(draft.task_type)
    model = model_of(draft.base_model)
    rows = ", ".join(
        f"{count(sizes.get(name, 0))} {words} rows"
        for name, words in (("train", _("training")), ("validation", _("validation")), ("test", _("test")))
    )
    if folds := draft.training.get(SETTING):
        rows = _("{rows} rows in {folds} folds", rows=count(sum(sizes.values())), folds=folds)
    titles = {role.name: role.title for role in task.roles_of(draft.columns)}
    columns = ", ".join(f"{_(titles.get(role, role))}: {column}" for role, column in draft.columns.items())
    lines = [
        (
            "data",
            _("Data"),
            _("{dataset}, version {amount}: {rows}", dataset=dataset.name, amount=version.number, rows=rows),
        ),
        ("goal", _("Goal"), f"{_(task.title)} ({columns})"),
        ("model", _("Model"), model.title if model else draft.base_model),
        ("method", _("Method"), card_of(draft.kind)["title"]),
        ("settings", _("Settings"), settings),
    ]
    if devices_of(draft) > 1:
        words = _(
            "{devices_of} at once on one machine; each computes its share of every update, and the result is one model",
            devices_of=count(devices_of(draft)),
        )
        lines.append(("settings", _("Devices"), words))
    return el("dl", [_summary_line(*line) for line in lines], id="review-summary", cls="summary")


def _summary_line(step: str, title: str, words: str) -> Node:
    change = el(
        "button", _("Change"), type="button", cls="link", aria_label=_("Change: {title}", title=title), data_step=step
    )
    return el("div", el("dt", title), el("dd", words), change)


def settings_words(draft: Draft, method: SettingsForm, training: SettingsForm, overrides: Overrides) -> str:
    """The settings that differ from the defaults, after the preset that they are."""
    titles = {
        name: _(setting.title)
        for form, choice, changed_now in (
            (method, draft.kind, {}),
            (training, task_of(draft.task_type).kind, overrides),
        )
        for name, setting in form.settings(choice, changed_now).items()
    }
    changed = [
        f"{titles.get(name, name)} {value_words(value)}" for name, value in {**draft.method, **draft.training}.items()
    ]
    preset = None if draft.method else preset_of(draft.training)
    words = ", ".join(changed) or _("all defaults")
    return f"{_(preset.title)}: {words}" if preset else words


def value_words(value: Any) -> str:
    """A setting's value as people read it."""
    if value is None:
        return _("recommended")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _warnings(dataset_id: str, version: DatasetVersion) -> Node:
    found = report_of(version)["problems"]
    if not found:
        return ""
    return banner(
        "warning",
        ngettext(
            "The data report names {number} thing that needs attention.",
            "The data report names {number} things that need attention.",
            len(found),
        ),
        " ".join(item["message"] for item in found[:3]),
        "",
        el("a", _("Read the report"), href=f"/datasets?id={dataset_id}"),
    )

"""The datasets of a person, those that were archived, and the samples that come with the studio."""

from collections.abc import Mapping

from app.errors import NotFound
from app.languages import gettext as _
from app.languages import gettext_noop, ngettext
from app.models import Dataset
from app.samples import SAMPLES, Sample
from app.services.accounts import limits, projects
from app.services.accounts.access import TO_CHANGE, TO_DELETE
from app.services.datasets import datasets
from app.services.runs import dataset_removal
from app.services.runs.dataset_removal import Dependents
from studio_ui.components.nodes import Node, action, banner, choice, el, empty_state, moment, stay, table
from studio_ui.formats import byte_size, count, counted
from studio_ui.pages.datasets.place import NEEDS, address, permits_of
from studio_ui.pages.datasets.problems import extend
from studio_ui.permits import Permits
from studio_ui.project_choice import permits_for_new
from studio_ui.quota_words import disk_limit

HEADS = [
    (gettext_noop("Name"), ""),
    (gettext_noop("Usable rows"), ""),
    (gettext_noop("Labels"), ""),
    (gettext_noop("Version"), ""),
    (gettext_noop("Added"), ""),
    ("", ""),
]
# Parameters of the address: the archive is shown, and the dataset that is about to be deleted.
ARCHIVE, DELETE = "archive", "delete"
NAMES_SHOWN = 5


def your_data(user_id: str, query: Mapping[str, str]) -> list[Node]:
    """A table of all datasets that are not archived, newest first; below it the archive, and what a deletion would take along."""
    chosen = projects.chosen(user_id)
    found, archived = (datasets.list_datasets(user_id, archived=item, project_id=chosen) for item in (False, True))
    none = empty_state(_("No data yet."), _("Upload a file above, or copy one of the samples below."))
    listed = _list(user_id, _("Your data sets"), "data-table", found, False) if found else none
    shown = [el("h2", _("Your data sets")), listed]
    return [*_disk(user_id, chosen), *shown, _deletion(user_id, query), *_archive(user_id, archived, ARCHIVE in query)]


def _disk(user_id: str, project_id: str) -> list[Node]:
    """What uploads of the person, and into the chosen project, may still take."""
    lines = [disk_limit(limits.usage(user_id), _("Your data and runs"))]
    if project_id:
        lines.append(disk_limit(limits.project_usage(project_id), _("This project")))
    return [line for line in lines if line]


def samples(user_id: str, query: Mapping[str, str]) -> list[Node]:
    """A card for each sample."""
    cards = el("div", [_sample(sample) for sample in SAMPLES], cls="sample-grid")
    return [el("h2", _("Samples")), permits_for_new(user_id).close(cards, {"sample": TO_CHANGE})]


def _list(user_id: str, title: str, id_: str, found: list[Dataset], archived: bool) -> Node:
    heads = [(_(words), cls) for words, cls in HEADS]
    permits = {key: Permits.read(user_id, key) for key in {item.project_id for item in found}}
    rows = [
        permits[item.project_id].close(_row(item, archived), {**NEEDS, f"#delete-{item.id}": TO_DELETE})
        for item in found
    ]
    return table(title, heads, rows, id_=id_, row_ids=[item.id for item in found])


def _archive(user_id: str, found: list[Dataset], is_open: bool) -> list[Node]:
    if not found:
        return []
    words = _("Hide the archive") if is_open else _("Archive ({number})", number=count(len(found)))
    toggle = choice(
        words, {ARCHIVE: None if is_open else "1", DELETE: None}, cls="button small", aria_expanded=str(is_open).lower()
    )
    listed = _list(user_id, _("Archived data sets"), "archive-table", found, True) if is_open else None
    return [el("div", toggle, cls="actions", id="data-archive"), *([listed] if listed else [])]


def _row(dataset: Dataset, archived: bool) -> list[Node]:
    version = datasets.latest_version(dataset)
    tune = el(
        "a", _("Tune a model"), cls="button small primary", href=f"/new?dataset={dataset.id}", id=f"tune-{dataset.id}"
    )
    delete = choice(
        _("Delete …"),
        {DELETE: dataset.id},
        cls="button small",
        id=f"delete-{dataset.id}",
        aria_label=_("Delete {dataset} …", dataset=dataset.name),
    )
    actions = [_bring_back(dataset), delete] if archived else [tune, _archive_button(dataset), delete]
    return [
        stay(dataset.name, address(dataset.id), cls="link"),
        _("{part} of {total}", part=count(version.usable_rows), total=count(version.rows)),
        count(len(version.labels)) if version.labels else "–",
        str(version.number),
        moment(dataset.created_at),
        el("div", actions, cls="row-actions"),
    ]


def _archive_button(dataset: Dataset) -> Node:
    confirm = (
        _("Archive “{dataset}”?", dataset=dataset.name),
        _("It disappears from this list and can be brought back from the archive. Runs that used it go on."),
        _("Archive"),
    )
    label = _("Archive {dataset}", dataset=dataset.name)
    return action(_("Archive"), "archive", dataset.id, cls="button small", confirm=confirm, aria_label=label)


def _bring_back(dataset: Dataset) -> Node:
    label = _("Bring {dataset} back", dataset=dataset.name)
    return action(_("Bring back"), "unarchive", dataset.id, cls="button small primary", aria_label=label)


def _deletion(user_id: str, query: Mapping[str, str]) -> Node:
    """What is deleted with the dataset that the address names, and the button that does it; empty where it names none."""
    if not (dataset_id := query.get(DELETE)):
        return ""
    try:
        found = dataset_removal.dependents(user_id, dataset_id)
    except NotFound:
        return ""
    keep = choice(_("Keep it"), {DELETE: None})
    if found.active:
        title = _("“{dataset}” cannot be deleted yet.", dataset=found.name)
        words = _("Work on it has not ended: {names}. Stop it, or wait for its end.", names=_names(found.active))
        return el("div", banner("warning", title, words, "", keep), id="data-deletion")
    everything = _("Delete for good, with all of this") if found.runs else _("Delete for good")
    delete = action(everything, "delete", {"dataset": dataset_id, "with_runs": bool(found.runs)}, cls="button stop")
    title = _("Delete “{dataset}” for good?", dataset=found.name)
    gone = el("ul", [el("li", line) for line in _gone(found)], cls="deletion-list")
    shown = banner("warning", title, _("This cannot be undone. It takes along:"))
    asked = el("div", extend(shown, gone, el("div", delete, keep, cls="actions")), id="data-deletion")
    closed: Node = permits_of(user_id, datasets.get_dataset(user_id, dataset_id)).close(asked, NEEDS)
    return closed


def _gone(found: Dependents) -> list[str]:
    files = _("with their files, the uploaded original among them ({size})", size=byte_size(found.bytes))
    lines = [f"{counted(found.versions, 'version')} {files}"]
    for names, words in (
        (found.runs, ngettext("{number} run", "{number} runs", len(found.runs))),
        (found.experiments, ngettext("{number} experiment", "{number} experiments", len(found.experiments))),
        (found.conversations, ngettext("{number} conversation", "{number} conversations", len(found.conversations))),
    ):
        if names:
            lines.append(f"{words}: {_names(names)}")
    if found.exports:
        lines.append(ngettext("{number} export to a tracker", "{number} exports to trackers", found.exports))
    if found.links:
        lines.append(ngettext("{number} read-only link", "{number} read-only links", found.links))
    return lines


def _names(names: list[str]) -> str:
    rest = len(names) - NAMES_SHOWN
    shown = ", ".join(f"“{name}”" for name in names[:NAMES_SHOWN])
    return shown + (_(" and {rest} more", rest=count(rest)) if rest > 0 else "")


def _sample(sample: Sample) -> Node:
    facts = f"{counted(sample.rows, 'row')} · {counted(sample.labels, 'label')}"
    return el(
        "article",
        el("h3", _(sample.title)),
        el("p", _(sample.summary), cls="muted"),
        el("p", facts, cls="muted small"),
        action(
            _("Use this sample"),
            "sample",
            sample.name,
            data_sample=sample.name,
            aria_label=_("Use this sample: {sample}", sample=sample.title),
        ),
        cls="card sample",
    )

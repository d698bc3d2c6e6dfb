"""What happens when a person does something on the Data page.

Listeners that change data return what :func:`outcome` makes: an address to go to, or parts that ask anew.
"""

import functools
from collections.abc import Callable
from typing import Any

import gradio as gr

from app.errors import StudioError
from app.languages import gettext as _
from app.models import ACTIVE_STATES, Dataset
from app.services.accounts.access import TO_CHANGE
from app.services.datasets import checks, datasets, holdout_access, label_reviews, requests
from app.services.datasets.change_bodies import parse_changes
from app.services.datasets.dataset_jobs import DatasetJob, changes_job
from app.services.datasets.label_verdicts import CORRECTED
from app.services.datasets.requests import Answer
from app.services.datasets.versions import change_of, find_version
from app.services.runs import dataset_removal
from studio_ui.components import data_rows
from studio_ui.components.nodes import banner
from studio_ui.components.view import Content, reload, show
from studio_ui.formats import byte_size
from studio_ui.pages.datasets import forms, sources
from studio_ui.pages.datasets.fetching import SECOND_TRY
from studio_ui.pages.datasets.forms import Shown
from studio_ui.pages.datasets.label_review import suspects
from studio_ui.pages.datasets.place import address
from studio_ui.pages.datasets.versions_list import version_list
from studio_ui.pages.datasets.waiting import refused
from studio_ui.project_choice import permits_for_new
from studio_ui.session import query_of, refusal, user_of

# Updates of the address to go to, the result, the rows, the label review, the figures, the versions and the list.
Outcome = tuple[Any, Any, Any, Any, Any, Any, Any]
MAX_NAME_CHARACTERS = 200


def outcome(
    place: str = "",
    *,
    result: Any = None,
    rows: Any = None,
    review: Any = None,
    versions: Any = None,
    listed: bool = False,
) -> Outcome:
    """Updates of these parts only."""
    given = (result, rows, review, None, versions, reload() if listed else None)
    return (place, *(gr.skip() if item is None else item for item in given))  # type: ignore[return-value]


def telling(fn: Callable[..., Outcome]) -> Callable[..., tuple[Any, ...]]:
    """The listener with one more update: of the view in which its refusal stands, for it to be read while it is put right."""

    @functools.wraps(fn)
    def with_notice(*args: Any, **kwargs: Any) -> tuple[Any, ...]:
        try:
            return (*fn(*args, **kwargs), show([]))
        except Exception as error:
            shown = refusal(error)
            return (*outcome(), show(banner("error", shown.message, shown.hint, shown.code)))

    return with_notice


def another_version(dataset: Dataset, words: str = "") -> Outcome:
    """Every part asks for the newest version."""
    version = datasets.latest_version(dataset)
    summary = change_of(version)["summary"]
    gr.Success(words or _("Version {amount}: {summary}", amount=version.number, summary=summary))
    return ("", reload(), data_rows.saved(), reload(), reload(), reload(), reload())


def answered(answer: Answer, words: str = "") -> Outcome:
    """The next version at once, or the check that makes it."""
    if answer.dataset is not None:
        return another_version(answer.dataset, words)
    assert answer.check is not None
    return outcome(address(answer.check["dataset_id"] or "", check=answer.check["id"]))


def open_sources(request: gr.Request) -> Any:
    """Ways to bring data are there for whoever may put it into the chosen project."""
    return gr.update(visible=permits_for_new(user_of(request)).allows(TO_CHANGE))


def uploaded(request: gr.Request, event: gr.EventData) -> Outcome:
    """Show the dataset that a file became, or the check that makes it."""
    return outcome(address(event.dataset, check=event.check), listed=True)


def upload_refused(request: gr.Request, event: gr.EventData) -> Outcome:
    """Show why a file was not taken, and what else can be made of it."""
    details = event.error.get("details") or {}
    if staged := details.get("staged"):
        return outcome(address(staged=str(staged)))
    return outcome(result=show(refused(event.error, str(event.name))))


def fetch_from_hub(
    repo: str, split: str, revision: str, config: str, test_split: str, rows: Any, request: gr.Request
) -> Outcome:
    """Fetch a split of a data set of the hub, and show how far it is."""
    check = sources.import_from_hub(repo, split, revision, config, test_split, rows, request)
    return outcome(address(check=check["id"]))


def fetch_from_address(url: str, request: gr.Request) -> Outcome:
    """Fetch a file from an address, and show how far it is."""
    return outcome(address(check=sources.import_from_address(url, request)["id"]))


def act_on_result(request: gr.Request, event: gr.EventData) -> Outcome:
    """A button of the report, of a check, or of the question about a file."""
    user_id, value = user_of(request), event.value
    if event.name == "restore":
        return restore(user_id, value)
    if event.name == "answer":
        return _decided(user_id, Shown(staged=str(value["staged"])), {"answer": str(value["answer"])}, None)
    if event.name == "repair":
        about = Shown(staged=str(value["staged"]))
        choices = forms.choices_with(forms.reading_of(user_id, about), str(value["repair"]))
        return _decided(user_id, about, {}, choices)
    if event.name == SECOND_TRY:
        return outcome(address(check=sources.import_otherwise(user_id, dict(value))["id"]))
    if event.name == "meaning":
        meaning = {"task_type": value["task_type"], "columns": dict(value["columns"])}
        return answered(requests.run_or_enqueue(user_id, DatasetJob("columns", str(value["dataset"]), meaning)))
    act = {"stop": checks.cancel, "retry": checks.retry}[event.name]
    act(user_id, str(value))
    return outcome(result=reload())


def save(request: gr.Request, event: gr.EventData) -> Outcome:
    """Save the changes that were noted in the table of rows."""
    try:
        answer = _change(user_of(request), event.dataset, event.version, event.changes)
    except StudioError as error:
        return outcome(rows=data_rows.refused(error))
    return answered(answer)


def _change(user_id: str, dataset_id: str, version: int, changes: list[Any]) -> Answer:
    return requests.run_or_enqueue(user_id, changes_job(dataset_id, parse_changes(changes), version))


def restore(user_id: str, value: dict[str, Any]) -> Outcome:
    """Go back to a version, as the next one."""
    number = int(value["number"])
    answer = requests.run_or_enqueue(user_id, DatasetJob("restore", value["dataset"], {"number": number}))
    made = datasets.latest_version(answer.dataset).number if answer.dataset else 0
    return answered(answer, _("Version {made} is what version {amount} was.", made=made, amount=number))


def looked(request: gr.Request, event: gr.EventData) -> Any:
    """Count that rows of the final test were seen."""
    holdout_access.record_access(user_of(request), event.dataset, event.version, max(1, int(event.rows)))
    return reload()


def act_on_review(draft: Any, request: gr.Request, event: gr.EventData) -> Outcome:
    """Start a label review, or decide about a suspect; the decision is saved with other changes of rows."""
    user_id, value = user_of(request), event.value
    if event.name == "review":
        label_reviews.start(user_id, str(value))
        return outcome(review=reload())
    changes = (draft or {}).get("changes") or []
    decided = {
        change["row_id"]: _("will be changed when you save")
        for change in changes
        if change.get("op") == "edit" and value["column"] in change["cells"]
    }
    label_reviews.decide(user_id, query_of(request)["id"], int(value["row_id"]), value["verdict"])
    if value["verdict"] == CORRECTED:
        decided[value["row_id"]] = _("will be changed when you save")
    content: Content = suspects(user_id, query_of(request), decided)
    noted = data_rows.noted(value["row_id"], value["column"], value["value"], value["before"])
    return outcome(rows=noted, review=show(content.nodes))


def act_on_versions(request: gr.Request, event: gr.EventData) -> Outcome:
    """Show the differences of a version, or go back to it."""
    if event.name == "restore":
        return restore(user_of(request), event.value)
    opened = event.value if event.value["until"] else None
    return outcome(versions=show(version_list(user_of(request), query_of(request), opened)))


def act_on_list(request: gr.Request, event: gr.EventData) -> Outcome:
    """Archive a dataset, bring it back, or delete it; after a deletion nothing of it is shown any more."""
    user_id = user_of(request)
    if event.name == "delete":
        dataset_id = str(event.value["dataset"])
        freed = dataset_removal.remove(user_id, dataset_id, with_runs=bool(event.value["with_runs"]))
        gr.Success(_("Deleted; {size} of the disk are free again.", size=byte_size(freed)))
        return outcome(address(), result=reload(), listed=True)
    act = {"archive": datasets.archive, "unarchive": datasets.unarchive}[event.name]
    act(user_id, str(event.value))
    gr.Success(_("Archived.") if event.name == "archive" else _("Back on the list."))
    return outcome(listed=True)


def take_sample(request: gr.Request, event: gr.EventData) -> Outcome:
    """Make a copy of a sample and show it."""
    gr.Info(_("The sample is being copied."))
    return outcome(address(datasets.import_sample(user_of(request), str(event.value)).id), listed=True)


def rename(name: str, shown: Any, request: gr.Request) -> tuple[str, Any, Any, Any]:
    """Give the dataset another name; a refusal brings the old one back."""
    user_id, about = user_of(request), Shown.of(shown)
    dataset = datasets.get_dataset(user_id, about.dataset)
    if name.strip() == dataset.name:
        return dataset.name, gr.skip(), gr.skip(), gr.skip()
    try:
        dataset = datasets.rename(user_id, about.dataset, name.strip()[: MAX_NAME_CHARACTERS + 1])
    except StudioError as error:
        gr.Warning(f"{error.message} {error.hint}")
        return dataset.name, gr.skip(), gr.skip(), gr.skip()
    gr.Success(_("Name saved."))
    return dataset.name, reload(), reload(), gr.skip()


def check_meaning(shown: Any, request: gr.Request, event: gr.EventData) -> Outcome:
    """Check every row with other columns or for another goal."""
    user_id, about = user_of(request), Shown.of(shown)
    meaning = {"task_type": event.task_type, "columns": dict(event.columns)}
    if about.staged:
        return _decided(user_id, about, meaning, None)
    forms.check_task(meaning["task_type"])
    return answered(requests.run_or_enqueue(user_id, DatasetJob("columns", about.dataset, meaning)))


def read_otherwise(
    sheet: Any, header_row: Any, encoding: Any, delimiter: Any, repairs: Any, shown: Any, request: gr.Request
) -> Outcome:
    """Read the file again as chosen."""
    user_id, about = user_of(request), Shown.of(shown)
    form = forms.ReadingForm(sheet, header_row, encoding, delimiter, repairs)
    choices = forms.choices_of(form, forms.reading_of(user_id, about))
    if about.staged:
        return _decided(user_id, about, {}, choices)
    return answered(requests.run_or_enqueue(user_id, DatasetJob("reading", about.dataset, choices.as_dict())))


def _decided(user_id: str, about: Shown, meaning: dict[str, Any], choices: Any) -> Outcome:
    """Make a dataset of a waiting file; if it is refused again, the page says why and the file goes on waiting."""
    attributes = {"name": None, "task_type": None, "columns": None, "answer": None, **meaning}
    try:
        answer = requests.begin_import(user_id, about.staged, attributes, choices)
    except StudioError as error:
        if "staged" not in error.details:
            raise
        return outcome(result=reload())
    if answer.dataset is not None:
        return outcome(address(answer.dataset.id), listed=True)
    assert answer.check is not None
    return outcome(address(check=answer.check["id"]))


def look_at_reading(
    sheet: Any, header_row: Any, encoding: Any, delimiter: Any, repairs: Any, shown: Any, request: gr.Request
) -> tuple[Any, Any]:
    """The first rows as they would be read, and whether they can be."""
    user_id, about = user_of(request), Shown.of(shown)
    try:
        form = forms.ReadingForm(sheet, header_row, encoding, delimiter, repairs)
        nodes = forms.reading_preview(user_id, about, forms.choices_of(form, forms.reading_of(user_id, about)))
    except StudioError as error:
        return show(refused(error.as_dict()["error"], _("The file"))), gr.update(interactive=False)
    return show(nodes), gr.update(interactive=True)


def open_reading(shown: Any, request: gr.Request) -> tuple[Any, ...]:
    """The form of the reading as it is."""
    return (*forms.reading_fields(forms.reading_of(user_of(request), Shown.of(shown))), show(""))


def open_split(shown: Any, request: gr.Request) -> tuple[Any, ...]:
    """The form of the split as it is."""
    return forms.split_fields(user_of(request), Shown.of(shown).dataset)


def choose_way(how: str) -> tuple[Any, Any]:
    """Help and fields of a way to split."""
    return gr.update(info=forms.WAY_HELP[how]), gr.update(visible=how != "ratio")


def make_split(how: str, column: str | None, validation: Any, test: Any, shown: Any, request: gr.Request) -> Outcome:
    """Split the rows anew."""
    user_id, about = user_of(request), Shown.of(shown)
    plan = forms.split_plan(user_id, about.dataset, how, column, (validation, test))
    return answered(requests.run_or_enqueue(user_id, DatasetJob("splits", about.dataset, vars(plan))))


def follow(request: gr.Request) -> tuple[Any, ...]:
    """After the result was shown: go on when its check has ended, and fill the forms for what is shown.

    Updates of :data:`Outcome`, then what :func:`forms.filled` returns.
    """
    user_id, query = user_of(request), query_of(request)
    check = checks.status(user_id, query["check"]) if query.get("check") else None
    if check and check["state"] in ACTIVE_STATES:
        return (*outcome(), *(gr.skip() for _ in range(forms.FILLED)))
    if check and check["state"] == "succeeded":
        dataset = datasets.get_dataset(user_id, check["dataset_id"])
        with_notice = another_version(dataset) if query.get("id") else outcome(listed=True)
        return (address(dataset.id), *with_notice[1:], *(gr.skip() for _ in range(forms.FILLED)))
    staged = query.get("staged") or (check["staged"] if check and check["error"] else "")
    dataset_id = query.get("id", "")
    if dataset_id:
        find_version(user_id, dataset_id)
    rows = data_rows.settled() if check and dataset_id else None
    return (*outcome(rows=rows), *forms.filled(user_id, Shown(dataset_id, "" if dataset_id else staged)))

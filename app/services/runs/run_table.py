"""The table of runs: filtered, sorted and paged by the database, so that ten thousand runs are as fast as ten.

Pages are cut by keyset: a cursor holds the sort value and id of the last row, so that new runs neither repeat nor hide
others. Also stars, tags and notes on runs.
"""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, func, literal, or_, select
from sqlalchemy.orm import Session, aliased
from sqlalchemy.orm.attributes import InstrumentedAttribute

from app.catalog.task_types import task_type
from app.db import snapshot, transaction
from app.errors import Conflict, Rejected
from app.languages import decimal
from app.languages import gettext as _
from app.models import ACTIVE_STATES, TERMINAL_STATES, Dataset, DatasetVersion, Job, Run
from app.services.accounts import access
from app.services.accounts.access import TO_CHANGE
from app.services.accounts.audit_chain import record
from app.services.runs import metrics, run_details, runs
from app.services.runs.run_details import RunDetails

MAX_ROWS = 500
MAX_TAGS, TAG_LENGTH, NOTE_LENGTH = 12, 40, 4000
# Large parts of results that only the page of the run shows.
LEFT_OUT = ("confusion", "per_class", "labels")

SORTS: dict[str, InstrumentedAttribute[Any]] = {
    "created": Run.created_at,
    "name": Run.name,
    "model": Run.base_model,
    "method": Run.method,
    "state": Job.state,
    "dataset": Dataset.name,
    "accuracy": Run.quality,
    "loss": Run.train_loss,
    "duration": Run.seconds,
    "memory": Run.memory_bytes,
    "starred": Run.starred,
}
# Columns that are empty until a run has ended; for the others the order alone can use an index.
MAY_BE_MISSING = ("accuracy", "loss", "duration", "memory")


@dataclass(frozen=True)
class RunFilter:
    """Conditions on a row; empty values are no condition. ``archived`` is ``no``, ``only`` or ``all``."""

    words: str = ""
    states: Sequence[str] = ()
    model: str = ""
    method: str = ""
    dataset_id: str = ""
    experiment_id: str = ""
    tag: str = ""
    starred: bool = False
    archived: str = "no"
    project_id: str = ""


@dataclass(frozen=True)
class RunRow:
    """One row: the run without large parts of its results, its training loss as a sparkline, and whether it is the best
    finished run on its dataset version, where there are others."""

    details: RunDetails
    sparkline: Sequence[float]
    best: bool

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the REST API."""
        return {**self.details.as_dict(), "sparkline": list(self.sparkline), "best": self.best}


@dataclass(frozen=True)
class RunPage:
    """One page of runs; ``next`` is the cursor of the following page, None on the last one."""

    runs: Sequence[RunRow]
    next: str | None
    total: int
    active: int

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the REST API."""
        return {**vars(self), "runs": [row.as_dict() for row in self.runs]}


@dataclass(frozen=True)
class NamedDataset:
    """A dataset to filter by."""

    id: str
    name: str


@dataclass(frozen=True)
class RunFacets:
    """The values that the person's runs can be filtered by."""

    models: Sequence[str]
    methods: Sequence[str]
    datasets: Sequence[NamedDataset]
    tags: Sequence[str]

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the REST API."""
        return asdict(self)


def page(
    user_id: str,
    wanted: RunFilter,
    *,
    sort: str = "created",
    descending: bool = True,
    limit: int = 100,
    cursor: str = "",
) -> RunPage:
    """One page of the person's runs.

    Args:
        sort: a key of ``SORTS``; runs without a value come last in both directions.
        cursor: ``next`` of the page before, with the same sort and direction.

    Raises:
        Rejected: an unknown sort or a damaged cursor.
    """
    if sort not in SORTS:
        raise Rejected(
            "unknown_sort",
            _("Runs cannot be sorted by {sort}.", sort=repr(sort)),
            _("Use one of: ") + ", ".join(SORTS) + ".",
        )
    column = SORTS[sort]
    rules = _rules(user_id, wanted)
    size = max(1, min(limit, MAX_ROWS))
    order = (column.desc(), Run.id.desc()) if descending else (column, Run.id)
    if sort in MAY_BE_MISSING:
        order = (column.is_(None), *order)
    # First only ids: sorting whole rows would carry every run's results through the sort.
    query = _from(select(Run.id), wanted, sort).where(*rules).order_by(*order).limit(size + 1)
    if cursor:
        query = query.where(_after(column, descending, *_decode_cursor(cursor, sort, descending)))
    with snapshot() as session:
        ids = session.scalars(query).all()
        total = session.scalar(_from(select(func.count()), wanted, "").where(*rules)) or 0
        active = session.scalar(_count_active(wanted, rules)) or 0
        whole = _from(select(Run, Dataset.name), wanted, "dataset").where(Run.id.in_(ids[:size]))
        found = {run.id: (run, name) for run, name in session.execute(whole)}
        shown = [found[run_id] for run_id in ids[:size] if run_id in found]
        lines = _live_sparklines(session, [run for run, _ in shown])
        best = _best(session, user_id, [run for run, _ in shown])
    rows = [RunRow(_details(run, name), lines.get(run.id, run.sparkline), run.id in best) for run, name in shown]
    following = _encode_cursor(shown[-1], sort, descending) if len(ids) > size else None
    return RunPage(rows, following, total, active)


def tags(user_id: str) -> list[str]:
    """Every tag that the person has given, sorted."""
    with snapshot() as session:
        found = session.scalars(select(Run.tags).where(access.visible(Run, user_id), cast(Run.tags, String) != "[]"))
        return sorted({tag for given in found for tag in given})


def facets(user_id: str) -> RunFacets:
    """The values that the person's runs can be filtered by."""
    mine = access.visible(Run, user_id)
    by_name = select(Dataset.id, Dataset.name).where(Dataset.id.in_(_datasets_of(user_id))).order_by(Dataset.name)
    with snapshot() as session:
        models = session.scalars(select(Run.base_model).where(mine).distinct()).all()
        methods = session.scalars(select(Run.method).where(mine).distinct()).all()
        named = [NamedDataset(dataset_id, name) for dataset_id, name in session.execute(by_name)]
    return RunFacets(sorted(models), sorted(methods), named, tags(user_id))


def _datasets_of(user_id: str) -> Any:
    return (
        select(DatasetVersion.dataset_id)
        .join(Run, Run.dataset_version_id == DatasetVersion.id)
        .where(access.visible(Run, user_id))
    )


def mark(
    user_id: str,
    run_id: str,
    *,
    starred: bool | None = None,
    tags: Sequence[str] | None = None,
    note: str | None = None,
    archived: bool | None = None,
) -> Run:
    """Change star, tags, note or archived state of a run; None leaves a part as it is.

    Raises:
        Rejected: too many or too long tags, or too long a note.
        Conflict: an active run cannot be archived.
    """
    cleaned = _clean_tags(tags) if tags is not None else None
    if note is not None and len(note) > NOTE_LENGTH:
        raise Rejected(
            "note_length",
            _("This note has {note} characters.", note=decimal(len(note))),
            _("Keep it below {NOTE_LENGTH}.", NOTE_LENGTH=decimal(NOTE_LENGTH)),
        )
    with transaction() as session:
        run = runs.find(session, user_id, run_id, TO_CHANGE)
        if archived and run.job.state in ACTIVE_STATES:
            raise Conflict("still_active", _("This run is still active."), _("Cancel it first, then archive it."))
        changes = {"starred": starred, "tags": cleaned, "note": note, "archived": archived}
        for name, value in changes.items():
            if value is not None:
                setattr(run, name, value)
        changed = {name: value for name, value in changes.items() if value is not None}
        record(session, user_id, "mark", "run", run_id, data=changed)
    return runs.get_run(user_id, run_id)


def _clean_tags(given: Sequence[str]) -> list[str]:
    cleaned = list(dict.fromkeys(word for tag in given if (word := " ".join(tag.split()))))
    long = next((tag for tag in cleaned if len(tag) > TAG_LENGTH), None)
    if long or len(cleaned) > MAX_TAGS:
        what = (
            _("The tag {long} is too long.", long=repr(long))
            if long
            else _("These are {cleaned} tags.", cleaned=len(cleaned))
        )
        raise Rejected(
            "tags",
            what,
            _(
                "A run takes {MAX_TAGS} tags of up to {TAG_LENGTH} characters.",
                MAX_TAGS=MAX_TAGS,
                TAG_LENGTH=TAG_LENGTH,
            ),
        )
    return cleaned


def _from(query: Any, wanted: RunFilter, also: str) -> Any:
    """The query from runs, joined only with the tables that the filter and the column ``also`` need."""
    query = query.select_from(Run)
    if wanted.states or also == "state":
        query = query.join(Job, Job.id == Run.job_id)
    if wanted.dataset_id or also == "dataset":
        query = query.join(DatasetVersion, DatasetVersion.id == Run.dataset_version_id)
    if also == "dataset":
        query = query.join(Dataset, Dataset.id == DatasetVersion.dataset_id)
    return query


def _rules(user_id: str, wanted: RunFilter) -> list[ColumnElement[bool]]:
    rules: list[ColumnElement[bool]] = [access.visible(Run, user_id, project_id=wanted.project_id)]
    if wanted.archived != "all":
        rules.append(Run.archived.is_(wanted.archived == "only"))
    if wanted.states:
        rules.append(Job.state.in_(wanted.states))
    exact = (
        (Run.base_model, wanted.model),
        (Run.method, wanted.method),
        (Run.experiment_id, wanted.experiment_id),
        (DatasetVersion.dataset_id, wanted.dataset_id),
    )
    rules += [column == value for column, value in exact if value]
    if wanted.starred:
        rules.append(Run.starred.is_(True))
    if wanted.tag:
        rules.append(_has_tag(wanted.tag))
    return rules + [_mentions(word) for word in wanted.words.split()]


def _mentions(word: str) -> ColumnElement[bool]:
    """Whether the word is in the run's own texts, in the name of its dataset or in its state; datasets and states are few, so
    they are searched apart."""
    text: Any = Run.name
    for column in (Run.base_model, Run.method, Run.note, cast(Run.tags, String)):
        text = text + "\n" + column
    data = select(DatasetVersion.id).join(Dataset).where(Dataset.name.icontains(word, autoescape=True))
    rules = [text.icontains(word, autoescape=True), Run.dataset_version_id.in_(data)]
    states = [state for state in (*ACTIVE_STATES, *TERMINAL_STATES) if word.casefold() in state]
    if states:
        rules.append(Run.job_id.in_(select(Job.id).where(Job.state.in_(states))))
    return or_(*rules)


def _count_active(wanted: RunFilter, rules: Sequence[ColumnElement[bool]]) -> Any:
    """How many runs of the filter are active; starts from the few active jobs, which an index finds."""
    job = aliased(Job)
    run = _from(select(literal(1)), wanted, "").where(*rules, Run.job_id == job.id).correlate(job).exists()
    return select(func.count()).select_from(job).where(job.state.in_(ACTIVE_STATES), run)


def _has_tag(tag: str) -> ColumnElement[bool]:
    # Both databases store the list as JSON text, in which letters outside ASCII are escaped.
    return cast(Run.tags, String).contains(json.dumps(tag), autoescape=True)


def _after(column: Any, descending: bool, value: Any, run_id: str) -> ColumnElement[bool]:
    """Rows after the one with this value and id."""
    later_id = Run.id < run_id if descending else Run.id > run_id
    if value is None:
        return and_(column.is_(None), later_id)
    if isinstance(value, bool):
        value = literal(value)
    further = column < value if descending else column > value
    return or_(column.is_(None), further, and_(column == value, later_id))


def _encode_cursor(row: tuple[Run, str], sort: str, descending: bool) -> str:
    run, dataset = row
    value = {"state": run.job.state, "dataset": dataset}.get(sort) or getattr(run, SORTS[sort].key)
    content = json.dumps([sort, descending, value, run.id])
    return base64.urlsafe_b64encode(content.encode()).decode()


def _decode_cursor(cursor: str, sort: str, descending: bool) -> tuple[Any, str]:
    try:
        found = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        made_for, way, value, run_id = found
        if (made_for, way) != (sort, descending) or not isinstance(run_id, str):
            raise ValueError("made for another order")
        if not isinstance(value, str | int | float | None) or (isinstance(value, int) and abs(value) >= 2**63):
            raise ValueError("not a value")
        json.dumps([value, run_id], ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, TypeError, RecursionError, binascii.Error, UnicodeError):
        raise Rejected(
            "bad_cursor", _("This cursor does not belong to this list."), _("Start again without a cursor.")
        ) from None
    return value, run_id


def _best(session: Session, user_id: str, shown: Sequence[Run]) -> set[str]:
    """Ids of the shown runs that are the best finished ones on their dataset version and task."""
    ended = [run for run in shown if run.quality is not None]
    versions = {run.dataset_version_id for run in ended}
    key = (Run.dataset_version_id, Run.task_type)
    query = (
        select(*key, func.max(Run.quality), func.min(Run.quality), func.count())
        .where(access.visible(Run, user_id), Run.dataset_version_id.in_(versions), Run.quality.is_not(None))
        .group_by(*key)
    )
    tops = {
        (version, task): low if task_type(task).lower_is_better else high
        for version, task, high, low, count in (session.execute(query) if versions else ())
        if count > 1
    }
    return {run.id for run in ended if tops.get((run.dataset_version_id, run.task_type)) == run.quality}


def _live_sparklines(session: Session, found: Sequence[Run]) -> dict[str, list[float]]:
    """Sparklines of running runs; ended runs store theirs."""
    working = [run.id for run in found if run.job.state in ACTIVE_STATES and run.job.started_at]
    return {run_id: metrics.sparkline(session, run_id) for run_id in working}


def _details(run: Run, dataset_name: str) -> RunDetails:
    """The run without the large parts of its results."""
    details = run_details.describe(run, dataset_name)
    if not details.results:
        return details
    return replace(details, results={key: value for key, value in details.results.items() if key not in LEFT_OUT})

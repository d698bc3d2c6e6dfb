"""The table of runs: filtered, sorted and paged by the database, so that ten thousand runs are as quick as ten.

A page ends with a cursor that names its last row, so that rows which arrive meanwhile neither repeat nor hide others.
Also what people write on runs: stars, tags, notes.
"""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, func, literal, or_, select
from sqlalchemy.orm import Session, aliased
from sqlalchemy.orm.attributes import InstrumentedAttribute

from app.catalog.task_types import task_type
from app.db import snapshot, transaction
from app.errors import Conflict, Rejected
from app.models import ACTIVE_STATES, TERMINAL_STATES, Dataset, DatasetVersion, Job, Run
from app.services.accounts.accounts import record
from app.services.runs import metrics, runs

MOST = 500
MOST_TAGS, TAG_LENGTH, NOTE_LENGTH = 12, 40, 4000
# Large parts of results that no table shows; one run's own page has them.
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
class Filter:
    """What a row must fulfil; empty values ask nothing. ``archived`` is ``no``, ``only`` or ``all``."""

    words: str = ""
    states: Sequence[str] = ()
    model: str = ""
    method: str = ""
    dataset_id: str = ""
    experiment_id: str = ""
    tag: str = ""
    starred: bool = False
    archived: str = "no"


def page(
    user_id: str, wanted: Filter, *, sort: str = "created", descending: bool = True, limit: int = 100, cursor: str = ""
) -> dict[str, Any]:
    """One page of the person's runs.

    Args:
        sort: a key of ``SORTS``; runs without a value come last in both directions.
        cursor: ``next`` of the page before; only good for the same sort and direction.

    Returns:
        ``{"runs": [as ``runs.as_dict``, less the large parts of results], "next": cursor | None, "total", "active"}``;
        ``best`` marks the best finished run on its version of the data, where there are others.

    Raises:
        Rejected: an unknown sort or a damaged cursor.
    """
    if sort not in SORTS:
        raise Rejected("unknown_sort", f"Runs cannot be sorted by {sort!r}.", "Use one of: " + ", ".join(SORTS) + ".")
    column = SORTS[sort]
    rules = _rules(user_id, wanted)
    size = max(1, min(limit, MOST))
    order = (column.desc(), Run.id.desc()) if descending else (column, Run.id)
    if sort in MAY_BE_MISSING:
        order = (column.is_(None), *order)
    # First only ids: sorting whole rows would carry every run's results through the sort.
    query = _from(select(Run.id), wanted, sort).where(*rules).order_by(*order).limit(size + 1)
    if cursor:
        query = query.where(_beyond(column, descending, *_opened(cursor, sort, descending)))
    with snapshot() as session:
        places = session.scalars(query).all()
        total = session.scalar(_from(select(func.count()), wanted, "").where(*rules)) or 0
        active = session.scalar(_working(wanted, rules)) or 0
        whole = _from(select(Run, Dataset.name), wanted, "dataset").where(Run.id.in_(places[:size]))
        found = {run.id: (run, name) for run, name in session.execute(whole)}
        shown = [found[run_id] for run_id in places[:size] if run_id in found]
        lines = _live_lines(session, [run for run, _ in shown])
        best = _best(session, user_id, [run for run, _ in shown])
    told = [{**_row(run, name, lines.get(run.id, run.sparkline)), "best": run.id in best} for run, name in shown]
    last = _closed(shown[-1], sort, descending) if len(places) > size else None
    return {"runs": told, "next": last, "total": total, "active": active}


def tags(user_id: str) -> list[str]:
    """Every tag that the person has given, sorted."""
    with snapshot() as session:
        found = session.scalars(select(Run.tags).where(Run.owner_id == user_id, cast(Run.tags, String) != "[]"))
        return sorted({tag for given in found for tag in given})


def facets(user_id: str) -> dict[str, list[Any]]:
    """What the person's runs can be filtered by: ``{"models", "methods", "datasets": [{"id", "name"}], "tags"}``."""
    mine = Run.owner_id == user_id
    by_name = select(Dataset.id, Dataset.name).where(Dataset.id.in_(_datasets_of(user_id))).order_by(Dataset.name)
    with snapshot() as session:
        models = session.scalars(select(Run.base_model).where(mine).distinct()).all()
        methods = session.scalars(select(Run.method).where(mine).distinct()).all()
        named = [{"id": dataset_id, "name": name} for dataset_id, name in session.execute(by_name)]
    return {"models": sorted(models), "methods": sorted(methods), "datasets": named, "tags": tags(user_id)}


def _datasets_of(user_id: str) -> Any:
    return (
        select(DatasetVersion.dataset_id)
        .join(Run, Run.dataset_version_id == DatasetVersion.id)
        .where(Run.owner_id == user_id)
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
    """Write on a run what a person wants to remember; None leaves a part as it is.

    Raises:
        Rejected: too many or too long tags, or too long a note.
        Conflict: a run that still works cannot be archived.
    """
    cleaned = _clean_tags(tags) if tags is not None else None
    if note is not None and len(note) > NOTE_LENGTH:
        raise Rejected("note_length", f"This note has {len(note):,} characters.", f"Keep it below {NOTE_LENGTH:,}.")
    with transaction() as session:
        run = runs.find(session, user_id, run_id)
        if archived and run.job.state in ACTIVE_STATES:
            raise Conflict("still_active", "This run is still active.", "Cancel it first, then archive it.")
        changes = {"starred": starred, "tags": cleaned, "note": note, "archived": archived}
        for name, value in changes.items():
            if value is not None:
                setattr(run, name, value)
    record(user_id, "mark", "run", run_id, data={name: value for name, value in changes.items() if value is not None})
    return runs.get_run(user_id, run_id)


def _clean_tags(given: Sequence[str]) -> list[str]:
    cleaned = list(dict.fromkeys(word for tag in given if (word := " ".join(tag.split()))))
    long = next((tag for tag in cleaned if len(tag) > TAG_LENGTH), None)
    if long or len(cleaned) > MOST_TAGS:
        what = f"The tag {long!r} is too long." if long else f"These are {len(cleaned)} tags."
        raise Rejected("tags", what, f"A run takes {MOST_TAGS} tags of up to {TAG_LENGTH} characters.")
    return cleaned


def _from(query: Any, wanted: Filter, also: str) -> Any:
    """The query from runs, joined with what the filter asks for and the table of the column ``also``, no more."""
    query = query.select_from(Run)
    if wanted.states or also == "state":
        query = query.join(Job, Job.id == Run.job_id)
    if wanted.dataset_id or also == "dataset":
        query = query.join(DatasetVersion, DatasetVersion.id == Run.dataset_version_id)
    if also == "dataset":
        query = query.join(Dataset, Dataset.id == DatasetVersion.dataset_id)
    return query


def _rules(user_id: str, wanted: Filter) -> list[ColumnElement[bool]]:
    rules: list[ColumnElement[bool]] = [Run.owner_id == user_id]
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
    """Whether a run says the word itself, or its data or its state does; those are few and found without the runs."""
    said: Any = Run.name
    for place in (Run.base_model, Run.method, Run.note, cast(Run.tags, String)):
        said = said + "\n" + place
    data = select(DatasetVersion.id).join(Dataset).where(Dataset.name.icontains(word, autoescape=True))
    rules = [said.icontains(word, autoescape=True), Run.dataset_version_id.in_(data)]
    states = [state for state in (*ACTIVE_STATES, *TERMINAL_STATES) if word.casefold() in state]
    if states:
        rules.append(Run.job_id.in_(select(Job.id).where(Job.state.in_(states))))
    return or_(*rules)


def _working(wanted: Filter, rules: Sequence[ColumnElement[bool]]) -> Any:
    """How many runs of the filter are active, begun from the few jobs that are: an index finds those."""
    job = aliased(Job)
    run = _from(select(literal(1)), wanted, "").where(*rules, Run.job_id == job.id).correlate(job).exists()
    return select(func.count()).select_from(job).where(job.state.in_(ACTIVE_STATES), run)


def _has_tag(tag: str) -> ColumnElement[bool]:
    # Both databases keep the list as JSON text, in which other letters than plain ones are escaped.
    return cast(Run.tags, String).contains(json.dumps(tag), autoescape=True)


def _beyond(column: Any, descending: bool, value: Any, run_id: str) -> ColumnElement[bool]:
    """Rows that come after the one with this value and id."""
    after = Run.id < run_id if descending else Run.id > run_id
    if value is None:
        return and_(column.is_(None), after)
    if isinstance(value, bool):
        value = literal(value)
    further = column < value if descending else column > value
    return or_(column.is_(None), further, and_(column == value, after))


def _closed(row: tuple[Run, str], sort: str, descending: bool) -> str:
    run, dataset = row
    value = {"state": run.job.state, "dataset": dataset}.get(sort) or getattr(run, SORTS[sort].key)
    content = json.dumps([sort, descending, value, run.id])
    return base64.urlsafe_b64encode(content.encode()).decode()


def _opened(cursor: str, sort: str, descending: bool) -> tuple[Any, str]:
    try:
        found = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        made_for, way, value, run_id = found
        if (made_for, way) != (sort, descending) or not isinstance(run_id, str):
            raise ValueError("made for another order")
        if not isinstance(value, str | int | float | None):
            raise ValueError("not a value")
    except (ValueError, TypeError, binascii.Error, UnicodeError):
        raise Rejected(
            "bad_cursor", "This cursor does not belong to this list.", "Start again without a cursor."
        ) from None
    return value, run_id


def _best(session: Session, user_id: str, shown: Sequence[Run]) -> set[str]:
    """Ids of those shown that no other finished run on the same data and task is better than."""
    ended = [run for run in shown if run.quality is not None]
    versions = {run.dataset_version_id for run in ended}
    key = (Run.dataset_version_id, Run.task_type)
    query = (
        select(*key, func.max(Run.quality), func.min(Run.quality), func.count())
        .where(Run.owner_id == user_id, Run.dataset_version_id.in_(versions), Run.quality.is_not(None))
        .group_by(*key)
    )
    tops = {
        (version, task): low if _lower_is_better(task) else high
        for version, task, high, low, count in (session.execute(query) if versions else ())
        if count > 1
    }
    return {run.id for run in ended if tops.get((run.dataset_version_id, run.task_type)) == run.quality}


def _lower_is_better(task: str) -> bool:
    return task_type(task).primary_metric in ("perplexity", "loss")


def _live_lines(session: Session, found: Sequence[Run]) -> dict[str, list[float]]:
    """Small curves of runs that still work; ended ones carry theirs."""
    working = [run.id for run in found if run.job.state in ACTIVE_STATES and run.job.started_at]
    return {run_id: metrics.sparkline(session, run_id) for run_id in working}


def _row(run: Run, dataset: str, line: Sequence[float]) -> dict[str, Any]:
    told = runs.as_dict(run, dataset_name=dataset)
    if told["results"]:
        told["results"] = {key: value for key, value in told["results"].items() if key not in LEFT_OUT}
    return {**told, "sparkline": list(line)}

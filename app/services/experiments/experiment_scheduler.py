"""Looks after experiments that are under way: keeps their budgets, stops hopeless runs, adds what an adaptive search proposes.

Called at every sweep, by one process. Reads results and writes runs through ``experiments``; judges nothing itself.
"""

import math
from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.catalog.task_types import task_type
from app.db import db_now, snapshot, transaction
from app.errors import Conflict, StudioError
from app.models import ACTIVE_STATES, QUEUED, RUNNING, SUCCEEDED, DatasetVersion, Experiment, Job, Run
from app.services.experiments import adaptive_search, early_stopping, experiments, plans
from app.services.experiments.adaptive_search import Tried
from app.services.runs import metrics

# One run works and one waits beside it, so that a worker is never idle while the next proposal is made.
AHEAD = 2
# Parts of a plan that ask for care while its runs work.
WATCHED = ("most_minutes", "stop_hopeless", "halving", "growing")


def tick() -> int:
    """Keep all experiments inside their budgets, stop runs that fell behind, add new ones; returns how many it stopped."""
    with snapshot() as session:
        working = select(Run.experiment_id).join(Job, Job.id == Run.job_id).where(Job.state.in_(ACTIVE_STATES))
        growing = Experiment.plan["growing"].as_boolean()
        found = session.scalars(select(Experiment).where(or_(Experiment.id.in_(working), growing))).all()
    watched = [each.id for each in found if any(each.plan.get(key) for key in WATCHED)]
    stopped = 0
    for experiment_id in watched:
        with transaction() as session:
            stopped += _tend(session, session.get_one(Experiment, experiment_id, with_for_update=True))
    return stopped


def _tend(session: Session, experiment: Experiment) -> int:
    members = experiments.members_of(session, experiment)
    reasons: dict[str, str] = {}
    spent = _time_is_spent(session, experiment, members)
    if spent:
        words = f"Not started: the {experiment.plan['most_minutes']:g} minutes of this experiment are spent."
        reasons |= {run.id: words for run in members if run.job.state == QUEUED}
    if experiment.plan.get("stop_hopeless"):
        reasons |= early_stopping.clearly_worse(members, metrics.best_evaluations(session, [run.id for run in members]))
    if experiment.plan.get("halving"):
        reasons |= _behind(session, experiment, members)
    stopped = experiments.stop(session, experiment, reasons, members)
    if experiment.plan.get("growing"):
        _grow(session, experiment, members, spent)
    return stopped


def _time_is_spent(session: Session, experiment: Experiment, members: Sequence[Run]) -> bool:
    minutes = float(experiment.plan.get("most_minutes") or math.inf)
    return experiments.spent(members, session.scalar(select(db_now())) or 0.0) >= 60 * minutes


def _behind(session: Session, experiment: Experiment, members: Sequence[Run]) -> dict[str, str]:
    """Run id -> reason, for working runs that halving would stop."""
    if not any(run.job.state == RUNNING for run in members):
        return {}
    entered, tried = _tried(session, experiment, members)
    plan = experiment.plan
    fallen = adaptive_search.behind(plan["methods"], plan["vary"], tried, higher=_higher(members))
    words = "Stopped early by halving: at {} % of its steps it was not among the better half of the runs."
    return {
        entered[place].id: words.format(percent)
        for place, percent in fallen.items()
        if entered[place].job.state == RUNNING
    }


def _grow(session: Session, experiment: Experiment, members: Sequence[Run], spent: bool) -> None:
    """Queue what the search proposes until enough is under way; ends the search when nothing more is to come."""
    plan = experiment.plan
    own = [run for run in members if run.experiment_id]
    active = sum(run.job.state in ACTIVE_STATES for run in own)
    if spent or len(own) >= plan["most_runs"]:
        experiment.plan = {**plan, "growing": False}
        return
    if active >= AHEAD:
        return
    _, tried = _tried(session, experiment, own)
    seed = int(plan["training"].get("seed") or 0)
    found = adaptive_search.propose(plan["methods"], plan["vary"], tried, higher=_higher(members), seed=seed)
    if found is None:
        experiment.plan = {**plan, "growing": False, "note": "Every combination has been tried."}
        return
    _queue(session, experiment, *found)


def _queue(session: Session, experiment: Experiment, choice: int, settings: dict[str, object]) -> None:
    """Add one run; where the person's limits leave no room it waits for the next sweep."""
    plan = experiment.plan
    version = session.get_one(DatasetVersion, experiment.dataset_version_id)
    candidate = plans.candidate(plan["methods"], choice, list(settings.items()), plan["training"])
    try:
        spec = experiments.make_spec(version, plan["base_model"], candidate)
        experiments.queue(session, experiment, version, [(spec, candidate)])
    except Conflict:
        return
    except StudioError as error:
        experiment.plan = {**plan, "growing": False, "note": f"The search ended: {error.message}"}


def _tried(session: Session, experiment: Experiment, members: Sequence[Run]) -> tuple[list[Run], list[Tried]]:
    """The runs that the search knows, and how each of them stands."""
    plan = experiment.plan
    kept = plan.get("tried") or {}
    entered = [run for run in members if run.id in kept]
    metric = task_type(members[0].task_type).primary_metric if members else ""
    checks = metrics.evaluations_of(session, [run.id for run in entered], f"eval/{metric}")
    return entered, [
        Tried(kept[run.id]["choice"], kept[run.id]["settings"], _state(run), _in_percent(run, checks.get(run.id, ())))
        for run in entered
    ]


def _state(run: Run) -> adaptive_search.State:
    if run.job.state == SUCCEEDED:
        return "finished"
    if run.job.state in ACTIVE_STATES:
        return "working"
    return "stopped" if run.job.cancel_requested_at else "failed"


def _in_percent(run: Run, checks: Sequence[tuple[float, int, float]]) -> list[tuple[float, int, float]]:
    """The checks with their place in percent of the run's steps instead of steps; several in one percent keep the last."""
    total = (run.results or {}).get("total_steps") or (run.job.progress or {}).get("total_steps")
    if not total:
        return []
    return list(
        {round(100 * step / total): (at, round(100 * step / total), value) for at, step, value in checks}.values()
    )


def _higher(members: Sequence[Run]) -> bool:
    return not task_type(members[0].task_type).lower_is_better

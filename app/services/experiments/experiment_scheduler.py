"""The experiment scheduler: keeps budgets, stops runs early, adds the runs that an adaptive search proposes.

``tick`` is called at every sweep, by one process.
"""

import math
from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.catalog.task_types import task_type
from app.db import db_now, snapshot, transaction
from app.errors import Conflict, StudioError
from app.models import ACTIVE_STATES, QUEUED, RUNNING, SUCCEEDED, DatasetVersion, Experiment, Job, Run
from app.services.experiments import adaptive_search, candidates, early_stopping, experiments
from app.services.experiments.adaptive_search import ObservedTrial
from app.services.experiments.plans import plan_of, update_plan
from app.services.runs import metrics

# One run works and one waits, so that a worker is never idle while the next proposal is made.
MAX_ACTIVE = 2


def tick() -> int:
    """Look at every experiment that is under way; returns how many runs were stopped."""
    with snapshot() as session:
        working = select(Run.experiment_id).join(Job, Job.id == Run.job_id).where(Job.state.in_(ACTIVE_STATES))
        growing = Experiment.plan["growing"].as_boolean()
        found = session.scalars(select(Experiment).where(or_(Experiment.id.in_(working), growing))).all()
    stopped = 0
    for experiment_id in [experiment.id for experiment in found if plan_of(experiment).needs_scheduling]:
        with transaction() as session:
            stopped += _schedule(session, session.get_one(Experiment, experiment_id, with_for_update=True))
    return stopped


def _schedule(session: Session, experiment: Experiment) -> int:
    members = experiments.members_of(session, experiment)
    plan = plan_of(experiment)
    reasons: dict[str, str] = {}
    is_spent = _is_time_spent(session, members, plan.max_minutes)
    if is_spent:
        reason = f"Not started: the {plan.max_minutes:g} minutes of this experiment are spent."
        reasons |= {run.id: reason for run in members if run.job.state == QUEUED}
    if plan.early_stopping:
        reasons |= early_stopping.clearly_worse(members, metrics.best_evaluations(session, [run.id for run in members]))
    if plan.halving:
        reasons |= _pruned(session, experiment, members)
    stopped = experiments.stop(session, experiment, reasons, members)
    if plan.growing:
        _grow(session, experiment, members, is_spent)
    return stopped


def _is_time_spent(session: Session, members: Sequence[Run], max_minutes: float | None) -> bool:
    now = session.scalar(select(db_now())) or 0.0
    return experiments.spent_seconds(members, now) >= 60 * (max_minutes or math.inf)


def _pruned(session: Session, experiment: Experiment, members: Sequence[Run]) -> dict[str, str]:
    """Run id -> reason, for working runs that successive halving stops."""
    if not any(run.job.state == RUNNING for run in members):
        return {}
    plan = plan_of(experiment)
    entered, trials = _observed(session, experiment, members)
    pruned = adaptive_search.to_prune(plan.methods, plan.vary, trials, higher=_higher_is_better(members))
    return {
        entered[index].id: f"Stopped early by successive halving: at {percent} % of its steps it was not among the "
        "better half of the runs."
        for index, percent in pruned.items()
        if entered[index].job.state == RUNNING
    }


def _grow(session: Session, experiment: Experiment, members: Sequence[Run], is_spent: bool) -> None:
    """Queue what the search proposes until enough runs are active; ends the search when nothing more is to come."""
    plan = plan_of(experiment)
    own = [run for run in members if run.experiment_id]
    active = sum(run.job.state in ACTIVE_STATES for run in own)
    if is_spent or len(own) >= plan.max_runs:
        update_plan(experiment, {"growing": False})
        return
    if active >= MAX_ACTIVE:
        return
    _, trials = _observed(session, experiment, own)
    seed = int(plan.training.get("seed") or 0)
    higher = _higher_is_better(members)
    proposal = adaptive_search.propose(plan.methods, plan.vary, trials, higher=higher, seed=seed)
    if proposal is None:
        update_plan(experiment, {"growing": False, "note": "Every combination has been tried."})
        return
    _queue(session, experiment, *proposal)


def _queue(session: Session, experiment: Experiment, method_index: int, settings: dict[str, object]) -> None:
    """Add one run; where the person's limits leave no room it waits for the next sweep."""
    plan = plan_of(experiment)
    version = session.get_one(DatasetVersion, experiment.dataset_version_id)
    candidate = candidates.make_candidate(plan.methods, method_index, list(settings.items()), plan.training)
    try:
        spec = experiments.make_spec(version, plan.base_model, candidate)
        experiments.queue(session, experiment, version, [(spec, candidate)])
    except Conflict:
        return
    except StudioError as error:
        update_plan(experiment, {"growing": False, "note": f"The search ended: {error.message}"})


def _observed(
    session: Session, experiment: Experiment, members: Sequence[Run]
) -> tuple[list[Run], list[ObservedTrial]]:
    """The runs that the search knows, and the state and checks of each."""
    settings = plan_of(experiment).trials
    entered = [run for run in members if run.id in settings]
    metric = task_type(members[0].task_type).primary_metric if members else ""
    checks = metrics.evaluations_of(session, [run.id for run in entered], f"eval/{metric}")
    return entered, [
        ObservedTrial(
            settings[run.id].method_index,
            settings[run.id].settings,
            _state(run),
            _in_percent(run, checks.get(run.id, ())),
        )
        for run in entered
    ]


def _state(run: Run) -> adaptive_search.ObservedState:
    if run.job.state == SUCCEEDED:
        return "finished"
    if run.job.state in ACTIVE_STATES:
        return "working"
    return "stopped" if run.job.cancel_requested_at else "failed"


def _in_percent(run: Run, checks: Sequence[tuple[float, int, float]]) -> list[tuple[float, int, float]]:
    """The checks with percent of the run's steps instead of steps; of several in one percent the last is kept."""
    total = (run.results or {}).get("total_steps") or (run.job.progress or {}).get("total_steps")
    if not total:
        return []
    # Before the first step every run of a base model is its linear probe, which says nothing about the settings.
    by_percent = {round(100 * step / total): (time, value) for time, step, value in checks if step}
    return [(time, percent, value) for percent, (time, value) in by_percent.items()]


def _higher_is_better(members: Sequence[Run]) -> bool:
    return not task_type(members[0].task_type).lower_is_better

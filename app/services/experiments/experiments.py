"""Experiments: many methods or settings on the same rows, with one table and one piece of advice at the end.

The runs of an experiment are written in one transaction and queued like any other; an adaptive search adds more as
results come in. ``experiment_tending`` does that and keeps the budget.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.catalog.spec import RunSpec
from app.db import db_now, snapshot, transaction
from app.errors import Conflict, NotFound, Rejected
from app.models import ACTIVE_STATES, Dataset, DatasetVersion, Experiment, Job, Run
from app.services.accounts.accounts import record
from app.services.datasets import datasets
from app.services.datasets.row_errors import require_decided
from app.services.evaluation import leaderboard, paired
from app.services.experiments import plans
from app.services.experiments.plans import Candidate
from app.services.profiling.token_lengths import default_model
from app.services.queue import jobs
from app.services.runs import run_specs, runs

FEWEST_RUNS = 2


def start(
    user_id: str,
    *,
    methods: Sequence[Mapping[str, Any]],
    dataset_id: str | None = None,
    run_id: str | None = None,
    base_model: str | None = None,
    training: Mapping[str, Any] | None = None,
    vary: Mapping[str, Any] | None = None,
    search: str = "grid",
    most_runs: int = 12,
    most_minutes: float | None = None,
    stop_hopeless: bool = False,
    halving: bool = False,
    name: str = "",
) -> Experiment:
    """Queue every candidate on the same rows, split and seed.

    Args:
        dataset_id: the data set, in its newest version; with ``base_model``.
        run_id: or a run whose data, model and training settings are taken; it becomes a row of the table.
        methods, vary, search, most_runs: see :func:`experiment_plans.plan`.
        training: settings that all runs share; what is left out comes from the run, or is the default.
        most_minutes: waiting runs are taken out of the queue once this much training time is spent.
        stop_hopeless: stop a run halfway when its checks are clearly below the best finished run's.
        halving: successive halving: only the better half goes on at a fifth, two fifths and four fifths of the steps.

    Raises:
        Rejected: fewer than two runs, or a method or setting that does not fit.
        NotFound: data or run are not theirs.
    """
    first = runs.get_run(user_id, run_id) if run_id else None
    version = first.dataset_version if first else _newest_version(user_id, dataset_id)
    base = base_model or (first.base_model if first else default_model(version.task_type))
    shared = {**_settings(first), "measure_forgetting": "yes", **(training or {})}
    found = plans.plan(
        methods, vary=vary, search=search, most_runs=most_runs, training=shared, seed=int(shared.get("seed", 0))
    )
    fresh = _specs(version, base, found, first)
    _require_several(len(fresh) + (first is not None))
    plan = {
        "methods": [dict(method) for method in methods],
        "vary": dict(vary or {}),
        "search": search,
        "most_runs": most_runs,
        "most_minutes": most_minutes,
        "stop_hopeless": stop_hopeless,
        "halving": halving,
        "first_run": first.id if first else None,
        "stopped": {},
        "base_model": base,
        "training": shared,
        "growing": search == plans.ADAPTIVE,
    }
    experiment = _write(user_id, version, plan, fresh, name)
    record(user_id, "start", "experiment", experiment.id, data={"runs": len(fresh)})
    return experiment


def _require_several(runs_planned: int) -> None:
    if runs_planned < FEWEST_RUNS:
        raise Rejected(
            "too_few_runs",
            "These choices make fewer than two different runs.",
            "Choose more methods or vary a setting.",
        )


def list_experiments(user_id: str) -> list[dict[str, Any]]:
    """The person's experiments, newest first: ``{"id", "name", "created_at", "dataset", "runs", "active"}``."""
    active = func.count().filter(Job.state.in_(ACTIVE_STATES))
    query = (
        select(Experiment, Dataset.name, DatasetVersion.number, func.count(), active, func.max(Run.quality))
        .join(DatasetVersion, DatasetVersion.id == Experiment.dataset_version_id)
        .join(Dataset, Dataset.id == DatasetVersion.dataset_id)
        .join(Run, Run.experiment_id == Experiment.id)
        .join(Job, Job.id == Run.job_id)
        .where(Experiment.owner_id == user_id)
        .group_by(Experiment.id, Dataset.name, DatasetVersion.number)
        .order_by(Experiment.created_at.desc())
        .limit(200)
    )
    with snapshot() as session:
        rows = session.execute(query).all()
    return [
        {
            "id": each.id,
            "name": each.name,
            "created_at": each.created_at,
            "runs": total,
            "active": working,
            "best": best,
            "dataset": {"name": dataset, "version": number},
        }
        for each, dataset, number, total, working, best in rows
    ]


def read(user_id: str, experiment_id: str) -> dict[str, Any]:
    """The experiment with its live table, see :func:`leaderboard.build`."""
    with snapshot() as session:
        experiment = _find(session, user_id, experiment_id)
        members = members_of(session, experiment)
        growing = bool(experiment.plan.get("growing"))
        version = session.get_one(DatasetVersion, experiment.dataset_version_id)
        dataset = session.get_one(Dataset, version.dataset_id)
        answers = paired.answers_of(session, members)
        now = session.scalar(select(db_now())) or 0.0
    return {
        "id": experiment.id,
        "name": experiment.name,
        "created_at": experiment.created_at,
        "dataset": {"id": dataset.id, "name": dataset.name, "version": version.number},
        "plan": experiment.plan,
        "chosen_run_id": experiment.chosen_run_id,
        "spent_seconds": spent(members, now),
        **leaderboard.build(members, answers, experiment.plan.get("stopped") or {}, growing=growing).as_dict(),
    }


def choose(user_id: str, experiment_id: str, run_id: str) -> dict[str, Any]:
    """*Use this one*: note the run that the person settles on, and give it a star."""
    with transaction() as session:
        experiment = _find(session, user_id, experiment_id)
        if run_id not in {run.id for run in members_of(session, experiment)}:
            raise NotFound(
                "run_not_found", f"There is no run {run_id!r} in this experiment.", "Choose one of its rows."
            )
        experiment.chosen_run_id = run_id
        runs.find(session, user_id, run_id).starred = True
    record(user_id, "choose", "experiment", experiment_id, data={"run": run_id})
    return read(user_id, experiment_id)


def request_cancel(user_id: str, experiment_id: str) -> dict[str, Any]:
    """Stop every run of the experiment that waits or works; finished ones stay."""
    with transaction() as session:
        experiment = _find(session, user_id, experiment_id, lock=True)
        active = [run for run in members_of(session, experiment) if run.job.state in ACTIVE_STATES]
        if not active and not experiment.plan.get("growing"):
            raise Conflict("already_ended", "Every run of this experiment has ended.", "Nothing needs to be stopped.")
        stop(session, experiment, {run.id: "Stopped on request." for run in active}, active)
        experiment.plan = {**experiment.plan, "growing": False}
    record(user_id, "cancel", "experiment", experiment_id)
    return read(user_id, experiment_id)


def stop(session: Session, experiment: Experiment, reasons: Mapping[str, str], members: Sequence[Run]) -> int:
    """Ask these runs to stop and keep the reasons; returns how many had not been asked before."""
    asked = [run for run in members if run.id in reasons and run.job.cancel_requested_at is None]
    for run in asked:
        jobs.request_cancel(session, run.job)
    # A new mapping: a change inside the old one would not be noticed and not be stored.
    stopped = {**(experiment.plan.get("stopped") or {}), **{run.id: reasons[run.id] for run in asked}}
    experiment.plan = {**experiment.plan, "stopped": stopped}
    return len(asked)


def queue(
    session: Session, experiment: Experiment, version: DatasetVersion, fresh: Sequence[tuple[RunSpec, Candidate]]
) -> None:
    """Add these runs to the experiment and to the queue; the plan keeps what was varied in each."""
    dataset = session.get_one(Dataset, version.dataset_id)
    tried = dict(experiment.plan.get("tried") or {})
    for spec, candidate in fresh:
        name = f"{dataset.name} · {candidate.words}"
        run = runs.add(session, experiment.owner_id, version, spec, name=name, experiment_id=experiment.id)
        tried[run.id] = {"choice": candidate.choice, "settings": candidate.settings}
    experiment.plan = {**experiment.plan, "tried": tried}


def _specs(
    version: DatasetVersion, base: str, found: Sequence[Candidate], first: Run | None
) -> list[tuple[RunSpec, Candidate]]:
    """Validated specs; a candidate that repeats the first run is left to that run."""
    specs = [(make_spec(version, base, candidate), candidate) for candidate in found]
    if first is None:
        return specs
    return [each for each in specs if _learning(each[0].model_dump(mode="json")) != _learning(first.spec)]


def make_spec(version: DatasetVersion, base: str, candidate: Candidate) -> RunSpec:
    """The validated description of a candidate's run."""
    return run_specs.make_spec(
        version, base_model=base, task_type=version.task_type, method=candidate.method, training=candidate.training
    )


def _learning(spec: Mapping[str, Any]) -> dict[str, Any]:
    """What decides how a run learns; measuring more beside it makes no other run."""
    kept = {key: value for key, value in spec["training"].items() if key != "measure_forgetting"}
    return {**spec, "training": kept}


def _write(
    user_id: str, version: DatasetVersion, plan: dict[str, Any], fresh: Sequence[tuple[RunSpec, Candidate]], name: str
) -> Experiment:
    with transaction() as session:
        dataset = session.get_one(Dataset, version.dataset_id)
        experiment = Experiment(
            project_id=dataset.project_id,
            owner_id=user_id,
            dataset_version_id=version.id,
            plan=plan,
            name=" ".join(name.split())[:200] or f"{dataset.name}: {_question(plan)}"[:200],
        )
        session.add(experiment)
        session.flush()
        queue(session, experiment, version, fresh)
    return experiment


def _question(plan: Mapping[str, Any]) -> str:
    return "which settings?" if plan["vary"] else "which method?"


def _newest_version(user_id: str, dataset_id: str | None) -> DatasetVersion:
    if not dataset_id:
        raise Rejected("no_data", "Neither a data set nor a run was named.", "Give `dataset_id` or `run_id`.")
    version = datasets.latest_version(datasets.get_dataset(user_id, dataset_id))
    require_decided(version)
    return version


def _settings(first: Run | None) -> dict[str, Any]:
    # The method decides about the learning rate; a rate that suited one method would be unfair to the others.
    return {key: value for key, value in first.spec["training"].items() if key != "learning_rate"} if first else {}


def _find(session: Session, user_id: str, experiment_id: str, *, lock: bool = False) -> Experiment:
    query = select(Experiment).where(Experiment.id == experiment_id, Experiment.owner_id == user_id)
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise NotFound(
            "experiment_not_found", f"There is no experiment {experiment_id!r} among yours.", "Open it from its page."
        )
    return found


def members_of(session: Session, experiment: Experiment) -> list[Run]:
    """The finished run it began from, then its own runs in the order of the queue."""
    mine = or_(Run.experiment_id == experiment.id, Run.id == experiment.plan.get("first_run"))
    found = session.scalars(select(Run).where(mine).order_by(Run.created_at, Run.id)).all()
    return list(found)


def spent(members: Sequence[Run], now: float) -> float:
    """Seconds of training so far; the run that it began from had its own."""
    own = [run for run in members if run.experiment_id and run.job.started_at]
    return sum((run.job.finished_at or now) - (run.job.started_at or now) for run in own)

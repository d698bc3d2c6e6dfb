"""Experiments: many methods or settings on the same rows, with one table and one piece of advice at the end.

The runs of an experiment are written in one transaction and queued like any other; an adaptive search adds more as
results come in. The experiment scheduler does that and keeps the budget.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.catalog.spec import RunSpec
from app.db import db_now, snapshot, transaction
from app.errors import Conflict, NotFound, Rejected
from app.languages import gettext as _
from app.models import ACTIVE_STATES, Dataset, DatasetVersion, Experiment, Job, Run
from app.services.accounts import access
from app.services.accounts.access import TO_LOOK, TO_TRAIN
from app.services.accounts.audit_chain import record
from app.services.datasets.row_errors import require_decided
from app.services.datasets.versions import find_dataset, find_version
from app.services.evaluation import leaderboard, paired_answers
from app.services.evaluation.leaderboard import Leaderboard
from app.services.experiments import candidates
from app.services.experiments.candidates import Candidate
from app.services.experiments.plans import ExperimentPlan, TrialSettings, plan_of, update_plan
from app.services.profiling.token_lengths import default_model
from app.services.queue import jobs
from app.services.runs import run_specs, runs

MIN_RUNS = 2
MAX_LISTED = 200


@dataclass(frozen=True)
class ExperimentRequest:
    """What a person asks for when starting an experiment.

    Attributes:
        methods, vary, search, max_runs: see :func:`candidates.make_candidates`.
        dataset_id: the dataset, in its newest version; with ``base_model``.
        run_id: or a run whose data, model and training settings are taken; it becomes a row of the table.
        training: settings that all runs share; what is left out comes from the run, or is the default.
        max_minutes: waiting runs are taken out of the queue once this much training time is spent.
        early_stopping: stop a run halfway when its checks are clearly below the best finished run's.
        halving: successive halving: only the better half goes on at a fifth, two fifths and four fifths of the steps.
    """

    methods: Sequence[Mapping[str, Any]]
    dataset_id: str | None = None
    run_id: str | None = None
    base_model: str | None = None
    training: Mapping[str, Any] | None = None
    vary: Mapping[str, Any] | None = None
    search: str = "grid"
    max_runs: int = 12
    max_minutes: float | None = None
    early_stopping: bool = False
    halving: bool = False
    name: str = ""


@dataclass(frozen=True)
class ExperimentSummary:
    """One line of the list of experiments; ``best`` is the highest quality so far, ``active`` counts unfinished runs."""

    id: str
    name: str
    created_at: float
    runs: int
    active: int
    best: float | None
    dataset: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """The line as JSON."""
        return asdict(self)


@dataclass(frozen=True)
class ExperimentReport:
    """An experiment with its live table; ``dataset`` is ``{"id", "name", "version"}``."""

    id: str
    name: str
    created_at: float
    dataset: dict[str, Any]
    plan: ExperimentPlan
    chosen_run_id: str | None
    spent_seconds: float
    table: Leaderboard

    def as_dict(self) -> dict[str, Any]:
        """The experiment as JSON, with the table's keys beside its own."""
        return {
            "id": self.id,
            "name": self.name,
            "created_at": self.created_at,
            "dataset": self.dataset,
            "plan": self.plan.as_dict(),
            "chosen_run_id": self.chosen_run_id,
            "spent_seconds": self.spent_seconds,
            **self.table.as_dict(),
        }


def start(user_id: str, request: ExperimentRequest) -> Experiment:
    """Queue every candidate on the same rows, split and seed.

    Raises:
        Rejected: fewer than two runs, or a method or setting that does not fit.
        NotFound: data or run are not theirs.
        NotAllowed: they may not train in the project of the data.
    """
    first = runs.get_run(user_id, request.run_id, TO_TRAIN) if request.run_id else None
    version = first.dataset_version if first else _newest_version(user_id, request.dataset_id)
    base = request.base_model or (first.base_model if first else default_model(version.task_type))
    shared = {**_shared_settings(first), "measure_forgetting": "yes", **(request.training or {})}
    found = candidates.make_candidates(
        request.methods,
        vary=request.vary,
        search=request.search,
        max_runs=request.max_runs,
        training=shared,
        seed=int(shared.get("seed", 0)),
    )
    fresh = _specs(version, base, found, first)
    if len(fresh) + (first is not None) < MIN_RUNS:
        raise Rejected(
            "too_few_runs",
            _("These choices make fewer than two different runs."),
            _("Choose more methods or vary a setting."),
        )
    plan = ExperimentPlan(
        methods=[dict(method) for method in request.methods],
        vary=dict(request.vary or {}),
        search=request.search,
        max_runs=request.max_runs,
        max_minutes=request.max_minutes,
        early_stopping=request.early_stopping,
        halving=request.halving,
        first_run=first.id if first else None,
        stopped={},
        base_model=base,
        training=shared,
        growing=request.search == candidates.ADAPTIVE,
    )
    return _write(user_id, version, plan, fresh, request.name)


def list_experiments(user_id: str, project_id: str = "") -> list[ExperimentSummary]:
    """The experiments that the person may see, newest first; with ``project_id`` those of that project."""
    active = func.count().filter(Job.state.in_(ACTIVE_STATES))
    query = (
        select(Experiment, Dataset.name, DatasetVersion.number, func.count(), active, func.max(Run.quality))
        .join(DatasetVersion, DatasetVersion.id == Experiment.dataset_version_id)
        .join(Dataset, Dataset.id == DatasetVersion.dataset_id)
        .join(Run, Run.experiment_id == Experiment.id)
        .join(Job, Job.id == Run.job_id)
        .where(access.visible(Experiment, user_id, project_id=project_id))
        .group_by(Experiment.id, Dataset.name, DatasetVersion.number)
        .order_by(Experiment.created_at.desc())
        .limit(MAX_LISTED)
    )
    with snapshot() as session:
        rows = session.execute(query).all()
    return [
        ExperimentSummary(
            id=experiment.id,
            name=experiment.name,
            created_at=experiment.created_at,
            runs=n_runs,
            active=n_active,
            best=best,
            dataset={"name": dataset, "version": number},
        )
        for experiment, dataset, number, n_runs, n_active, best in rows
    ]


def read(user_id: str, experiment_id: str) -> ExperimentReport:
    """The experiment with its live table.

    Raises:
        NotFound: it is not theirs.
    """
    with snapshot() as session:
        experiment = _find(session, user_id, experiment_id)
        members = members_of(session, experiment)
        version = session.get_one(DatasetVersion, experiment.dataset_version_id)
        dataset = session.get_one(Dataset, version.dataset_id)
        answers = paired_answers.answers_of(session, members)
        now = session.scalar(select(db_now())) or 0.0
    plan = plan_of(experiment)
    return ExperimentReport(
        id=experiment.id,
        name=experiment.name,
        created_at=experiment.created_at,
        dataset={"id": dataset.id, "name": dataset.name, "version": version.number},
        plan=plan,
        chosen_run_id=experiment.chosen_run_id,
        spent_seconds=spent_seconds(members, now),
        table=leaderboard.build(members, answers, plan.stopped, growing=plan.growing),
    )


def choose(user_id: str, experiment_id: str, run_id: str) -> ExperimentReport:
    """*Use this one*: store the run that the person settles on, and star it.

    Raises:
        NotFound: the experiment is not theirs, or the run is not in it.
    """
    with transaction() as session:
        experiment = _find(session, user_id, experiment_id, TO_TRAIN)
        if run_id not in {run.id for run in members_of(session, experiment)}:
            raise NotFound(
                "run_not_found",
                _("Run {run_id} not found in this experiment.", run_id=repr(run_id)),
                _("Choose one of its rows."),
            )
        experiment.chosen_run_id = run_id
        runs.find(session, user_id, run_id, TO_TRAIN).starred = True
        record(session, user_id, "choose", "experiment", experiment_id, data={"run": run_id})
    return read(user_id, experiment_id)


def request_cancel(user_id: str, experiment_id: str) -> ExperimentReport:
    """Cancel every unfinished run of the experiment.

    Raises:
        NotFound: it is not theirs.
        Conflict: every run has ended.
    """
    with transaction() as session:
        experiment = _find(session, user_id, experiment_id, TO_TRAIN, lock=True)
        active = [run for run in members_of(session, experiment) if run.job.state in ACTIVE_STATES]
        if not active and not plan_of(experiment).growing:
            raise Conflict(
                "already_ended", _("Every run of this experiment has ended."), _("Nothing needs to be stopped.")
            )
        stop(session, experiment, {run.id: "Stopped on request." for run in active}, active)
        update_plan(experiment, {"growing": False})
        record(session, user_id, "cancel", "experiment", experiment_id)
    return read(user_id, experiment_id)


def stop(session: Session, experiment: Experiment, reasons: Mapping[str, str], members: Sequence[Run]) -> int:
    """Ask these runs to stop and store the reasons; returns how many had not been asked before."""
    asked = [run for run in members if run.id in reasons and run.job.cancel_requested_at is None]
    for run in asked:
        jobs.request_cancel(session, run.job)
    stopped = {**plan_of(experiment).stopped, **{run.id: reasons[run.id] for run in asked}}
    update_plan(experiment, {"stopped": stopped})
    return len(asked)


def queue(
    session: Session, experiment: Experiment, version: DatasetVersion, fresh: Sequence[tuple[RunSpec, Candidate]]
) -> None:
    """Add these runs to the experiment and to the queue; the plan keeps what was varied in each."""
    dataset = session.get_one(Dataset, version.dataset_id)
    trials = dict(plan_of(experiment).trials)
    for spec, candidate in fresh:
        name = f"{dataset.name} · {candidate.title}"
        run = runs.add(session, experiment.owner_id, version, spec, name=name, experiment_id=experiment.id)
        trials[run.id] = TrialSettings(method_index=candidate.method_index, settings=candidate.settings)
    update_plan(experiment, {"trials": trials})


def make_spec(version: DatasetVersion, base: str, candidate: Candidate) -> RunSpec:
    """The validated description of a candidate's run."""
    return run_specs.make_spec(
        version, base_model=base, task_type=version.task_type, method=candidate.method, training=candidate.training
    )


def members_of(session: Session, experiment: Experiment) -> list[Run]:
    """The finished run it began from, then its own runs in the order of the queue."""
    belongs = or_(Run.experiment_id == experiment.id, Run.id == plan_of(experiment).first_run)
    return list(session.scalars(select(Run).where(belongs).order_by(Run.created_at, Run.id)))


def spent_seconds(members: Sequence[Run], now: float) -> float:
    """Seconds of training so far, without those of the run that the experiment began from."""
    own = [run for run in members if run.experiment_id and run.job.started_at]
    return sum((run.job.finished_at or now) - (run.job.started_at or now) for run in own)


def _specs(
    version: DatasetVersion, base: str, found: Sequence[Candidate], first: Run | None
) -> list[tuple[RunSpec, Candidate]]:
    """Validated specs, without a candidate that repeats the first run."""
    specs = [(make_spec(version, base, candidate), candidate) for candidate in found]
    if first is None:
        return specs
    first_spec = _without_measurements(first.spec)
    return [pair for pair in specs if _without_measurements(pair[0].model_dump(mode="json")) != first_spec]


def _without_measurements(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a spec that decides how a run trains; measuring more does not make it another run."""
    return {**spec, "training": {key: value for key, value in spec["training"].items() if key != "measure_forgetting"}}


def _write(
    user_id: str, version: DatasetVersion, plan: ExperimentPlan, fresh: Sequence[tuple[RunSpec, Candidate]], name: str
) -> Experiment:
    with transaction() as session:
        dataset = find_dataset(session, user_id, version.dataset_id, TO_TRAIN)
        question = _("which settings?") if plan.vary else _("which method?")
        experiment = Experiment(
            project_id=dataset.project_id,
            owner_id=user_id,
            dataset_version_id=version.id,
            plan=plan.as_dict(),
            name=" ".join(name.split())[:200] or f"{dataset.name}: {question}"[:200],
        )
        session.add(experiment)
        session.flush()
        queue(session, experiment, version, fresh)
        record(session, user_id, "start", "experiment", experiment.id, data={"runs": len(fresh)})
    return experiment


def _newest_version(user_id: str, dataset_id: str | None) -> DatasetVersion:
    if not dataset_id:
        raise Rejected("no_data", _("Neither a dataset nor a run was named."), _("Give `dataset_id` or `run_id`."))
    version = find_version(user_id, dataset_id, need=TO_TRAIN)
    require_decided(version)
    return version


def _shared_settings(first: Run | None) -> dict[str, Any]:
    # Without the learning rate: it depends on the method, and one method's rate would be unfair to the others.
    return {key: value for key, value in first.spec["training"].items() if key != "learning_rate"} if first else {}


def _find(session: Session, user_id: str, experiment_id: str, need: str = TO_LOOK, *, lock: bool = False) -> Experiment:
    missing = NotFound(
        "experiment_not_found",
        _("Experiment {experiment_id} not found.", experiment_id=repr(experiment_id)),
        _("Open it from the Experiments page."),
    )
    return access.find(session, Experiment, experiment_id, user_id, missing, need=need, lock=lock)

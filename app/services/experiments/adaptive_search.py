"""Adaptive search with Optuna: which settings to try next and which runs to prune, from the results so far.

The sampler is a tree-structured Parzen estimator (Bergstra et al. 2011), the pruner asynchronous successive halving
(Li et al. 2018). The study is rebuilt from the stored runs at each call, so that a restart of the studio loses nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import optuna
from optuna.trial import Trial, TrialState

from app.services.experiments.candidates import STARTUP_TRIALS, axes_of, rounded

# Percent of a run's steps at the first rung of successive halving; each rung has twice as many as the one before.
MIN_RESOURCE = 20
REDUCTION_FACTOR = 2
# How often a proposal that was tried before is drawn again, before the search counts as exhausted.
MAX_DRAWS = 30
# Optuna's name for the parameter that chooses the method.
METHOD_INDEX = "choice"

ObservedState = Literal["working", "finished", "stopped", "failed"]

optuna.logging.set_verbosity(optuna.logging.ERROR)


@dataclass(frozen=True)
class ObservedTrial:
    """One run as the search sees it.

    Attributes:
        method_index: of its method in the plan's list.
        settings: the varied settings, ``"method.rank"`` to the value.
        state: how far it is; ``stopped`` before its end.
        checks: ``(time, percent of its steps, value)`` of every check on the validation rows.
    """

    method_index: int
    settings: Mapping[str, Any]
    state: ObservedState
    checks: Sequence[tuple[float, int, float]] = field(default_factory=tuple)


def propose(
    methods: Sequence[Mapping[str, Any]],
    vary: Mapping[str, Any],
    trials: Sequence[ObservedTrial],
    *,
    higher: bool,
    seed: int,
) -> tuple[int, dict[str, Any]] | None:
    """Index of the method and the varied settings to try next; None when every combination was tried.

    Args:
        vary: as :func:`candidates.make_candidates` takes it.
        higher: whether a higher value of the checks is better.
    """
    known = {_key(trial.method_index, trial.settings) for trial in trials}
    sampler = optuna.samplers.TPESampler(
        n_startup_trials=STARTUP_TRIALS, constant_liar=True, seed=1000 * seed + len(trials)
    )
    study = _study(methods, vary, trials, higher, sampler)
    for _ in range(MAX_DRAWS):
        trial = study.ask()
        method_index, settings = _suggest(trial, methods, vary)
        settings = {key: rounded(value, vary[key]) for key, value in settings.items()}
        if _key(method_index, settings) not in known:
            return method_index, settings
        study.tell(trial, state=TrialState.FAIL)
    return None


def to_prune(
    methods: Sequence[Mapping[str, Any]], vary: Mapping[str, Any], trials: Sequence[ObservedTrial], *, higher: bool
) -> dict[int, int]:
    """Which of ``trials`` successive halving stops: index -> percent of its steps at the rung that it did not pass.

    The checks are replayed in the order of their times, so that a run is only judged by what was known then.
    """
    study = _study(methods, vary, (), higher, optuna.samplers.RandomSampler(seed=0), halving=True)
    entered = [_enter(study, trial, methods, vary) for trial in trials]
    pruned: dict[int, int] = {}
    checks = sorted(
        (time, index, percent, value) for index, trial in enumerate(trials) for time, percent, value in trial.checks
    )
    for _, index, percent, value in checks:
        if index in pruned:
            continue
        entered[index].report(value, percent)
        if percent < 100 and entered[index].should_prune():
            pruned[index] = percent
    return pruned


def _study(
    methods: Sequence[Mapping[str, Any]],
    vary: Mapping[str, Any],
    trials: Sequence[ObservedTrial],
    higher: bool,
    sampler: optuna.samplers.BaseSampler,
    halving: bool = False,
) -> optuna.Study:
    pruner = optuna.pruners.SuccessiveHalvingPruner(min_resource=MIN_RESOURCE, reduction_factor=REDUCTION_FACTOR)
    study = optuna.create_study(
        direction="maximize" if higher else "minimize",
        sampler=sampler,
        pruner=pruner if halving else optuna.pruners.NopPruner(),
    )
    for observed in trials:
        trial = _enter(study, observed, methods, vary)
        for _, percent, value in observed.checks:
            trial.report(value, percent)
        values = [value for _, _, value in observed.checks]
        if observed.state == "finished" and values:
            study.tell(trial, max(values) if higher else min(values))
        elif observed.state == "stopped" and values:
            study.tell(trial, state=TrialState.PRUNED)
        elif observed.state != "working":
            study.tell(trial, state=TrialState.FAIL)
    return study


def _enter(
    study: optuna.Study, observed: ObservedTrial, methods: Sequence[Mapping[str, Any]], vary: Mapping[str, Any]
) -> Trial:
    """An Optuna trial with the settings of an existing run."""
    study.enqueue_trial({METHOD_INDEX: observed.method_index, **observed.settings})
    trial = study.ask()
    _suggest(trial, methods, vary)
    return trial


def _suggest(trial: Trial, methods: Sequence[Mapping[str, Any]], vary: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
    index = trial.suggest_categorical(METHOD_INDEX, list(range(len(methods))))
    return index, {key: _suggest_value(trial, key, vary[key]) for key in axes_of(vary, methods[index])}


def _suggest_value(trial: Trial, key: str, axis: Any) -> Any:
    if not isinstance(axis, Mapping):
        return trial.suggest_categorical(key, list(axis))
    low, high, log = axis["low"], axis["high"], bool(axis.get("log"))
    if isinstance(low, int) and isinstance(high, int) and not log:
        return trial.suggest_int(key, low, high)
    return trial.suggest_float(key, float(low), float(high), log=log)


def _key(method_index: int, settings: Mapping[str, Any]) -> str:
    return repr((method_index, sorted(settings.items())))

"""Which settings to try next and which runs to stop, from what the runs of an experiment reached so far. Pure.

The judgement is Optuna's: tree-structured Parzen estimators propose (Bergstra et al. 2011), asynchronous successive
halving stops (Li et al. 2018). Nothing is kept between calls: the study is made anew from the runs each time, so that a
restart of the studio forgets nothing. Knows no table.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import optuna
from optuna.trial import Trial, TrialState

from app.services.experiments.plans import FIRST_ROUND, axes_of, nearest

# Share of a run's steps, in percent, after which the better half goes on; then after twice as many, and so on.
FIRST_RUNG = 20
BETTER_SHARE = 2
# How often a proposal that was tried before is drawn again, before the search counts as exhausted.
DRAWS = 30

State = Literal["working", "finished", "stopped", "failed"]

optuna.logging.set_verbosity(optuna.logging.ERROR)


@dataclass(frozen=True)
class Tried:
    """One run as the search sees it.

    Attributes:
        choice: place of its method in the plan's list.
        settings: the varied settings, ``"method.rank"`` to the value.
        state: how far it is; ``stopped`` before its end.
        checks: ``(time, percent of its steps, value)`` of every check on the validation rows.
    """

    choice: int
    settings: Mapping[str, Any]
    state: State
    checks: Sequence[tuple[float, int, float]] = field(default_factory=tuple)


def propose(
    methods: Sequence[Mapping[str, Any]], vary: Mapping[str, Any], tried: Sequence[Tried], *, higher: bool, seed: int
) -> tuple[int, dict[str, Any]] | None:
    """Place of the method and the varied settings to try next; None when every combination was tried.

    Args:
        vary: as :func:`experiment_plans.plan` takes it.
        higher: whether a higher value of the checks is better.
    """
    known = {_name(each.choice, each.settings) for each in tried}
    sampler = optuna.samplers.TPESampler(
        n_startup_trials=FIRST_ROUND, constant_liar=True, seed=1000 * seed + len(tried)
    )
    study = _study(methods, vary, tried, higher, sampler)
    for _ in range(DRAWS):
        trial = study.ask()
        choice, settings = _settings(trial, methods, vary)
        settings = {key: nearest(value, vary[key]) for key, value in settings.items()}
        if _name(choice, settings) not in known:
            return choice, settings
        study.tell(trial, state=TrialState.FAIL)
    return None


def behind(
    methods: Sequence[Mapping[str, Any]], vary: Mapping[str, Any], tried: Sequence[Tried], *, higher: bool
) -> dict[int, int]:
    """Which of ``tried`` halving would stop: place -> percent of its steps at which it fell behind.

    The checks are gone through in the order in which they happened, so that a run is only judged by what was known then.
    """
    study = _study(methods, vary, (), higher, optuna.samplers.RandomSampler(seed=0), halving=True)
    trials = [_enter(study, each, methods, vary) for each in tried]
    fallen: dict[int, int] = {}
    happened = sorted(
        (at, place, percent, value) for place, each in enumerate(tried) for at, percent, value in each.checks
    )
    for _, place, percent, value in happened:
        if place in fallen:
            continue
        trials[place].report(value, percent)
        if percent < 100 and trials[place].should_prune():
            fallen[place] = percent
    return fallen


def _study(
    methods: Sequence[Mapping[str, Any]],
    vary: Mapping[str, Any],
    tried: Sequence[Tried],
    higher: bool,
    sampler: optuna.samplers.BaseSampler,
    halving: bool = False,
) -> optuna.Study:
    pruner = optuna.pruners.SuccessiveHalvingPruner(min_resource=FIRST_RUNG, reduction_factor=BETTER_SHARE)
    study = optuna.create_study(
        direction="maximize" if higher else "minimize",
        sampler=sampler,
        pruner=pruner if halving else optuna.pruners.NopPruner(),
    )
    for each in tried:
        trial = _enter(study, each, methods, vary)
        for _, percent, value in each.checks:
            trial.report(value, percent)
        values = [value for _, _, value in each.checks]
        if each.state == "finished" and values:
            study.tell(trial, max(values) if higher else min(values))
        elif each.state == "stopped" and values:
            study.tell(trial, state=TrialState.PRUNED)
        elif each.state != "working":
            study.tell(trial, state=TrialState.FAIL)
    return study


def _enter(study: optuna.Study, each: Tried, methods: Sequence[Mapping[str, Any]], vary: Mapping[str, Any]) -> Trial:
    """A trial of the study that stands for a run there is."""
    study.enqueue_trial({"choice": each.choice, **each.settings})
    trial = study.ask()
    _settings(trial, methods, vary)
    return trial


def _settings(
    trial: Trial, methods: Sequence[Mapping[str, Any]], vary: Mapping[str, Any]
) -> tuple[int, dict[str, Any]]:
    choice = trial.suggest_categorical("choice", list(range(len(methods))))
    return choice, {key: _value(trial, key, vary[key]) for key in axes_of(vary, methods[choice])}


def _value(trial: Trial, key: str, axis: Any) -> Any:
    if not isinstance(axis, Mapping):
        return trial.suggest_categorical(key, list(axis))
    low, high, log = axis["low"], axis["high"], bool(axis.get("log"))
    if isinstance(low, int) and isinstance(high, int) and not log:
        return trial.suggest_int(key, low, high)
    return trial.suggest_float(key, float(low), float(high), log=log)


def _name(choice: int, settings: Mapping[str, Any]) -> str:
    return repr((choice, sorted(settings.items())))

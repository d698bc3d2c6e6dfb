"""The runs that an experiment consists of: methods side by side, or settings varied over a grid or at random.

Plans that are too small, too large or contradict themselves are refused.
"""

import itertools
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.catalog.methods import method_class
from app.catalog.training import TrainingSettings
from app.errors import Rejected
from app.languages import gettext as _

MAX_RUNS = 48
ADAPTIVE = "adaptive"
SEARCHES = ("grid", "random", ADAPTIVE)
# Runs that an adaptive search draws at random before its sampler takes over.
STARTUP_TRIALS = 4
# Draws per run before the different combinations count as exhausted.
MAX_DRAWS = 50

Setting = tuple[str, Any]


@dataclass(frozen=True)
class Candidate:
    """One run to make.

    Attributes:
        method: ``{"kind", settings}``.
        training: its training settings.
        title: method and settings in words.
        method_index: of the method in the plan's list.
        settings: the varied ones among its settings.
    """

    method: dict[str, Any]
    training: dict[str, Any]
    title: str
    method_index: int
    settings: dict[str, Any]


def make_candidates(
    methods: Sequence[Mapping[str, Any]],
    *,
    vary: Mapping[str, Any] | None = None,
    search: str = "grid",
    max_runs: int = 12,
    training: Mapping[str, Any] | None = None,
    seed: int = 0,
) -> list[Candidate]:
    """The candidates, in the order in which they are queued.

    Args:
        methods: ``{"kind": ..., settings}``, one or more.
        vary: ``"method.rank"`` or ``"training.learning_rate"`` to a list of values, or, unless a grid is searched, to
            ``{"low", "high", "log"}``. A method without such a setting is not varied in it.
        search: ``grid`` takes every combination, ``random`` draws ``max_runs`` of them with ``seed``, ``adaptive`` draws
            the first few; the sampler proposes the others as results come in.
        max_runs: the budget in runs; a grid that needs more is refused, never cut.

    Raises:
        Rejected: no method, nothing to compare, an unknown setting or a grid above the budget.
    """
    axes = {key: _axis(key, values, search) for key, values in (vary or {}).items()}
    if search not in SEARCHES:
        raise Rejected(
            "unknown_search",
            _("Unknown search {search}.", search=repr(search)),
            _("Use one of: ") + ", ".join(SEARCHES) + ".",
        )
    if not 1 <= max_runs <= MAX_RUNS:
        raise Rejected(
            "range",
            _("The budget is {max_runs} runs.", max_runs=max_runs),
            _("Choose 1 to {MAX_RUNS} runs.", MAX_RUNS=MAX_RUNS),
        )
    if not methods:
        raise Rejected("no_method", _("No method was chosen."), _("Choose the methods to compare."))
    _refuse_unknown(axes, methods)
    n_random = min(max_runs, STARTUP_TRIALS) if search == ADAPTIVE else max_runs
    found = _grid(methods, axes) if search == "grid" else _random(methods, axes, n_random, seed)
    if len(found) > max_runs:
        raise Rejected(
            "too_many_runs",
            _("These choices make {found} runs, and the budget is {max_runs}.", found=len(found), max_runs=max_runs),
            _("Vary fewer settings, raise the budget, or choose the random search, which stays within it."),
        )
    listed = list(methods)
    return [make_candidate(methods, listed.index(method), settings, training or {}) for method, settings in found]


def axes_of(vary: Mapping[str, Any], method: Mapping[str, Any]) -> list[str]:
    """The varied settings that the method has."""
    settings = _settings_of(method)
    return [key for key in vary if key.startswith("training.") or key.removeprefix("method.") in settings]


def rounded(value: Any, axis: Any) -> Any:
    """A drawn float rounded to three significant digits, inside its range; other values as they are."""
    if not isinstance(value, float) or not isinstance(axis, Mapping):
        return value
    return min(max(float(f"{value:.3g}"), float(axis["low"])), float(axis["high"]))


def _axis(key: str, values: Any, search: str) -> list[Any] | dict[str, Any]:
    if isinstance(values, Mapping):
        low, high = values.get("low"), values.get("high")
        numbers = all(isinstance(bound, int | float) and math.isfinite(bound) for bound in (low, high))
        logarithmic = bool(values.get("log"))
        if search == "grid" or not numbers or not low < high or (logarithmic and low <= 0):  # type: ignore[operator]
            raise Rejected(
                "bad_range",
                _("The range of {key} cannot be searched.", key=repr(key)),
                _(
                    "Give low below high (above 0 on a logarithmic scale), and another search than the grid, which needs a list."
                ),
            )
        return {"low": low, "high": high, "log": logarithmic}
    if not isinstance(values, Sequence) or isinstance(values, str) or not values:
        raise Rejected(
            "bad_range", _("{key} has no values to try.", key=repr(key)), _("Give a list with one or more values.")
        )
    return list(values)


def _refuse_unknown(axes: Mapping[str, Any], methods: Sequence[Mapping[str, Any]]) -> None:
    known = {f"training.{name}" for name in TrainingSettings.model_fields}
    for method in methods:
        known |= {f"method.{name}" for name in _settings_of(method)}
    for key in axes:
        if key not in known:
            raise Rejected(
                "unknown_field",
                _("None of the chosen methods has the setting {key}.", key=repr(key)),
                _("Vary one of: ") + ", ".join(sorted(known)) + ".",
            )


def _settings_of(method: Mapping[str, Any]) -> set[str]:
    return set(method_class(str(method.get("kind", ""))).model_fields) - {"kind"}


def _grid(
    methods: Sequence[Mapping[str, Any]], axes: Mapping[str, Any]
) -> list[tuple[Mapping[str, Any], list[Setting]]]:
    found = []
    for method in methods:
        own = axes_of(axes, method)
        found += [
            (method, list(zip(own, values, strict=True))) for values in itertools.product(*(axes[key] for key in own))
        ]
    return found


def _random(
    methods: Sequence[Mapping[str, Any]], axes: Mapping[str, Any], number: int, seed: int
) -> list[tuple[Mapping[str, Any], list[Setting]]]:
    """``number`` different draws, the methods in turn; fewer when there are no more different ones."""
    rng = random.Random(seed)
    found: list[tuple[Mapping[str, Any], list[Setting]]] = []
    seen: set[str] = set()
    for turn in range(number * MAX_DRAWS):
        method = methods[turn % len(methods)]
        settings = [(key, _draw(axes[key], rng)) for key in axes_of(axes, method)]
        name = repr((sorted(method.items()), settings))
        if name not in seen:
            seen.add(name)
            found.append((method, settings))
        if len(found) == number:
            break
    return found


def _draw(axis: Any, rng: random.Random) -> Any:
    if isinstance(axis, list):
        return rng.choice(axis)
    low, high = axis["low"], axis["high"]
    if axis["log"]:
        return rounded(math.exp(rng.uniform(math.log(low), math.log(high))), axis)
    if isinstance(low, int) and isinstance(high, int):
        return rng.randint(low, high)
    return rounded(rng.uniform(low, high), axis)


def make_candidate(
    methods: Sequence[Mapping[str, Any]], method_index: int, settings: Sequence[Setting], training: Mapping[str, Any]
) -> Candidate:
    """The run of one method of the list with these varied settings."""
    method = methods[method_index]
    chosen, trained = dict(method), dict(training)
    for key, value in settings:
        group, name = key.split(".", 1)
        (chosen if group == "method" else trained)[name] = value
    title = method_class(str(method["kind"])).title
    varied = {key for key, _ in settings}
    given = [(f"method.{name}", value) for name, value in method.items() if name != "kind"]
    shown = [*(setting for setting in given if setting[0] not in varied), *settings]
    words = [f"{_title(key, method)} {_words(value)}" for key, value in shown]
    return Candidate(chosen, trained, ", ".join([title, *words]), method_index, dict(settings))


def _title(key: str, method: Mapping[str, Any]) -> str:
    group, name = key.split(".", 1)
    fields = TrainingSettings.model_fields if group == "training" else method_class(str(method["kind"])).model_fields
    title = (fields[name].title if name in fields else None) or name
    # Without the explanation that some titles have in brackets.
    return title.split(" (")[0].lower()


def _words(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)

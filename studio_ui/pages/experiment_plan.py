"""What a new experiment consists of: where it begins, which values are tried, what it costs, and the request for it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.catalog.methods import METHODS
from app.catalog.methods.cards import method_card
from app.catalog.training import TrainingSettings
from app.errors import StudioError
from app.models import Dataset, DatasetVersion, Run
from app.services.accounts.access import TO_TRAIN
from app.services.datasets import datasets
from app.services.experiments.experiments import ExperimentRequest
from app.services.profiling.token_lengths import default_model
from app.services.runs import run_costs, runs

MAX_METHODS = 12
RANGE = re.compile(r"(\S+)\s*\.\.\s*(\S+)")
# Ratio between the ends of a range from which on it is searched on a logarithmic scale.
WIDE = 20

Schema = dict[str, Any]


@dataclass(frozen=True)
class Start:
    """What the experiment begins from: the newest version of a dataset, or a run with its version, model and settings."""

    dataset: Dataset
    version: DatasetVersion
    run: Run | None
    base_model: str

    @property
    def training(self) -> dict[str, Any]:
        """Settings that all runs share. Without the learning rate, which depends on the method."""
        settings = self.run.spec["training"] if self.run else {}
        return {name: value for name, value in settings.items() if name != "learning_rate"}


@dataclass(frozen=True)
class PlannedExperiment:
    """What the fields say."""

    mode: str
    methods: list[str]
    method: str
    search: str
    max_runs: int
    max_minutes: float | None
    early_stopping: bool
    halving: bool
    vary: dict[str, Any] = field(default_factory=dict)

    @property
    def kinds(self) -> list[str]:
        """The methods that take part."""
        return self.methods if self.mode == "methods" else [self.method]

    @property
    def budget(self) -> int:
        """The largest number of runs."""
        return MAX_METHODS if self.mode == "methods" else self.max_runs

    @property
    def number(self) -> int:
        """The number of runs to queue."""
        if self.mode == "methods":
            return len(self.methods)
        if not self.vary:
            return 0
        if self.search != "grid":
            return self.max_runs
        product = 1
        for values in self.vary.values():
            product *= len(values) if isinstance(values, list) else 0
        return product


def start_of(user_id: str, query: Mapping[str, str]) -> Start:
    """What the address names: ``?run=`` or ``?dataset=``.

    Raises:
        NotFound: it is not theirs.
        NotAllowed: they may only look at it.
    """
    if query.get("run"):
        run = runs.get_run(user_id, query["run"], TO_TRAIN)
        dataset = datasets.get_dataset(user_id, run.dataset_version.dataset_id)
        return Start(dataset, run.dataset_version, run, run.base_model)
    datasets.require(user_id, query.get("dataset", ""), TO_TRAIN)
    dataset = datasets.get_dataset(user_id, query.get("dataset", ""))
    version = datasets.latest_version(dataset)
    return Start(dataset, version, None, default_model(version.task_type))


def values_of(text: str, schema: Schema) -> Any:
    """ "4, 8" as a list, "0.001..0.1" as a range; numbers where they can be read as such."""
    found = RANGE.fullmatch(text.strip())
    if found:
        low, high = _number(found[1]), _number(found[2])
        wide = not isinstance(low, str) and not isinstance(high, str) and low > 0 and high / low >= WIDE
        return {"low": low, "high": high, "log": wide}
    words = [word.strip() for word in text.split(",") if word.strip()]
    kind = main_schema(schema)
    if kind.get("type") == "boolean":
        return [word.lower() in ("true", "yes") for word in words]
    return words if "enum" in kind or kind.get("type") == "string" else [_number(word) for word in words]


def _number(word: str) -> int | float | str:
    """The number that a word says, or the word, which the service refuses with what is allowed."""
    try:
        return int(word)
    except ValueError:
        try:
            return float(word)
        except ValueError:
            return word


def estimate(start: Start, kind: str) -> tuple[int, tuple[float, float]] | None:
    """Bytes of the download and seconds from low to high; None where they are unknown."""
    try:
        cost = run_costs.estimate_with_defaults(
            start.version, base_model=start.base_model, method={"kind": kind}, training=start.training
        ).cost
    except (StudioError, OSError):
        # The data or the model cannot be read; the service says so when the runs are queued.
        return None
    return cost.adapter_bytes, cost.seconds


def request_of(start: Start, plan: PlannedExperiment) -> ExperimentRequest:
    settings = plan.mode == "settings"
    return ExperimentRequest(
        methods=[{"kind": kind} for kind in plan.kinds],
        dataset_id=None if start.run else start.dataset.id,
        run_id=start.run.id if start.run else None,
        vary=plan.vary if settings else None,
        search=plan.search if settings else "grid",
        max_runs=plan.budget,
        max_minutes=plan.max_minutes,
        early_stopping=plan.early_stopping,
        halving=plan.halving,
    )


def single_settings(schema: Schema) -> dict[str, Schema]:
    """The settings of a schema that take one value each."""
    return {
        name: item
        for name, item in schema["properties"].items()
        if "const" not in item and main_schema(item).get("type") != "array"
    }


def main_schema(schema: Schema) -> Schema:
    """What a setting is beside a word or nothing at all."""
    options: list[Schema] = schema.get("anyOf") or [schema]
    return next((option for option in options if option.get("type") != "null"), schema)


def method_settings() -> dict[str, Schema]:
    found: dict[str, Schema] = {}
    for method in METHODS:
        for name, schema in single_settings(method_card(method)["schema"]).items():
            found.setdefault(name, schema)
    return found


def training_settings() -> dict[str, Schema]:
    return single_settings(TrainingSettings.model_json_schema())

"""Bodies of requests; unknown fields are refused. Settings of methods and training are checked by the catalog."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Name = Annotated[str, StringConstraints(max_length=200)]
ObjectId = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Columns = dict[Word, Word]


class Body(BaseModel):
    """Base of all request bodies."""

    model_config = ConfigDict(extra="forbid")


class ColumnsBody(Body):
    """Another task or mapping for a dataset."""

    task_type: Word
    columns: Columns


class EstimateBody(Body):
    """What to estimate; with a dataset id, rows and labels come from there."""

    base_model: Word
    method: dict[str, Any]
    training: dict[str, Any] = Field(default_factory=dict)
    dataset_id: ObjectId | None = None
    rows: int | None = Field(None, ge=1, le=10**9)
    tokens_per_row: float | None = Field(None, gt=0, le=10**6)
    labels: int = Field(2, ge=1, le=100_000)


class RunBody(Body):
    """A run to queue."""

    dataset_id: ObjectId
    base_model: Word
    task_type: Word
    columns: Columns | None = None
    method: dict[str, Any]
    training: dict[str, Any] | None = None
    name: Name = ""
    leave_out_errors: bool = False


class NameBody(Body):
    """A new name."""

    name: Name


class InputsBody(Body):
    """Texts to answer; a list of two texts for a model that compares them."""

    inputs: list[str | list[str]] = Field(min_length=1, max_length=256)


class PredictBody(InputsBody):
    """Texts and the model that answers them: a run id or ``base:<name>``."""

    model: Word


class ExperimentBody(Body):
    """Many methods or settings on one data set; see ``experiments.ExperimentRequest``."""

    dataset_id: ObjectId | None = None
    run_id: ObjectId | None = None
    base_model: Word | None = None
    methods: list[dict[str, Any]] = Field(min_length=1, max_length=48)
    training: dict[str, Any] = Field(default_factory=dict)
    vary: dict[Word, Any] = Field(default_factory=dict, max_length=12)
    search: Word = "grid"
    most_runs: int = Field(12, ge=1, le=48)
    most_minutes: float | None = Field(None, gt=0, le=10_000)
    stop_hopeless: bool = False
    halving: bool = False
    name: Name = ""


class ChoiceBody(Body):
    """The chosen run."""

    run_id: ObjectId


class RunsQuery(Body):
    """Which runs to list, in which order."""

    q: Annotated[str, StringConstraints(max_length=200)] = ""
    state: Annotated[str, StringConstraints(max_length=200)] = Field("", description="One or more, with commas.")
    model: Name = ""
    method: Name = ""
    dataset: Name = ""
    experiment: Name = ""
    project: Name = ""
    tag: Name = ""
    starred: bool = False
    archived: Literal["no", "only", "all"] = "no"
    include_archived: bool = False
    sort: Name = "created"
    order: Literal["down", "up"] = "down"
    limit: int = Field(100, ge=1, le=500)
    cursor: Annotated[str, StringConstraints(max_length=1000)] = ""


class MarkBody(Body):
    """Marks of a run: star, tags, note, archived."""

    starred: bool | None = None
    tags: list[Name] | None = Field(None, max_length=50)
    note: Annotated[str, StringConstraints(max_length=10_000)] | None = None
    archived: bool | None = None

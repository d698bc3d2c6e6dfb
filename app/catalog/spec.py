"""The frozen description of a run: everything needed to repeat it, stored on the run and in every download."""

from pydantic import BaseModel, ConfigDict, Field

from app.catalog.methods import AnyMethod
from app.catalog.origins import Origin
from app.catalog.training import TrainingSettings

SPEC_VERSION = 1


class RunSpec(BaseModel):
    """What to train, on which columns, how. Unknown fields are refused.

    With an ``origin`` nothing is trained: the weights are made of other runs', and ``method`` is the form they get.
    """

    model_config = ConfigDict(extra="forbid")

    version: int = SPEC_VERSION
    task_type: str
    base_model: str
    columns: dict[str, str]
    labels: list[str] = Field(default_factory=list)
    method: AnyMethod
    training: TrainingSettings = Field(default_factory=TrainingSettings)
    dataset_sha256: str = ""
    origin: Origin | None = None

"""The frozen description of a run: everything needed to repeat it, stored on the run and in every download."""

from pydantic import BaseModel, ConfigDict, Field

from app.catalog.base_models import BaseModelCard
from app.catalog.methods import AnyMethod
from app.catalog.origins import Origin
from app.catalog.training import TrainingSettings
from app.errors import Rejected

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


def check_fit(spec: RunSpec, card: BaseModelCard) -> None:
    """Refuse settings that this base model cannot work with.

    Raises:
        Rejected: the method's settings, or texts longer than the model reads beside a soft prompt.
    """
    spec.method.check(card)
    room, longest = card.context_length - spec.method.virtual_tokens, spec.training.max_length
    if longest <= room:
        return
    prompt = f" and {spec.method.virtual_tokens} invisible ones" if spec.method.virtual_tokens else ""
    raise Rejected(
        "range",
        f"Longest text is {longest} tokens{prompt}, but {spec.base_model!r} reads at most {card.context_length}.",
        f"Choose at most {max(0, room)} for the longest text.",
        details={"fields": {"training.max_length": f"at most {max(0, room)}"}},
    )

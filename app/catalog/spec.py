"""The frozen description of a run: everything needed to repeat it, stored on the run and in every download."""

from pydantic import BaseModel, ConfigDict, Field

from app.catalog.card import BaseModelCard
from app.catalog.dataset_source import DatasetSource
from app.catalog.derived import Origin
from app.catalog.methods import AnyMethod
from app.catalog.methods.base import Method
from app.catalog.methods.requirements import require, require_parts
from app.catalog.training import TrainingSettings
from app.errors import Rejected
from app.languages import gettext as _

SPEC_VERSION = 1
BITS = {"nf4": 4, "int8": 8}
PRECISIONS = {"full": "full", "8-bit": "int8", "4-bit": "nf4"}


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
    dataset_source: DatasetSource | None = None
    origin: Origin | None = None

    @property
    def base_precision(self) -> str:
        """Precision of the base model's weights: ``full``, ``nf4`` or ``int8``."""
        return held_precision(self.method, self.training)


def held_precision(method: Method, training: TrainingSettings) -> str:
    """Precision of the base model's weights in a run with these settings: ``full``, ``nf4`` or ``int8``."""
    return PRECISIONS.get(training.base_precision, method.base_precision)


def check_fit(spec: RunSpec, card: BaseModelCard) -> None:
    """Refuse settings that this base model or this method cannot work with.

    Raises:
        Rejected: the method's settings, something asked for that the method cannot do, or texts longer than the model
            reads beside a soft prompt.
    """
    require_parts(spec.method, card)
    spec.method.check(card)
    check_asked(spec)
    room, longest = card.context_length - spec.method.virtual_tokens, spec.training.max_length
    if longest <= room:
        return
    prompt = (
        _(" and {virtual_tokens} virtual ones", virtual_tokens=spec.method.virtual_tokens)
        if spec.method.virtual_tokens
        else ""
    )
    raise Rejected(
        "range",
        _(
            "The maximum length is {longest} tokens{prompt}, but {base_model} reads at most {context_length}.",
            longest=longest,
            prompt=prompt,
            base_model=repr(spec.base_model),
            context_length=card.context_length,
        ),
        _("Choose at most {max} for the longest text.", max=max(0, room)),
        details={"fields": {"training.max_length": _("at most {max}", max=max(0, room))}},
    )


def check_asked(spec: RunSpec) -> None:
    """Refuse what the settings ask for and the method cannot do, before anything runs.

    Raises:
        Rejected: ``method_cannot`` with the setting and the methods that can, or ``contradiction`` where method and
            settings want different precisions of the base model.
    """
    for setting, ability in spec.training.asked():
        require(spec.method, ability, task_type=spec.task_type, field=f"training.{setting}")
    if "combine" in spec.training.needs and spec.base_precision != "full":
        message = _(
            "An adapter that is trained on a quantised base model fits only that, so it cannot be combined with others."
        )
        hint = _("Choose `full` for the base model, and LoRA or rsLoRA as the method.")
        raise Rejected("contradiction", message, hint, details={"fields": {"training.needs": f"{message} {hint}"}})
    own, asked = spec.method.base_precision, spec.training.base_precision
    if own != "full" and PRECISIONS.get(asked, own) != own:
        message = _(
            "{method} is set to hold the base model in {BITS} bits, and the training settings ask for {asked}.",
            method=spec.method.title,
            BITS=BITS[own],
            asked=asked,
        )
        hint = _("Leave the training settings at `auto`, or choose LoRA, which takes what they say.")
        raise Rejected(
            "contradiction", message, hint, details={"fields": {"training.base_precision": f"{message} {hint}"}}
        )

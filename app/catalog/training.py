"""Training settings shared by every method: one field each, with title, help and bounds.

The wizard's form, the API schema, validation and the docs page are made from these fields.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidatorFunctionWrapHandler, field_validator
from pydantic_core import PydanticCustomError

from app.catalog.methods.capabilities import ABILITIES

Need = Literal["merge", "switch_off", "mixed_batches", "reopen", "combine", "generate_without_cache"]
NEEDS: tuple[str, ...] = get_args(Need)


# The learning rate that asks for a race of three.
AUTO = "auto"


class TrainingSettings(BaseModel):
    """How long and in what portions a run learns. ``None`` means: the method decides."""

    model_config = ConfigDict(extra="forbid")

    epochs: float = Field(
        3,
        gt=0,
        le=100,
        title="Passes over the data",
        description="How often every training row is seen. More passes fit the data closer and can start to memorise it.",
    )
    batch_size: int = Field(
        32,
        ge=1,
        le=1024,
        title="Rows per update",
        description="How many rows share one update of the weights. Larger is steadier, smaller reacts faster.",
    )
    learning_rate: Annotated[float, Field(gt=0, le=1)] | Literal["auto"] | None = Field(
        None,
        title="Learning rate",
        description="Size of each update. Left empty, the method's own recommended rate is used. `auto` lets that rate, a "
        "third and three times of it learn a few updates each (5 % of the run at most); the highest goes on if it learns "
        "clearly faster, the lowest if the method's own breaks down.",
    )
    max_length: int = Field(
        128,
        ge=8,
        le=8192,
        title="Longest text (tokens)",
        description="Longer texts are cut at the end; the review page says how many rows that touches.",
    )
    warmup_ratio: float = Field(
        0.06,
        ge=0,
        le=0.5,
        title="Warm-up share",
        description="Share of the run during which the learning rate climbs to its full value.",
    )
    weight_decay: float = Field(
        0.01,
        ge=0,
        le=1,
        title="Weight decay",
        description="Pulls weights gently to zero, which helps against memorising.",
    )
    max_grad_norm: float = Field(
        1.0,
        gt=0,
        le=100,
        title="Gradient limit",
        description="Longer gradients are scaled down to this length, so that one odd batch cannot spoil the run.",
    )
    accumulation: int = Field(
        1,
        ge=1,
        le=256,
        title="Portions per update",
        description="Splits each update into this many smaller portions: less memory, same result.",
    )
    evaluations_per_epoch: int = Field(
        1,
        ge=1,
        le=1000,
        title="Checks per pass",
        description="How often the model is checked on the validation rows; the best check is the one that is kept.",
    )
    patience: int = Field(
        0,
        ge=0,
        le=100,
        title="Patience (checks)",
        description="Ends the run after this many checks in a row without a better one; 0 always makes all passes.",
    )
    time_limit_minutes: float | None = Field(
        None,
        gt=0,
        le=10_080,
        title="Time limit (minutes)",
        description="Learning ends after so much time and the best check so far is the result. Left empty, there is none.",
    )
    head_start: Literal["linear-probe", "random"] = Field(
        "linear-probe",
        title="Start of the answer layer",
        description="A linear probe fits the answer layer to the untouched model first, which keeps what the model "
        "already knows (LP-FT, Kumar et al. 2022).",
        json_schema_extra={"families": ["classification", "tokens"]},
    )
    label_pieces: Literal["first", "all"] = Field(
        "first",
        title="Pieces that learn",
        description="Models read long words in pieces: a word's first piece learns its label, or every piece does. A word "
        "is always judged by its first piece.",
        json_schema_extra={"families": ["tokens"]},
    )
    learn_from: Literal["answers", "everything"] = Field(
        "answers",
        title="Learn from",
        description="In conversations: only what the assistant says, or every word, the questions too. Running text is "
        "always learned as a whole.",
        json_schema_extra={"families": ["generation"]},
    )
    precision: Literal["auto", "bf16", "fp32"] = Field(
        "auto",
        title="Number format",
        description="bf16 halves the time where the hardware supports it; auto chooses it there.",
    )
    base_precision: Literal["auto", "full", "8-bit", "4-bit"] = Field(
        "auto",
        title="Base model held in",
        description="Fewer bits need less memory and compute more slowly. auto is full precision, except for QLoRA, which "
        "says itself.",
        json_schema_extra={"asks": {"8-bit": "int8", "4-bit": "nf4"}},
    )
    gradient_checkpointing: bool = Field(
        False,
        title="Gradient checkpointing",
        description="Computes the inside of each layer a second time instead of keeping it: much less memory for long "
        "texts, about a third more time, the same result.",
        json_schema_extra={"asks": {"true": "gradient_checkpointing"}},
    )
    needs: list[Need] = Field(
        default_factory=list,
        title="The result must be able to",
        description="What you mean to do with it later. A method that cannot do it is refused now, before it is trained.",
        json_schema_extra={"asks": {each: each for each in NEEDS}, "words": {each: ABILITIES[each] for each in NEEDS}},
    )
    devices: int = Field(
        1,
        ge=1,
        le=64,
        title="Devices",
        description="How many GPUs learn this run together, each its share of every update: faster, with the same result up "
        "to rounding and the draws of dropout. Without a GPU so many processes share the processor. At most what one worker "
        "has.",
    )
    measure_forgetting: Literal["auto", "yes", "no"] = Field(
        "auto",
        title="Measure forgetting",
        description="Asks the same unrelated things before and after, to see how much the model loses elsewhere. auto does it "
        "where it takes less than a twentieth of the run; experiments always do it.",
    )
    seed: int = Field(
        0,
        ge=0,
        le=2**32 - 1,
        title="Seed",
        description="The same seed with the same data and settings gives the same result.",
    )

    @field_validator("needs", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        """Several words with commas between them count as a list, as the command line and addresses write it."""
        return [each.strip() for each in value.split(",") if each.strip()] if isinstance(value, str) else value

    def asked(self) -> list[tuple[str, str]]:
        """(setting, ability) for everything that these settings ask of a method."""
        found = []
        for name, about in type(self).model_fields.items():
            extra = about.json_schema_extra
            asks = extra.get("asks", {}) if isinstance(extra, dict) else {}
            given = getattr(self, name)
            for each in given if isinstance(given, list) else [given]:
                ability = asks.get(str(each).lower()) if isinstance(asks, dict) else None
                if ability:
                    found.append((name, str(ability)))
        return found

    @field_validator("measure_forgetting", mode="before")
    @classmethod
    def _in_words(cls, value: Any) -> Any:
        """Yes and no were all there was once; stored settings and programs still say so."""
        return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value

    @field_validator("learning_rate", mode="wrap")
    @classmethod
    def _one_complaint(cls, value: Any, read: ValidatorFunctionWrapHandler) -> Any:
        try:
            return read(value)
        except ValidationError:
            # The type makes this a complaint about the range of values, not one for each kind of value.
            raise PydanticCustomError("less_than_rate", "Write a number above 0 and up to 1, or `auto`") from None


def with_defaults(given: Mapping[str, Any], defaults: Mapping[str, Any], room: int) -> dict[str, Any]:
    """Settings that a person gave, over those that differ for a task; what is not given never exceeds the model.

    Args:
        defaults: a task type's ``training_defaults``.
        room: the longest text that the base model reads, in tokens.
    """
    longest = defaults.get("max_length", TrainingSettings.model_fields["max_length"].default)
    return {**defaults, "max_length": min(longest, room), **given}

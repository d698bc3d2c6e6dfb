"""Training settings shared by every method: one field each, with title, help and bounds.

The wizard's form, the API schema, validation and the docs page are made from these fields.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidatorFunctionWrapHandler, field_validator
from pydantic_core import PydanticCustomError

from app.catalog.methods.capabilities import ABILITIES
from app.languages import gettext as _

Need = Literal["merge", "switch_off", "mixed_batches", "reopen", "combine", "generate_without_cache"]
NEEDS: tuple[str, ...] = get_args(Need)


# Warm-up where no share was chosen: of the run, at least so many updates, but never more than this share of a short run.
WARMUP_SHARE, WARMUP_STEPS, WARMUP_SHORT = 0.06, 20, 1 / 3
MAX_FOLDS = 10
# The learning rate that asks for a search over three rates.
AUTO = "auto"


class TrainingSettings(BaseModel):
    """Hyperparameters of the training loop. ``None`` means: the method decides."""

    model_config = ConfigDict(extra="forbid")

    epochs: float = Field(
        3,
        gt=0,
        le=100,
        title="Epochs (passes over the data)",
        description="How often every training row is seen. More epochs fit the data closer and can overfit (memorise it).",
    )
    batch_size: int = Field(
        32,
        ge=1,
        le=1024,
        title="Batch size",
        description="How many rows one update of the weights uses. Larger is steadier, smaller reacts faster.",
    )
    learning_rate: Annotated[float, Field(gt=0, le=1)] | Literal["auto"] | None = Field(
        None,
        title="Learning rate",
        description="Size of each update. Left empty, the method's recommended rate is used. `auto` tries that rate, a third "
        "and three times of it for a few updates each (5 % of the run at most) and continues with the highest if it learns "
        "clearly faster, or with the lowest if the recommended one diverges.",
    )
    max_length: int = Field(
        128,
        ge=8,
        le=8192,
        title="Maximum length (tokens)",
        description="Longer texts are cut at the end; the review page says how many rows that touches. Left as it is, it follows "
        "the data: of texts with labels at most 2 % are cut, as far as the base model and the time allow.",
    )
    warmup_ratio: Annotated[float, Field(ge=0, le=0.5)] | None = Field(
        None,
        title="Warm-up ratio",
        description="Share of the run during which the learning rate climbs to its full value. Left empty, it is 6 %, and in "
        "short runs 20 steps or a third of the run, whichever is less.",
    )
    weight_decay: float = Field(
        0.01,
        ge=0,
        le=1,
        title="Weight decay",
        description="Pulls weights gently towards zero, which helps against overfitting.",
    )
    max_grad_norm: float = Field(
        1.0,
        gt=0,
        le=100,
        title="Gradient clipping (maximum norm)",
        description="Longer gradients are scaled down to this norm, so that one odd batch cannot spoil the run.",
    )
    accumulation: int = Field(
        1,
        ge=1,
        le=256,
        title="Gradient accumulation steps",
        description="Splits each batch into this many smaller portions: less memory, same result.",
    )
    evaluations_per_epoch: int = Field(
        1,
        ge=1,
        le=1000,
        title="Evaluations per epoch",
        description="How often the model is scored on the validation rows; the checkpoint with the best score is kept.",
    )
    patience: int = Field(
        0,
        ge=0,
        le=100,
        title="Early stopping patience (evaluations)",
        description="Ends the run after this many evaluations in a row without a better one; 0 always trains all epochs.",
    )
    time_limit_minutes: float | None = Field(
        None,
        gt=0,
        le=10_080,
        title="Time limit (minutes)",
        description="Training ends after so much time and the best checkpoint so far is the result. Left empty, there is none.",
    )
    head_start: Literal["linear-probe", "random"] = Field(
        "linear-probe",
        title="Initialisation of the classification head",
        description="A linear probe fits the head to the base model first, which keeps what the model already knows "
        "(LP-FT, Kumar et al. 2022).",
        json_schema_extra={"families": ["classification", "tokens"]},
    )
    label_pieces: Literal["first", "all"] = Field(
        "first",
        title="Labelled subword tokens",
        description="Models read long words in several tokens: the first of them carries the label, or all do. A word is "
        "always scored by its first token.",
        json_schema_extra={"families": ["tokens"]},
    )
    learn_from: Literal["answers", "everything"] = Field(
        "answers",
        title="Loss on",
        description="In conversations: only what the assistant says, or every token, the questions too. Running text "
        "always counts as a whole.",
        json_schema_extra={
            "families": ["generation"],
            "task_types": ["chat", "instruction", "text-to-text", "continued-pretraining"],
        },
    )
    preference_loss: Literal["auto", "dpo", "ipo", "orpo", "simpo", "kto"] = Field(
        "auto",
        title="Preference loss",
        description="How better and worse answers are distinguished. DPO (Rafailov et al. 2023) raises the odds of the better answer over "
        "those that the model gave before tuning; IPO (Azar et al. 2024) stops at a fixed distance, which overfits less; KTO (Ethayarajh "
        "et al. 2024) needs no pairs; ORPO (Hong et al. 2024) and SimPO (Meng et al. 2024) need no reference, ORPO also learns to "
        "write the better answer. auto is DPO for pairs and KTO for answers with thumbs.",
        json_schema_extra={"task_types": ["preference"]},
    )
    preference_beta: float | None = Field(
        None,
        gt=0,
        le=100,
        title="Beta of the preference loss",
        description="DPO, IPO and KTO: how strongly the model is held to what it was before; lower lets it move farther. ORPO: "
        "weight of the odds ratio. SimPO: scale of the reward. Left empty, 0.1, and 2 for SimPO, as in the papers.",
        json_schema_extra={"task_types": ["preference"]},
    )
    simpo_gamma: float = Field(
        1.0,
        ge=0,
        le=100,
        title="Gamma of SimPO (target margin)",
        description="By how much the reward of the better answer must exceed that of the worse one (Meng et al. 2024: about half of "
        "beta). Other losses do not use it.",
        json_schema_extra={"task_types": ["preference"]},
    )
    desirable_weight: float | None = Field(
        None,
        gt=0,
        le=100,
        title="Weight of good answers (KTO)",
        description="Left empty, good and bad answers weigh the same in all, however many there are of each (Ethayarajh et al. 2024). "
        "Other losses do not use it.",
        json_schema_extra={"task_types": ["preference"]},
    )
    undesirable_weight: float | None = Field(
        None,
        gt=0,
        le=100,
        title="Weight of bad answers (KTO)",
        description="Left empty, good and bad answers weigh the same in all, however many there are of each. Other losses do not use it.",
        json_schema_extra={"task_types": ["preference"]},
    )
    source_prefix: str = Field(
        "",
        max_length=200,
        title="Instruction before each source",
        description="Put before every source text, in training and afterwards, such as `summarize: ` or `translate English to "
        "German: `, which some T5 models were made with. Left empty, the source stands alone.",
        json_schema_extra={"families": ["generation"], "task_types": ["text-to-text"]},
    )
    beams: int = Field(
        1,
        ge=1,
        le=16,
        title="Beams",
        description="How a target is written: 1 always takes the likeliest next token (greedy), more search for the likeliest text "
        "(beam search), which takes so many times longer.",
        json_schema_extra={"families": ["generation"], "task_types": ["text-to-text"]},
    )
    precision: Literal["auto", "bf16", "fp32"] = Field(
        "auto",
        title="Precision (number format)",
        description="bf16 halves the time where the hardware supports it; auto chooses it there.",
    )
    base_precision: Literal["auto", "full", "8-bit", "4-bit"] = Field(
        "auto",
        title="Base model precision (quantisation)",
        description="Fewer bits need less memory and compute more slowly. auto is full precision, except for QLoRA, which "
        "has a setting of its own.",
        json_schema_extra={"asks": {"8-bit": "int8", "4-bit": "nf4"}},
    )
    gradient_checkpointing: bool = Field(
        False,
        title="Gradient checkpointing",
        description="Computes the activations of each layer a second time instead of storing them: much less memory for long "
        "texts, about a third more time, the same result.",
        json_schema_extra={"asks": {"true": "gradient_checkpointing"}},
    )
    needs: list[Need] = Field(
        default_factory=list,
        title="The result must be able to",
        description="What you mean to do with it later. A method that cannot do it is refused now, before it is trained.",
        json_schema_extra={"asks": {need: need for need in NEEDS}, "words": {need: ABILITIES[need] for need in NEEDS}},
    )
    devices: int = Field(
        1,
        ge=1,
        le=64,
        title="Devices",
        description="How many GPUs train this run together (data parallelism), each on its share of every batch: faster, with "
        "the same result up to rounding and dropout. Without a GPU so many processes share the CPU. At most what one worker "
        "has.",
    )
    cross_validation_folds: int = Field(
        0,
        ge=0,
        le=MAX_FOLDS,
        title="Cross-validation folds",
        description="For small data: 5 trains five models on four fifths of the rows each, so that every row is answered by a model "
        "that did not see it, and then the one that you keep, on all rows. It takes about so many times longer; 0 keeps a test split "
        "aside instead.",
        json_schema_extra={"families": ["classification", "tokens"]},
    )
    measure_forgetting: Literal["auto", "yes", "no"] = Field(
        "auto",
        title="Measure forgetting",
        description="Scores the same unrelated texts before and after, to see how much the model forgets. auto does it where it "
        "takes less than a twentieth of the run; experiments always do it.",
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
        return [word.strip() for word in value.split(",") if word.strip()] if isinstance(value, str) else value

    def warmup_steps(self, total: int) -> float:
        """Updates during which the learning rate climbs, of so many in all.

        Where nobody chose a share, so many that a short run does not lose at once what its head or base model knows.
        """
        if self.warmup_ratio is not None:
            return self.warmup_ratio * total
        return max(WARMUP_SHARE * total, min(WARMUP_STEPS, total * WARMUP_SHORT))

    def updates(self, rows: int) -> int:
        """Updates of a training on so many rows; at least one."""
        return max(1, round(self.epochs * -(-rows // self.batch_size)))

    @field_validator("cross_validation_folds")
    @classmethod
    def _at_least_two(cls, value: int) -> int:
        if value == 1:
            raise PydanticCustomError("one_fold", _("Write 0 for none, or 2 to {maximum} folds", maximum=MAX_FOLDS))
        return value

    @property
    def trainings(self) -> int:
        """Models that a run trains: one, or one for each fold and the one that is kept."""
        return self.cross_validation_folds + 1

    def asked(self) -> list[tuple[str, str]]:
        """(setting, ability) for everything that these settings ask of a method."""
        found = []
        for name, about in type(self).model_fields.items():
            extra = about.json_schema_extra
            asks = extra.get("asks", {}) if isinstance(extra, dict) else {}
            given = getattr(self, name)
            for value in given if isinstance(given, list) else [given]:
                ability = asks.get(str(value).lower()) if isinstance(asks, dict) else None
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
            raise PydanticCustomError("less_than_rate", _("Write a number above 0 and up to 1, or `auto`")) from None


def with_defaults(given: Mapping[str, Any], defaults: Mapping[str, Any], length: int) -> dict[str, Any]:
    """Settings that were given, over those that differ for a task or with the data.

    Args:
        defaults: a task type's ``training_defaults``.
        length: the maximum length (tokens) where none is given; see :mod:`app.catalog.text_length`.
    """
    return {**defaults, "max_length": length, **given}

"""What a run has to do and to hold, counted from the catalog's declarations: products, calls, tokens, bytes. Times nothing.

What a machine makes of this work is another matter. Numbers of one block come from the model's card; how rows share batches
follows the engine. Needs no torch.
"""

from dataclasses import dataclass

from app.catalog.base_models import BaseModelCard
from app.catalog.methods.base import Method
from app.catalog.methods.families import LoraFamily
from app.catalog.training import TrainingSettings

# As the engine cuts updates: padded tokens at once, lengths in multiples of this.
LEARNING_TOKENS, LENGTH_MULTIPLE = 4096, 8
# Answers that base and tuned model write to held-out questions: rows, rows at once, tokens each at most, models.
ANSWERED_ROWS, ANSWERED_AT_ONCE, ANSWER_TOKENS, ANSWERING_MODELS = 24, 16, 96, 2
# Operations per unit and token of the text that attention counts for: 4 are products, the rest is spent moving its weights;
# and per token of a row that several texts share, where a fused kernel moves less.
ATTENTION, PACKED_ATTENTION = 24, 8
# What the untouched lower blocks make of rows that are read again and again is kept up to so many bytes, two for a number.
MOST_KEPT_STATES, STATE_BYTES = 4 * 1024**3, 2
# What a layer with two narrow ones beside it takes more, as a share of calling a whole block.
WRAPPED_CALL = 0.045
# Adapters: a product forth, one back for the input and one for the weights.
ADAPTER_PRODUCTS = 6


@dataclass(frozen=True)
class Job:
    """What decides about the work of a run; ``length`` is the mean length of its texts in tokens, ``longest`` the longest.

    ``base_known``: the untouched model has read these rows before and its vectors are kept.
    """

    base: BaseModelCard
    method: Method
    training: TrainingSettings
    train_rows: int
    validation_rows: int
    test_rows: int
    length: float
    longest: float
    labels: int = 2
    base_known: bool = False

    @property
    def family(self) -> str:
        """``classification`` or ``generation``: a model serves the tasks of one family."""
        return "classification" if "text-classification" in self.base.task_types else "generation"

    @property
    def writes(self) -> bool:
        """Whether the model writes text; the others sort it."""
        return self.family == "generation"

    @property
    def packed(self) -> bool:
        """Whether several texts share a row; a soft prompt stands before each text, so there only one fits."""
        return self.writes and not self.method.virtual_tokens

    @property
    def head(self) -> int:
        """Weights of the answer layer; models that write have none of their own."""
        return 0 if self.writes else self.base.hidden_size * self.labels + self.labels

    @property
    def adapter(self) -> int:
        """Weights of the model that learn, the answer layer not counted."""
        return self.method.trainable_parameters(self.base)

    @property
    def steps(self) -> int:
        """Updates in the whole run."""
        return max(1, round(self.training.epochs * -(-self.train_rows // self.training.batch_size)))

    @property
    def checks(self) -> int:
        """How often the validation rows are read."""
        return max(1, round(self.training.epochs * self.training.evaluations_per_epoch))

    @property
    def padded(self) -> float:
        """Tokens of a row as the model reads it: rounded up where rows are padded, with a soft prompt before them."""
        rounding = 0.0 if self.writes else LENGTH_MULTIPLE / 2
        return self.length + rounding + self.method.virtual_tokens

    @property
    def vocabulary(self) -> float:
        """Entries of the embedding table, positions included: what is left of the weights outside of the blocks."""
        base = self.base
        rest = base.parameters - base.layers * base.block_parameters - base.outer_norm_parameters
        return max(0.0, rest / base.hidden_size)


@dataclass(frozen=True)
class Work:
    """Counts by kind: floating-point operations, calls of blocks, weights updated, tokens written one after another."""

    learn_flops: float
    learn_calls: float
    read_flops: float
    exact_flops: float
    updated: float
    written: float
    rows: float
    saved_bytes: float

    def as_dict(self) -> dict[str, float]:
        """By name."""
        return {name: float(value) for name, value in vars(self).items()}


def count_learning(job: Job) -> Work:
    """The work from the first update to the last, checks on the validation rows included."""
    base, frozen = job.base, _frozen(job)
    learning = base.layers - frozen
    tokens = job.training.epochs * job.train_rows * job.padded
    again = 1 if job.training.gradient_checkpointing else 0
    back = learning * _block_flops(job) * (1 + again) + 2 * min(job.adapter, _matrices(base) * learning)
    if not job.method.whole_model:
        back += (ADAPTER_PRODUCTS - 2) * min(job.adapter, _matrices(base) * learning)
    output = 3 * _output_flops(job)
    portions = job.steps * _pieces(job.training.batch_size * job.padded, LEARNING_TOKENS)
    checked = job.checks * job.validation_rows
    return Work(
        learn_flops=tokens * (learning * _block_flops(job) + back + output) * job.method.relative_time,
        learn_calls=portions * (learning + _wrapped(job) * WRAPPED_CALL) * job.method.relative_time,
        read_flops=checked * job.padded * (learning * _block_flops(job) + _output_flops(job))
        + _frozen_rows(job) * job.padded * frozen * _block_flops(job),
        exact_flops=0.0,
        updated=float(job.steps) * (job.adapter + job.head),
        written=0.0,
        rows=job.training.epochs * job.train_rows,
        saved_bytes=12.0 * (job.adapter + job.head) * job.checks,
    )


def count_rest(job: Job) -> Work:
    """The work before the first and after the last update: reading rows, the untouched model, the test, the download."""
    base = job.base
    per_token = base.layers * _block_flops(job) + _output_flops(job)
    known = 0 if job.base_known else job.train_rows + job.test_rows
    # A model that writes reads the test rows before and after, in full precision; one that sorts only afterwards.
    read, exact = (0, 2 * job.test_rows) if job.writes else (known, job.test_rows)
    written = ANSWERING_MODELS * -(-min(ANSWERED_ROWS, job.test_rows) // ANSWERED_AT_ONCE) * ANSWER_TOKENS
    return Work(
        learn_flops=0.0,
        learn_calls=0.0,
        read_flops=read * job.padded * per_token,
        exact_flops=exact * job.padded * per_token,
        updated=0.0,
        written=float(written * base.layers) if job.writes else 0.0,
        rows=float(job.train_rows + job.validation_rows + job.test_rows),
        saved_bytes=4.0 * (base.parameters + 2 * (job.adapter + job.head)),
    )


def largest_portion(job: Job, length: float) -> float:
    """Padded tokens of the largest portion that learns at once when its rows have this length."""
    rows = job.training.batch_size / job.training.accumulation
    tokens = length + job.method.virtual_tokens
    return max(tokens, min(LEARNING_TOKENS, rows * tokens))


def _wrapped(job: Job) -> int:
    """Linear layers beside which two more are called."""
    return len(job.method.shapes(job.base)) if isinstance(job.method, LoraFamily) else 0


def _frozen(job: Job) -> int:
    return min(job.base.layers, job.method.frozen_blocks(job.base.layers))


def _frozen_rows(job: Job) -> float:
    """How many rows go through what the method leaves untouched while it learns: each once if the result can be kept."""
    if _frozen(job) >= job.base.layers:
        # The vectors that the probe was fitted on are known already.
        return 0.0
    rows = job.train_rows + job.validation_rows
    if rows * job.length * job.base.hidden_size * STATE_BYTES > MOST_KEPT_STATES:
        return job.training.epochs * job.train_rows + job.checks * job.validation_rows
    return rows


def _matrices(base: BaseModelCard) -> int:
    """Weights of the matrices of one block."""
    return sum(inputs * outputs for inputs, outputs in base.linear_shapes)


def _block_flops(job: Job) -> float:
    """Operations of one block for one token, forth: its matrices, and attention over the text.

    Texts that share a row are kept apart by a mask, but attention goes over the whole row.
    """
    width = PACKED_ATTENTION * largest_portion(job, job.length) if job.packed else ATTENTION * job.padded
    return 2 * _matrices(job.base) + width * job.base.hidden_size


def _output_flops(job: Job) -> float:
    """Operations of the layer that gives every next token its probability."""
    return 2 * job.base.hidden_size * job.vocabulary if job.writes else 0.0


def _pieces(tokens: float, at_once: int) -> float:
    return max(1.0, tokens / at_once)

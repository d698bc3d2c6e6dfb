"""What a run has to do and to hold, counted from the catalog's declarations: products, calls, tokens, bytes. Times nothing.

What a machine makes of this work is another matter. Numbers of one block come from the model's card; how rows share batches
follows the engine. Needs no torch.
"""

from dataclasses import dataclass, replace

from app.catalog.card import BaseModelCard
from app.catalog.methods.base import Method, PeftMethod
from app.catalog.methods.capabilities import can
from app.catalog.model_facts import DECODER, ENCODER_DECODER
from app.catalog.spec import held_precision
from app.catalog.task_types import task_type as find_task_type
from app.catalog.training import TrainingSettings

# As the engine cuts rows that learn, and rows that are only read: padded tokens at once; lengths in multiples of this.
LEARNING_TOKENS, READING_TOKENS, LENGTH_MULTIPLE = 4096, 2048, 8
# Answers that base and tuned model write to held-out questions: rows, rows at once, tokens each at most. Those that every
# check shows: rows, tokens. Those that the model in memory and the download, loaded afresh, both write.
ANSWERED_ROWS, ANSWERED_AT_ONCE, ANSWER_TOKENS = 24, 16, 96
SHOWN_ROWS, SHOWN_TOKENS = 4, 40
# The same of a task whose score needs every text written: sources of the test, of each check; share of a row that is its target.
SCORED_ROWS, CHECKED_ROWS, TARGET_SHARE = 256, 48, 0.5
# Tokens after which a base model ends its answers, and what every row more adds to writing a token of one.
UNTAUGHT_TOKENS, ROW_WRITTEN = 24, 0.05
RELOAD_ROWS, RELOAD_ANSWERS = {"classification": 32, "generation": 8}, 2
# Rows that are read to learn how long the tuned model takes, how often, beside what was learned and with it merged.
TIMED_ROWS, TIMED_PASSES = 16, 6
# Tokens of the texts that measure forgetting, by the starter models' tokenizers; up to this share of the tokens that are
# learned from, it is measured unasked.
FORGETTING_TOKENS, FORGETTING_SHARE = {"classification": 5448, "generation": 1460}, 0.15
# Operations per unit and token of the text that attention counts for: 4 are products, the rest is spent moving its weights;
# and per token of a row that several texts share, where a fused kernel moves less, and nothing if it is only read.
ATTENTION, PACKED_ATTENTION, PACKED_READING = 24, 8, 4
# Hidden states of the frozen lower blocks are cached up to so many bytes, two for a number.
MAX_STATE_BYTES, STATE_BYTES = 4 * 1024**3, 2
# Cost of calling an adapter module, as a share of calling a whole block.
ADAPTER_CALL = 0.045
# What is beside layers: a product forth, one back for the input and one for the weights. A weight that learns in its own
# place takes only the last of these more.
ADAPTER_PRODUCTS = 6


@dataclass(frozen=True)
class WorkloadInputs:
    """What decides about the work of a run; ``length`` is the mean length of its texts in tokens, ``longest`` the longest.

    ``base_known``: the base model's vectors of these rows are cached.
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
    task_type: str = ""

    @property
    def family(self) -> str:
        """``generation``, or ``classification`` for everything that gives texts or words a label.

        Without a task, what the base model is first of all for.
        """
        task = self.task_type or self.base.task_types[0]
        if self.base.architecture == DECODER and not self.task_type:
            return "generation"
        return "generation" if find_task_type(task).family == "generation" else "classification"

    @property
    def writes(self) -> bool:
        """Whether the model writes text; the others sort it."""
        return self.family == "generation"

    @property
    def packed(self) -> bool:
        """Whether several texts share a row; a soft prompt stands before each text, so there only one fits."""
        apart = self.method.virtual_tokens or self.base.architecture == ENCODER_DECODER
        return self.writes and not apart

    @property
    def scores_texts(self) -> bool:
        """Whether the task's score needs the texts of many rows written."""
        return find_task_type(self.task_type or self.base.task_types[0]).sequence_to_sequence

    @property
    def blocks_share(self) -> float:
        """Share of the blocks that a token goes through: of an encoder-decoder those of one half."""
        return 0.5 if self.base.architecture == ENCODER_DECODER else 1.0

    @property
    def head(self) -> int:
        """Weights of the answer layer; models that write have none of their own."""
        return 0 if self.writes else self.base.hidden_size * self.labels + self.labels

    @property
    def adapter(self) -> int:
        """Weights of the model that learn, the answer layer not counted."""
        if self.writes or not self.base.output_parameters:
            return self.method.trainable_parameters(self.base)
        # The output layer of a model that writes is left out where it sorts.
        body = self.base.parameters - self.base.output_parameters
        return self.method.trainable_parameters(replace(self.base, parameters=body))

    @property
    def steps(self) -> int:
        """Updates of this training."""
        return self.training.updates(self.train_rows)

    @property
    def checks(self) -> int:
        """How often the validation rows are read; a run that starts from the linear probe is scored before it learns too."""
        start = 0 if self.writes or self.training.head_start == "random" else 1
        return start + max(1, round(self.training.epochs * self.training.evaluations_per_epoch))

    @property
    def padded(self) -> float:
        """Tokens of a row as the model reads it: rounded up where rows are padded, with a soft prompt before them."""
        rounding = 0.0 if self.writes else LENGTH_MULTIPLE / 2
        return self.length + rounding + self.method.virtual_tokens

    @property
    def vocabulary(self) -> float:
        """Entries of the embedding table, positions included: what is left of the weights outside of the blocks."""
        base = self.base
        rest = base.parameters - base.blocks_parameters - base.outer_norm_parameters
        return max(0.0, rest / base.hidden_size)


@dataclass(frozen=True)
class Workload:
    """Counts by kind: floating-point operations, calls of blocks, weights updated, tokens written one after another.

    ``beside`` are numbers that go in and out of what a method computes beside the model's layers, while it learns.
    """

    learn_flops: float
    learn_calls: float
    beside: float
    read_flops: float
    exact_flops: float
    updated: float
    written: float
    saved_bytes: float

    def as_dict(self) -> dict[str, float]:
        """By name."""
        return {name: float(value) for name, value in vars(self).items()}


def trainings(job: WorkloadInputs) -> list[tuple[WorkloadInputs, int]]:
    """What a run trains, each with how often: itself once, or the folds of a cross-validation and the model on all rows."""
    folds = job.training.cross_validation_folds
    if not folds:
        return [(job, 1)]
    rows = job.train_rows + job.validation_rows + job.test_rows
    held_out = max(1, round(rows / folds))
    validation = max(1, round(job.validation_rows * (folds - 1) / folds))
    alone = job.training.model_copy(update={"cross_validation_folds": 0})
    fold = replace(
        job,
        training=alone.model_copy(update={"measure_forgetting": "no"}),
        train_rows=max(1, rows - held_out - validation),
        validation_rows=validation,
        test_rows=held_out,
        # Vectors of a fold are not kept for other runs.
        base_known=False,
    )
    kept = replace(job, training=alone, train_rows=job.train_rows + job.test_rows, test_rows=job.validation_rows)
    return [(fold, folds), (kept, 1)]


def count_learning(job: WorkloadInputs) -> Workload:
    """The work from the first update to the last, checks on the validation rows included."""
    base, frozen = job.base, _frozen(job)
    learning = base.layers - frozen
    tokens = job.training.epochs * job.train_rows * job.padded
    again = 1 if job.training.gradient_checkpointing else 0
    matrices = _matrices(base) * learning
    back = learning * _block_flops(job) * (1 + again)
    back += 2 * (matrices if job.method.whole_gradients else min(job.adapter, matrices))
    if _adapter_shapes(job):
        back += (ADAPTER_PRODUCTS - 2) * min(job.adapter, matrices)
    output = 3 * output_flops(job)
    portions = job.steps * _pieces(job.training.batch_size * job.padded, LEARNING_TOKENS)
    checked = job.checks * job.validation_rows
    return Workload(
        learn_flops=tokens * (learning * _block_flops(job) + back + output) * job.method.relative_time,
        learn_calls=portions * _calls(job, learning) * job.method.relative_time,
        beside=tokens * sum(inputs + outputs for inputs, outputs in _adapter_shapes(job)) * job.method.relative_time,
        read_flops=checked * job.padded * (learning * reading_flops(job, job.validation_rows) + output_flops(job))
        + _frozen_rows(job) * job.padded * frozen * reading_flops(job, job.train_rows),
        exact_flops=0.0,
        updated=float(job.steps) * (job.adapter + job.head),
        written=job.checks * _written_at_checks(job) if job.writes else 0.0,
        saved_bytes=12.0 * (job.adapter + job.head) * job.checks,
    )


def count_rest(job: WorkloadInputs) -> Workload:
    """The work before the first and after the last update: reading rows, scoring the base model, the test, the download."""
    base = job.base
    per_token = base.layers * reading_flops(job, job.test_rows) + output_flops(job)
    known = 0 if job.base_known or job.writes else job.train_rows + job.test_rows
    timed = min(TIMED_ROWS, job.train_rows) * TIMED_PASSES if _is_timed(job) else 0
    # A model that writes reads the test rows before and after, in full precision; one that sorts only afterwards.
    exact = job.test_rows * (2 if job.writes else 1) + min(RELOAD_ROWS[job.family], job.test_rows)
    return Workload(
        learn_flops=0.0,
        learn_calls=0.0,
        beside=0.0,
        # The base model reads without the method's soft prompt.
        read_flops=(known * (job.padded - job.method.virtual_tokens) + timed * job.padded) * per_token,
        exact_flops=(exact * job.padded + 2 * _forgetting_tokens(job)) * per_token,
        updated=0.0,
        written=_written_around(job) if job.writes else 0.0,
        saved_bytes=4.0 * (base.parameters + 2 * (job.adapter + job.head)),
    )


def largest_portion(job: WorkloadInputs, length: float) -> float:
    """Padded tokens of the largest portion that learns at once when its rows have this length."""
    rows = job.training.batch_size / job.training.accumulation
    tokens = length + job.method.virtual_tokens
    return max(tokens, min(LEARNING_TOKENS, rows * tokens))


def _is_timed(job: WorkloadInputs) -> bool:
    """Whether what was learned can be merged, so that answering is timed with and without."""
    method = job.method
    return isinstance(method, PeftMethod) and can(method, "merge") and held_precision(method, job.training) == "full"


def _forgetting_tokens(job: WorkloadInputs) -> int:
    """Tokens of one measure of forgetting, 0 if it is not made."""
    asked, wanted = FORGETTING_TOKENS[job.family], job.training.measure_forgetting
    cheap = 2 * asked <= FORGETTING_SHARE * job.training.epochs * job.train_rows * job.length
    return asked if wanted == "yes" or (wanted == "auto" and cheap) else 0


def _adapter_shapes(job: WorkloadInputs) -> list[tuple[int, int]]:
    """(inputs, outputs) of the adapter modules."""
    return job.method.adapter_shapes(job.base)


def _calls(job: WorkloadInputs, blocks: float) -> float:
    """One way through so many blocks, with what is beside their layers, in calls of a block."""
    return blocks + len(_adapter_shapes(job)) * ADAPTER_CALL


def _written_at_checks(job: WorkloadInputs) -> float:
    """Tokens of one block that the tuned model writes at one check."""
    rows = min(SHOWN_ROWS, job.validation_rows)
    tokens = min(float(SHOWN_TOKENS), job.length)
    if job.scores_texts:
        scored, at_once = min(CHECKED_ROWS, job.validation_rows), 1 if job.method.virtual_tokens else ANSWERED_AT_ONCE
        return written_tokens(rows + scored, at_once, TARGET_SHARE * job.length) * _calls(job, job.base.layers)
    return written_tokens(rows, 1 if job.method.virtual_tokens else rows, tokens) * _calls(job, job.base.layers)


def _written_around(job: WorkloadInputs) -> float:
    """Tokens of one block that are written before training by the base model, and afterwards by the tuned one."""
    answered, soft = (
        min(SCORED_ROWS if job.scores_texts else ANSWERED_ROWS, job.test_rows),
        bool(job.method.virtual_tokens),
    )
    before = written_tokens(answered, ANSWERED_AT_ONCE, UNTAUGHT_TOKENS) + written_tokens(
        SHOWN_ROWS, SHOWN_ROWS, UNTAUGHT_TOKENS
    )
    # The tuned model ends its answers where those that it learned from end, about half a row, and a batch with its longest.
    tokens = min(float(ANSWER_TOKENS), job.length)
    # A soft prompt's answers are written one by one, and only a third of them.
    written = (
        written_tokens(-(-answered // 3), 1, tokens) if soft else written_tokens(answered, ANSWERED_AT_ONCE, tokens)
    )
    after = written + written_tokens(2 * RELOAD_ANSWERS, 1, tokens / 2)
    return before * job.base.layers + after * _calls(job, job.base.layers)


def written_tokens(rows: int, at_once: int, tokens: float) -> float:
    """Tokens written one after another, as many as take as long in a single row."""
    return tokens * (-(-rows // at_once) * (1 - ROW_WRITTEN) + rows * ROW_WRITTEN)


def _frozen(job: WorkloadInputs) -> int:
    return min(job.base.layers, job.method.frozen_blocks(job.base.layers))


def _frozen_rows(job: WorkloadInputs) -> float:
    """How many rows go through what the method leaves untouched while it learns: each once if the result can be kept."""
    if _frozen(job) >= job.base.layers:
        # The vectors that the probe was fitted on are known already.
        return 0.0
    rows = job.train_rows + job.validation_rows
    if rows * job.length * job.base.hidden_size * STATE_BYTES > MAX_STATE_BYTES:
        return job.training.epochs * job.train_rows + job.checks * job.validation_rows
    return rows


def _matrices(base: BaseModelCard) -> float:
    """Weights of the matrices of one block that a token meets, on average."""
    return base.block_weights


def _block_flops(job: WorkloadInputs) -> float:
    """Operations of one block for one token of an update, forth."""
    return _flops_of_block(job, PACKED_ATTENTION * largest_portion(job, job.length))


def reading_flops(job: WorkloadInputs, rows: int) -> float:
    """Operations of one block for one token of so many rows that are only read."""
    return _flops_of_block(job, PACKED_READING * max(job.length, min(READING_TOKENS, rows * job.length)))


def _flops_of_block(job: WorkloadInputs, shared: float) -> float:
    """Its matrices, and attention over the text; over ``shared`` operations per unit where several texts share a row.

    Those are kept apart by a mask, but attention goes over the whole row.
    """
    width = shared if job.packed else ATTENTION * job.padded
    return job.blocks_share * (2 * _matrices(job.base) + width * job.base.hidden_size)


def output_flops(job: WorkloadInputs) -> float:
    """Operations of the layer that gives every next token its probability."""
    return 2 * job.base.hidden_size * job.vocabulary if job.writes else 0.0


def _pieces(tokens: float, at_once: int) -> float:
    return max(1.0, tokens / at_once)

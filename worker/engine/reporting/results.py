"""The results of a run, as ``result.json`` and the model card show them."""

from dataclasses import asdict, dataclass, field
from typing import Any

Scores = dict[str, float]


@dataclass(frozen=True)
class ForgettingResult:
    """How much of what the base model knew is gone.

    Attributes:
        task: what was measured, in words.
        unit: of ``before``, ``after``, ``change`` and ``limits``: ``share`` (of right answers) or ``loss``.
        rows: texts that were read.
        level: ``kept``, ``amber`` or ``red``.
        limits: changes from which on the level is amber, and red.
        perplexity: before and after, for a loss.
        interval: 95 % interval of the change, for a loss.
    """

    task: str
    unit: str
    before: float
    after: float
    change: float
    rows: int
    level: str
    limits: list[float]
    perplexity: list[float] | None = None
    interval: list[float] | None = None

    def as_json(self) -> dict[str, Any]:
        """The fields that are set."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True)
class CrossValidation:
    """How the rows were answered when each was held out once.

    Attributes:
        folds: number of models besides the one that is kept.
        rows: that were answered, each by the model of the fold that it was held out in.
        fold_rows: held out in each fold.
        best_steps: the step of each fold's best evaluation.
        scores: the primary metric of each fold on its own rows; their spread is no standard error, since the folds share rows.
        factor: by which the variance of a pooled score exceeds that of as many independent answers.
    """

    folds: int
    rows: int
    fold_rows: list[int]
    best_steps: list[int]
    scores: list[float]
    factor: float


@dataclass(frozen=True, kw_only=True)
class TaskResults:
    """What a task family found on the held-out rows; subclasses add what only they report.

    Attributes:
        metrics: of the tuned model.
        intervals: 95 % interval of the primary metric, and of others where they are known.
        baseline: metrics by baseline.
        cut_rows: training rows that lost their end.
    """

    metrics: Scores
    intervals: dict[str, list[float]]
    baseline: dict[str, Scores]
    labels: list[str]
    test_rows: int
    cut_rows: int
    forgetting: ForgettingResult | None = None

    def as_json(self) -> dict[str, Any]:
        """The fields by name; ``forgetting`` only if it was measured."""
        values = asdict(self)
        del values["forgetting"]
        return {**values, "forgetting": self.forgetting.as_json()} if self.forgetting else values


@dataclass(frozen=True, kw_only=True)
class ClassificationResults(TaskResults):
    """Scores of each label and what a paired test needs.

    Attributes:
        confusion: rows are the expected labels.
        answer_seconds: for a row of the test.
        discordant: baseline -> ``tuned_only`` and ``baseline_only``, test rows that only one of the two got right.
    """

    confusion: list[list[int]]
    per_class: list[dict[str, Any]]
    answer_seconds: float
    discordant: dict[str, dict[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class LabelSetResults(TaskResults):
    """Scores of sets of labels.

    Attributes:
        per_class: of each label.
        thresholds: label -> probability above which it is given.
        answer_seconds: for a row of the test.
        paired: baseline -> the tuned model against it, as :class:`app.catalog.paired_tests.PairedTest` has it.
    """

    per_class: list[dict[str, Any]]
    thresholds: dict[str, float]
    answer_seconds: float
    paired: dict[str, dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class NumberResults(TaskResults):
    """Scores of numbers; ``intervals`` has those of every score.

    Attributes:
        mean_distance: of the stored answers from what was expected; of several numbers each in standard deviations of the training rows.
        per_number: of each number by itself, as :func:`app.catalog.number_scores.per_number` has it.
        answer_seconds: for a row of the test.
        paired: baseline -> the tuned model against it, as :class:`app.catalog.paired_tests.PairedTest` has it.
    """

    mean_distance: float
    per_number: list[dict[str, Any]]
    answer_seconds: float
    paired: dict[str, dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class TokenResults(ClassificationResults):
    """The same over entities; ``cut_test_rows`` lost their end, and entities there count as missed."""

    test_entities: int
    cut_test_rows: int


@dataclass(frozen=True, kw_only=True)
class GenerationResults(TaskResults):
    """Likelihoods and generated answers.

    Attributes:
        change: of the loss against the base model, with its 95 % interval.
        changes: the same against further baselines, with the ``rows`` that both read and both perplexities on them.
        template: name of the chat template.
        system_prompt: what most training conversations begin with.
        packed: whether several examples shared a row.
        test_tokens: predicted tokens of the test rows.
        answered_rows: test rows that both models answered in full.
        left_out_rows: rows without anything to predict within the maximum length.
        counting_perplexity: what the frequency of the tokens in the training rows alone reaches.
        answer_language: share of the pairs of neighbouring words that the training rows know, of ``tuned`` and ``base`` answers
            and of the ``reference`` ones.
        answer_repeats: ``repeating`` answers of the tuned model, and of the ``base``.
    """

    change: dict[str, Any]
    template: str
    system_prompt: str
    packed: bool
    test_tokens: int
    answered_rows: int
    left_out_rows: int
    counting_perplexity: float
    answer_language: dict[str, float]
    answer_repeats: dict[str, int]
    changes: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class TargetResults(TaskResults):
    """Texts that were written, held against references.

    Attributes:
        paired: baseline -> the tuned model against it by chrF, as :class:`app.catalog.paired_tests.PairedTest` has it.
        answered_rows: sources that were answered, which are the ``test_rows``; those with the same text count once.
        sources: how many different ones the test rows have; those that are not answered were not drawn, or leave no room for a target.
        references: of all of them together.
        template: name of the chat template; empty for an encoder-decoder.
        signatures: score -> how sacrebleu calls it.
        left_out_rows, answer_language, answer_repeats: as in :class:`GenerationResults`.
    """

    paired: dict[str, dict[str, Any]]
    answered_rows: int
    sources: int
    references: int
    template: str
    signatures: dict[str, str]
    left_out_rows: int
    answer_language: dict[str, float]
    answer_repeats: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class PreferenceResults(TaskResults):
    """How pairs of a better and a worse answer are distinguished; ``test_rows`` counts pairs.

    Attributes:
        paired: baseline -> the tuned model against it, as :class:`app.catalog.paired_tests.PairedTest` has it.
        length_bias: of ``pairs`` of different lengths, the share whose longer answer is better in the ``data``, and is preferred by the
            ``tuned`` and the ``base`` model.
        loss: the preference loss, with its ``beta``.
        marked: whether answers were marked one by one, and put together for the test.
        unlike_pairs: pairs of answers to different requests; where there are any, nothing but guessing is held against the model.
        template: name of the chat template.
        system_prompt: what most training conversations begin with.
        left_out_rows: rows of which an answer has no token within the maximum length, or both are the same up to there.
    """

    paired: dict[str, dict[str, Any]]
    length_bias: dict[str, float]
    loss: str
    beta: float
    marked: bool
    template: str
    system_prompt: str
    left_out_rows: int
    unlike_pairs: int = 0


@dataclass(frozen=True, kw_only=True)
class RunResults:
    """What a run found before it was saved.

    Attributes:
        validation: scores of the best evaluation.
        start_validation: those before the first update, of a run that starts from the linear probe.
        learning_rate: None for a run without training, as ``devices``.
        rate_race: the learning-rate search, if there was one.
        origin: how the weights were made from other runs, for a run without training.
        leaking_rows: test rows that are copies, or nearly, of training rows.
        cross_validation: how the rows were answered, if each was held out once instead of some always.
    """

    task: TaskResults
    validation: Scores
    train_loss: float | None
    trainable_parameters: int
    total_parameters: int
    best_step: int
    total_steps: int
    train_rows: int
    device: str
    precision: str
    versions: dict[str, str]
    learning_rate: float | None = None
    devices: int | None = None
    rate_race: dict[str, Any] | None = None
    start_validation: Scores | None = None
    origin: dict[str, Any] | None = None
    leaking_rows: int = 0
    cross_validation: CrossValidation | None = None

    @property
    def kept_probe(self) -> bool:
        """Whether no check was better than the linear probe, so that its weights are the result."""
        return self.start_validation is not None and self.best_step == 0

    @property
    def part_in_training(self) -> str:
        """For the cards: what the test rows had to do with training, after "held-out rows"."""
        if self.cross_validation:
            return (
                f"by {self.cross_validation.folds}-fold cross-validation: each was answered by a model trained without it. "
                "The model in this folder learned from all of them in the same way; it was not tested itself."
            )
        if not self.leaking_rows:
            return "that took no part in training or in choosing the checkpoint."
        return f"of which {self.leaking_rows:,} are copies of training rows or nearly, so that new texts may do worse."

    def as_json(self) -> dict[str, Any]:
        """One object with the task's fields; optional fields only if they are set."""
        values = {name: value for name, value in vars(self).items() if name != "task"}
        values["cross_validation"] = asdict(self.cross_validation) if self.cross_validation else None
        optional = ("learning_rate", "devices", "rate_race", "origin", "start_validation", "cross_validation")
        own = {name: value for name, value in values.items() if name not in optional or value is not None}
        return {**self.task.as_json(), **own}

"""The frame of every model card: its head for the Hub, how the weights were made, how they are loaded."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.catalog.card import BaseModelCard
from app.catalog.dataset_source import DatasetSource
from app.catalog.derived import Combined
from app.catalog.methods.base import Method, PeftMethod
from app.catalog.spec import RunSpec
from worker.engine.reporting.results import RunResults


@dataclass(frozen=True)
class CardContext:
    """The sections of a card that a task family writes.

    Attributes:
        pipeline: the Hub's pipeline tag.
        gives: one sentence about what the model does.
        quality: lines on how well it does on held-out rows.
        learned: further points on how it was trained.
        use: lines on ``use_me.py`` and the files.
        limits: lines on what it cannot do.
    """

    pipeline: str
    gives: str
    quality: Sequence[str]
    use: Sequence[str]
    limits: Sequence[str]
    learned: Sequence[str] = ()


def model_card(spec: RunSpec, base: BaseModelCard, results: RunResults, context: CardContext) -> str:
    """The card as Markdown: what was tuned on what, held-out scores, and limits."""
    versions = ", ".join(f"{name} {version}" for name, version in results.versions.items())
    return "\n".join(
        [
            "---",
            f"base_model: {base.hub_id}",
            *_named_dataset(spec.dataset_source),
            f"library_name: {'peft' if isinstance(spec.method, PeftMethod) else 'transformers'}",
            f"license: {base.licence.lower()}",
            f"pipeline_tag: {context.pipeline}",
            "---",
            "",
            f"# {base.title}, {_tuned_with(spec)}",
            "",
            f"{context.gives} Made with the fine-tuning studio.",
            "",
            "## How well it does",
            "",
            *context.quality,
            "",
            "## How it was made",
            "",
            *_making(spec, results),
            *context.learned,
            f"- {results.device}, {results.precision}; {versions}",
            "- every setting is in `spec.json`",
            "",
            "## How to use it",
            "",
            *context.use,
            *_tuner_note(spec.method),
            "",
            "## Limits",
            "",
            *context.limits,
            "",
        ]
    )


def _named_dataset(source: DatasetSource | None) -> list[str]:
    """The Hub's own key for a data set of the Hub, by which it links the two."""
    return ["datasets:", f"- {source.repo}"] if source and source.repo else []


def _making(spec: RunSpec, results: RunResults) -> list[str]:
    """Where the weights come from: rows and steps, or other runs."""
    data = f"data SHA-256 `{spec.dataset_sha256}`, seed {spec.training.seed}"
    if spec.origin is None:
        tested = results.cross_validation
        stopping = f" and {tested.rows - results.train_rows:,} that chose the checkpoint" if tested else ""
        return [
            f"- {results.train_rows:,} training rows{stopping}, {data}",
            *([f"- rows from {spec.dataset_source.words()}"] if spec.dataset_source else []),
            f"- {results.trainable_parameters:,} of {results.total_parameters:,} parameters learned, "
            f"{results.total_steps:,} steps, best at step {results.best_step:,}",
            *(
                ["- training did not improve on the linear probe; the probe's weights are kept"]
                if results.kept_probe
                else []
            ),
        ]
    way = {"shrunk": "shrunk by singular values", "merged": "merged into the base model's weights"}.get(
        spec.origin.kind, ""
    )
    if isinstance(spec.origin, Combined):
        way = f"combined ({spec.origin.how})"
    parents = ", ".join(
        f"{parent.name or 'run'} `{parent.run_id}`, weight {parent.weight:g}" for parent in spec.origin.parents
    )
    return [f"- not trained: {way} from {parents}", f"- measured on {data}"]


def _tuned_with(spec: RunSpec) -> str:
    """The method, for the title."""
    if spec.origin is not None and spec.origin.kind == "merged":
        return "an adapter merged into its weights"
    return f"tuned with {spec.method.title}"


def _tuner_note(method: Method) -> list[str]:
    """How an adapter of a tuner that peft does not have is loaded; empty for the others."""
    if not isinstance(method, PeftMethod) or not method.tuner:
        return []
    file = f"{method.tuner}.py"
    return [
        "",
        f"peft does not know this method by itself: `{file}`, which is part of this download and needs only torch",
        f"and peft, teaches it. `import {method.tuner}` before `PeftModel.from_pretrained`.",
    ]

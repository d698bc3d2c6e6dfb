"""What every model card has in common: its head, how the weights were made, how they are opened. Builds text from facts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.catalog.card import BaseModelCard
from app.catalog.derived import Combined
from app.catalog.methods.base import Method, PeftMethod
from app.catalog.spec import RunSpec


@dataclass(frozen=True)
class CardContext:
    """What a family of tasks says of its own.

    Attributes:
        pipeline: the Hub's name of what the model does.
        gives: one sentence about that.
        quality: lines on how well it does on held-out rows.
        learned: further points on how it was made.
        use: lines on ``use_me.py`` and the files.
        limits: lines on what it cannot do.
    """

    pipeline: str
    gives: str
    quality: Sequence[str]
    use: Sequence[str]
    limits: Sequence[str]
    learned: Sequence[str] = ()


def model_card(spec: RunSpec, base: BaseModelCard, results: dict[str, Any], told: CardContext) -> str:
    """What was tuned, on what, how well it does on held-out rows, and what it cannot do; Markdown with the Hub's head."""
    versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    return "\n".join(
        [
            "---",
            f"base_model: {base.hub_id}",
            f"library_name: {'peft' if isinstance(spec.method, PeftMethod) else 'transformers'}",
            f"license: {base.licence.lower()}",
            f"pipeline_tag: {told.pipeline}",
            "---",
            "",
            f"# {base.title}, {_tuned_with(spec)}",
            "",
            f"{told.gives} Made with the fine-tuning studio.",
            "",
            "## How well it does",
            "",
            *told.quality,
            "",
            "## How it was made",
            "",
            *_making(spec, results),
            *told.learned,
            f"- {results['device']}, {results['precision']}; {versions}",
            "- every setting is in `spec.json`",
            "",
            "## How to use it",
            "",
            *told.use,
            *_tuner_words(spec.method),
            "",
            "## Limits",
            "",
            *told.limits,
            "",
        ]
    )


def _making(spec: RunSpec, results: dict[str, Any]) -> list[str]:
    """What the weights come from: rows and steps, or other runs."""
    data = f"data SHA-256 `{spec.dataset_sha256}`, seed {spec.training.seed}"
    if spec.origin is None:
        return [
            f"- {results['train_rows']:,} training rows, {data}",
            f"- {results['trainable_parameters']:,} of {results['total_parameters']:,} parameters learned, "
            f"{results['total_steps']:,} steps, best at step {results['best_step']:,}",
        ]
    way = {"shrunk": "shrunk by singular values", "merged": "merged into the base model's weights"}.get(
        spec.origin.kind, ""
    )
    if isinstance(spec.origin, Combined):
        way = f"combined ({spec.origin.how})"
    parents = ", ".join(f"{each.name or 'run'} `{each.run_id}`, weight {each.weight:g}" for each in spec.origin.parents)
    return [f"- not trained: {way} from {parents}", f"- measured on {data}"]


def _tuned_with(spec: RunSpec) -> str:
    """How the model came to be, for the card's title."""
    if spec.origin is not None and spec.origin.kind == "merged":
        return "an adapter merged into its weights"
    return f"tuned with {spec.method.title}"


def _tuner_words(method: Method) -> list[str]:
    """How an adapter that peft does not know by itself is opened; nothing for the others."""
    if not isinstance(method, PeftMethod) or not method.tuner:
        return []
    file = f"{method.tuner}.py"
    return [
        "",
        f"peft does not know this method by itself: `{file}`, which is part of this download and needs only torch",
        f"and peft, teaches it. `import {method.tuner}` before `PeftModel.from_pretrained`.",
    ]

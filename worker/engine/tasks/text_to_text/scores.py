"""Scores of written targets against their references, for the tuned model and every baseline on the same sources."""

from collections.abc import Sequence

from app.catalog import reference_scores
from app.catalog.reference_scores import ReferenceCounts
from worker.engine.tasks.generation.text_scores import exact, rouge_l
from worker.engine.tasks.text_to_text.prompts import TargetPrompt


def count(prompts: Sequence[TargetPrompt], answers: Sequence[str]) -> ReferenceCounts:
    """What chrF and BLEU are made of."""
    return reference_scores.count(answers, [prompt.references for prompt in prompts])


def score(prompts: Sequence[TargetPrompt], answers: Sequence[str], counts: ReferenceCounts) -> dict[str, float]:
    """``chrf`` and ``bleu`` over all, ``rouge_l`` and ``exact_match`` on average, each against the nearest reference."""
    pairs = list(zip(prompts, answers, strict=True))
    return {
        "chrf": counts.score(reference_scores.CHRF),
        "bleu": counts.score(reference_scores.BLEU),
        "rouge_l": sum(max(rouge_l(text, answer) for text in prompt.references) for prompt, answer in pairs)
        / len(pairs),
        "exact_match": sum(any(exact(text, answer) for text in prompt.references) for prompt, answer in pairs)
        / len(pairs),
    }

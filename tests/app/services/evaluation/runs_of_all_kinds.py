"""Finished runs of all kinds, as their trainers leave them: good, bad, tiny, leaking, memorising, gibberish, perfect."""

from typing import Any

from app.intervals import pooled_variance_factor, wilson
from app.models import SUCCEEDED, Job, Run

Pair = tuple[int, int]


def _run(task: str, model: str, **results: Any) -> Run:
    training = {"max_length": 128, "epochs": 3, "learning_rate": 1e-3}
    return Run(
        name="r",
        task_type=task,
        job=Job(state=SUCCEEDED, progress={}),
        spec={"training": training, "base_model": model},
        results=results,
    )


def labels(
    right: int,
    rows: int,
    *,
    majority: int = 0,
    probe: Pair | None = None,
    tfidf: Pair | None = None,
    classes: dict[str, tuple[int, float]] | None = None,
    folds: int = 0,
    **more: Any,
) -> Run:
    """A text classifier.

    Args:
        right: test rows that it answers right, of ``rows``.
        majority: rows that the majority class answers right; the tuned model is right there as well, where it can.
        probe: rows that only the tuned model and only the probe got right; ``tfidf`` alike.
        classes: label -> test rows and recall.
        folds: of a cross-validation, which answered all rows.
    """
    pairs = {"linear_probe": probe or (rows // 20, 0), **({"tfidf": tfidf} if tfidf else {})}
    baseline = {"majority": {"accuracy": majority / rows}}
    discordant = {
        "majority": {"tuned_only": max(0, right - majority), "baseline_only": max(0, majority - right)},
    }
    for name, (tuned_only, baseline_only) in pairs.items():
        baseline[name] = {"accuracy": (right - tuned_only + baseline_only) / rows}
        discordant[name] = {"tuned_only": tuned_only, "baseline_only": baseline_only}
    return _run(
        "text-classification",
        "starter-encoder",
        metrics={"accuracy": right / rows},
        intervals={"accuracy": list(wilson(right / rows, rows, pooled_variance_factor(folds) if folds else 1.0))},
        baseline=baseline,
        discordant=discordant,
        test_rows=rows,
        train_rows=7 * rows,
        per_class=[
            {"label": label, "count": count, "recall": recall} for label, (count, recall) in (classes or {}).items()
        ],
        **_folded(folds, rows),
        **more,
    )


def _folded(folds: int, rows: int) -> dict[str, Any]:
    if not folds:
        return {}
    return {"cross_validation": {"folds": folds, "rows": rows, "factor": pooled_variance_factor(folds)}}


def entities(
    f1: float, interval: tuple[float, float], *, rows: int = 500, listed: float = 0.3, folds: int = 0, **more: Any
) -> Run:
    """A token classifier; ``listed`` is the F1 of a list of known words."""
    return _run(
        "token-classification",
        "starter-encoder",
        metrics={"f1": f1},
        intervals={"f1": list(interval)},
        baseline={"majority": {"f1": 0.0}, "word_list": {"f1": listed}, "linear_probe": {"f1": max(0.0, f1 - 0.1)}},
        test_rows=rows,
        test_entities=2 * rows,
        labels=["PER", "(nothing)"],
        **_folded(folds, rows),
        **more,
    )


def scored(
    value: float,
    interval: tuple[float, float],
    *,
    probe: float,
    pairs: dict[str, Any],
    majority: float = 0.2,
    rows: int = 300,
    **more: Any,
) -> Run:
    """A model that gives several labels; ``pairs`` are the paired tests against its baselines."""
    return _run(
        "multi-label-classification",
        "starter-encoder",
        metrics={"micro_f1": value},
        intervals={"micro_f1": list(interval)},
        baseline={"majority": {"micro_f1": majority}, "linear_probe": {"micro_f1": probe}},
        paired=pairs,
        test_rows=rows,
        train_rows=7 * rows,
        **more,
    )


def numbers(value: float, interval: tuple[float, float], *, probe: float, pairs: dict[str, Any], **more: Any) -> Run:
    """A regression; ``pairs`` are the paired tests against its baselines."""
    return _run(
        "regression",
        "starter-encoder",
        metrics={"pearson": value},
        intervals={"pearson": list(interval)},
        baseline={"mean": {"pearson": 0.0}, "linear_probe": {"pearson": probe}},
        paired=pairs,
        test_rows=300,
        train_rows=2100,
        **more,
    )


def targets(value: float, interval: tuple[float, float], *, pairs: dict[str, Any], **more: Any) -> Run:
    """A model that writes a text for each text; a copy of the source reaches 0.5, the base model 0.3."""
    found = {
        "metrics": {"chrf": value, "bleu": 0.2, "rouge_l": 0.4, "exact_match": 0.0, "loss": 2.0},
        "intervals": {"chrf": list(interval)},
        "baseline": {"copy": {"chrf": 0.5}, "untouched": {"chrf": 0.3}},
        "paired": pairs,
        "references": 300,
        "answered_rows": 300,
        "test_rows": 300,
        "train_rows": 2100,
        "answer_repeats": {"repeating": 0, "base": 0},
        **more,
    }
    return _run("text-to-text", "starter-chat", **found)


def text(
    tuned: float,
    base: float,
    change: tuple[float, float],
    *,
    accuracy: Pair | tuple[float, float] = (0.5, 0.4),
    language: tuple[float, float] = (0.6, 0.55),
    repeating: int = 0,
    rows: int = 200,
    **more: Any,
) -> Run:
    """A model that writes.

    Args:
        tuned: its perplexity; ``base`` that of the base model.
        change: 95 % interval of the change of the loss.
        accuracy: share of the tokens that it and the base model foresaw.
        language: share of known pairs of words in its answers and in the references.
        repeating: answers of 24 that repeat themselves.
    """
    return _run(
        "chat",
        "starter-chat",
        metrics={"perplexity": tuned, "token_accuracy": accuracy[0]},
        intervals={"perplexity": [0.9 * tuned, 1.1 * tuned]},
        baseline={"untouched": {"perplexity": base, "token_accuracy": accuracy[1]}},
        change={"interval": list(change)},
        answer_language={"tuned": language[0], "reference": language[1]},
        answer_repeats={"repeating": repeating},
        **{"answered_rows": 24, "test_rows": rows, "counting_perplexity": 900.0, **more},
    )


def preferences(value: float, interval: tuple[float, float], **more: Any) -> Run:
    """A model that learned from preferences, tested on 300 pairs."""
    return _run(
        "preference",
        "starter-chat",
        **{
            "metrics": {"preference_accuracy": value, "reward_margin": 0.4, "kl": 0.1, "chosen_perplexity": 9.0},
            "intervals": {"preference_accuracy": list(interval)},
            "baseline": {
                "longer_answer": {"preference_accuracy": 0.55},
                "untouched": {"preference_accuracy": 0.5, "chosen_perplexity": 10.0},
            },
            "paired": {},
            "test_rows": 300,
            "train_rows": 2100,
            **more,
        },
    )

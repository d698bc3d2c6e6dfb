"""Views of runs as ``runs.as_dict`` makes them, for tests of comparisons that read no database."""

from typing import Any

GENERATION_SPEC = {
    "task_type": "chat",
    "base_model": "m",
    "columns": {"messages": "messages"},
    "labels": [],
    "method": {"kind": "lora"},
    "training": {"max_length": 512},
    "dataset_sha256": "",
}


def view_of(
    run_id: str, accuracy: float | None = 0.9, *, rows: int = 3080, version: int = 1, **other: Any
) -> dict[str, Any]:
    method = other.pop("method", {"kind": "lora"})
    training = {"epochs": 3, "batch_size": 32, **other.pop("training", {})}
    spec = {
        "task_type": "text-classification",
        "base_model": "starter-encoder",
        "columns": {"text": "text", "label": "label"},
        "labels": ["a", "b"],
        "dataset_sha256": "f" * 64,
        "method": method,
        "training": training,
    }
    results = None
    if accuracy is not None:
        results = {
            "metrics": {"accuracy": accuracy, "macro_f1": accuracy, "loss": 1 - accuracy},
            "baseline": {
                "majority": {"accuracy": 0.1},
                "linear_probe": {"accuracy": 0.9, "macro_f1": 0.9, "loss": 0.1},
            },
            "test_rows": rows,
            "seconds": {"total": 100.0},
        }
    return {
        "id": run_id,
        "name": f"run {run_id}",
        "state": "succeeded" if results else "running",
        "base_model": "starter-encoder",
        "method": method["kind"],
        "task_type": "text-classification",
        "dataset": {"id": "d", "name": "support", "version": version},
        "created_at": 0.0,
        "spec": spec,
        "results": results,
        **other,
    }


def generation_view(name: str, results: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": name,
        "name": name,
        "state": "succeeded",
        "base_model": "m",
        "method": "lora",
        "task_type": "chat",
        "dataset": {"id": "d", "version": 1},
        "created_at": 0,
        "spec": GENERATION_SPEC,
        "results": results,
    }


def generation_results(tuned: float, base: float, interval: tuple[float, float], **more: Any) -> dict[str, Any]:
    return {
        "metrics": {"loss": 1.0, "perplexity": tuned, "token_accuracy": 0.5, "rouge_l": 0.4, "exact_match": 0.1},
        "baseline": {"untouched": {"loss": 2.0, "perplexity": base, "token_accuracy": 0.2, "rouge_l": 0.1}},
        "change": {"loss": interval[0], "interval": list(interval)},
        "test_rows": 200,
        **more,
    }

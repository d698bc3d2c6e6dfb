"""The table of a model card: every score of the tuned model beside that of each baseline."""

from collections.abc import Mapping

from app.catalog.baselines import BASELINES
from worker.engine.reporting.results import TaskResults


def score_table(titles: Mapping[str, str], results: TaskResults) -> list[str]:
    """Lines of Markdown, one for each score that the tuned model has; ``titles`` are those of the task."""
    tuned = results.metrics
    known = [measure for measure in BASELINES if measure.key in results.baseline]
    lines = [
        f"| {titles[name]} | {tuned[name]:.4f} | "
        + " | ".join(_cell(results.baseline[item.key].get(name)) for item in known)
        + " |"
        for name in titles
        if name in tuned
    ]
    names = " | ".join(item.name for item in known)
    return [f"| | this model | {names} |", "|---|---|" + "---|" * len(known), *lines]


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"

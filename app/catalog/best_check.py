"""Which check of the validation rows is the best: one rule for the training loop, and for pages that show a run at work."""

from collections.abc import Mapping

from app.catalog.task_types.base import TaskType

# Scores of one check by name: the task's metrics and the loss.
Scores = Mapping[str, float]

# Metrics that differ by less than this between two evaluations on some hundred rows differ by chance; the loss, which depends on
# every probability, tells such evaluations apart. On Banking77 it chose 0.936 where two rows more had chosen 0.933.
CLOSE = 0.01


def is_better(scores: Scores, best: Scores, start: Scores | None, task: TaskType) -> bool:
    """Whether a check beats the best so far: by the task's metric, or by the loss where the metric cannot tell.

    Args:
        start: scores of the linear probe that the run started from; a check that is worse by loss or metric is never the best.
    """
    if start and not _is_allowed(scores, start, task):
        return False
    gap = scores[task.primary_metric] - best[task.primary_metric]
    if task.lower_is_better:
        return gap < 0 or (gap == 0 and scores["loss"] < best["loss"])
    if abs(gap) > CLOSE:
        return gap > 0
    return (scores["loss"], -gap) < (best["loss"], 0.0)


def _is_allowed(scores: Scores, start: Scores, task: TaskType) -> bool:
    """Neither probabilities nor answers may be worse than those that the run started from.

    Between later checks a lower loss may cost a few right answers, which differ by chance. Against the probe that would be a claim:
    the run would hand out a model that answers fewer of the rows that it was chosen by.
    """
    gap = scores[task.primary_metric] - start[task.primary_metric]
    return scores["loss"] <= start["loss"] and (gap <= 0 if task.lower_is_better else gap >= 0)


def best_step(checks: Mapping[int, Scores], task: TaskType) -> int | None:
    """The step that a trainer keeps as the best of these checks; None without one that has the task's metric and a loss."""
    start, best = checks.get(0), None
    for step in sorted(checks):
        if not {task.primary_metric, "loss"} <= checks[step].keys():
            continue
        if best is None or is_better(checks[step], checks[best], start, task):
            best = step
    return best

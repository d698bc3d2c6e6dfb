"""Sentences below a leaderboard: how to read it, and under what conditions its runs trained."""

from app.languages import gettext as _
from app.services.evaluation.leaderboard import Leaderboard
from app.services.experiments.experiments import ExperimentReport
from studio_ui.formats import count, counted


def legend(table: Leaderboard) -> str:
    """How to read the table."""
    tested = (
        _("Measured on the same {test_rows} test rows. ", test_rows=count(table.test_rows)) if table.test_rows else ""
    )
    how = (
        _("on these rows (paired test, corrected for the number of runs)")
        if table.paired
        else _("(less than 2 % apart)")
    )
    return _(
        "{tested}Bars are 95 % intervals. ★ is the best, ≈ is not distinguishable from it {how}. Underlined costs are the lowest.",
        tested=tested,
        how=how,
    )


def conditions(report: ExperimentReport) -> str:
    """What was equal for all runs, and what limited them."""
    plan = report.plan
    limits = [
        _("a sample of {steps} for each", steps=counted(plan.method_comparison.steps, "update"))
        if plan.method_comparison
        else "",
        _("at most {max_minutes} minutes of training", max_minutes=f"{plan.max_minutes:g}") if plan.max_minutes else "",
        _("runs that fall behind are stopped halfway") if plan.early_stopping else "",
        _("successive halving at 20, 40 and 80 % of the steps") if plan.halving else "",
    ]
    listed_limits = ", ".join(limit for limit in limits if limit)
    varied = _(", apart from what was varied on purpose") if plan.vary else ""
    return _(
        "Every run trained on the same rows with the same split, seed and number of epochs{varied}; each method uses its own recommended learning rate unless it was varied.{value}",
        varied=varied,
        value=_(" Limits: {limits}.", limits=listed_limits) if listed_limits else "",
    )

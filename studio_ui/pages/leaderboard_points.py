"""The runs of an experiment as points: names, colours, quality and costs."""

from app.languages import gettext_noop
from app.services.evaluation.leaderboard import Leaderboard
from app.services.evaluation.leaderboard_rows import LeaderboardRow
from app.services.experiments import experiments
from studio_ui.components.pareto import Cost, ParetoPoint, ParetoPoints

COSTS = (
    Cost("training_seconds", gettext_noop("Training time"), "seconds"),
    Cost("adapter_bytes", gettext_noop("Download"), "bytes"),
    Cost("peak_memory_bytes", gettext_noop("Peak memory"), "bytes"),
    Cost("trainable_parameters", gettext_noop("Trainable"), "count"),
    Cost("answer_seconds", gettext_noop("Time per answer"), "milliseconds"),
)


def describe_points(user_id: str, experiment_id: str) -> ParetoPoints:
    """Quality and costs of the runs that have a result."""
    table = experiments.read(user_id, experiment_id).table
    places = places_of(table)
    found = [
        ParetoPoint(
            row.id,
            short_name(row),
            places[row.id],
            row.quality,
            row.interval,
            {cost.key: row.cost(cost.key) for cost in COSTS},
        )
        for row in table.rows
        if row.quality is not None
    ]
    return ParetoPoints(dict(vars(table.metric)), table.base, found)


def short_name(row: LeaderboardRow) -> str:
    """Runs of an experiment are called "data · method, settings"; here only the second part tells them apart."""
    return row.name.rsplit(" · ", 1)[-1]


def places_of(table: Leaderboard) -> dict[str, int]:
    """Run id -> colour. A run keeps its own wherever it stands in the table."""
    return {run_id: place for place, run_id in enumerate(sorted(row.id for row in table.rows))}

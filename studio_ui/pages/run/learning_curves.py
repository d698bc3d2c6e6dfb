"""The Curves tab: which charts a run has, and the points that a browser does not have yet."""

from collections.abc import Mapping
from dataclasses import replace

from app.catalog.task_types import task_type
from app.catalog.training import MAX_FOLDS
from app.languages import gettext as _
from app.languages import gettext_noop
from app.services.runs import checkpoints, metrics
from app.services.runs.run_details import RunDetails
from studio_ui.components.curves import Chart, CurveNews, Line, Mark
from studio_ui.formats import count
from studio_ui.pages.run.wanted import SECONDS_BETWEEN_LOOKS, is_active, results_of, waits_for_folds, wanted_run
from studio_ui.run_words import ACTIVE, on_validation_rows

AFTER_FOLDS = gettext_noop("Appears after the folds, when the model on all rows is trained.")
FIRST_STEP = gettext_noop("Appears with the first training step.")
QUALITY = {
    "rows": gettext_noop("Quality on the validation rows"),
    "sentences": gettext_noop("Quality on the validation sentences"),
}
CHECKED = gettext_noop("Appears at the first check. More checks per pass give more points.")
LOSS = Chart(
    gettext_noop("Loss"),
    (Line("train/loss", gettext_noop("training"), smooth=True), Line("eval/loss", gettext_noop("evaluation"))),
    empty=gettext_noop("The first point appears after the first training step."),
)
# Of a cross-validation: the loss on the validation rows of each fold.
FOLDS = Chart(
    gettext_noop("Evaluation loss of the folds"),
    tuple(Line(f"fold-{number}/eval/loss", str(number)) for number in range(1, MAX_FOLDS + 1)),
    optional=True,
    marked=False,
)
OTHERS = (
    Chart(
        gettext_noop("Learning rate"),
        (Line("train/learning_rate", gettext_noop("learning rate")),),
        unit="rate",
        empty=FIRST_STEP,
    ),
    Chart(
        gettext_noop("Gradient norm"),
        (Line("train/grad_norm", gettext_noop("gradient norm"), smooth=True),),
        empty=FIRST_STEP,
    ),
    Chart(
        gettext_noop("Memory (GB)"),
        (
            Line("system/memory_bytes", gettext_noop("this run")),
            Line("system/gpu_memory_bytes", gettext_noop("whole GPU")),
            Line("system/process_bytes", "RAM"),
        ),
        unit="GB",
        digits=2,
        scale=1e-9,
        log=False,
        empty=gettext_noop("Appears once training has started."),
    ),
    Chart(
        gettext_noop("Device utilisation (%)"),
        (
            Line("system/cpu_percent", gettext_noop("CPU cores of this run"), smooth=True),
            Line("system/gpu_percent", "GPU", smooth=True),
        ),
        unit="%",
        digits=0,
        log=False,
        empty=FIRST_STEP,
    ),
    Chart(
        gettext_noop("GPU power (W)"),
        (Line("system/gpu_power_watts", gettext_noop("power"), smooth=True),),
        unit="W",
        digits=0,
        log=False,
        optional=True,
    ),
    Chart(
        gettext_noop("GPU temperature (°C)"),
        (Line("system/gpu_temperature_celsius", gettext_noop("temperature")),),
        unit="°C",
        digits=0,
        log=False,
        optional=True,
    ),
    Chart(
        gettext_noop("Speed (rows per second)"),
        (Line("train/rows_per_second", gettext_noop("rows per second"), smooth=True),),
        digits=1,
        empty=FIRST_STEP,
    ),
)


def read_curves(user_id: str, query: Mapping[str, str], after: int | None) -> CurveNews:
    """All curves, thinned, the first time; then what came since."""
    run = wanted_run(user_id, query)
    if after is None:
        found = metrics.read_curves(user_id, run.id)
        return CurveNews(
            points={key: [list(point) for point in points] for key, points in found.points.items()},
            after=found.after,
            again=SECONDS_BETWEEN_LOOKS if is_active(run) else None,
            charts=_charts(run),
            marks=marks_of(user_id, run),
            steps_per_pass=_steps_per_pass(run),
        )
    page = metrics.since(user_id, run.id, after)
    points: dict[str, list[list[float]]] = {}
    for point in page.points:
        points.setdefault(point.key, []).append([point.step, point.value, point.at])
    # A checkpoint is written at a check; whatever else happened is shown at the end at the latest.
    changed = page.state not in ACTIVE or any(key.startswith("eval/") for key in points)
    return CurveNews(
        points=points,
        after=page.after,
        again=SECONDS_BETWEEN_LOOKS if page.state in ACTIVE else None,
        more=page.more,
        marks=marks_of(user_id, run) if changed else None,
        steps_per_pass=_steps_per_pass(run),
    )


def _charts(run: RunDetails) -> list[Chart]:
    """All charts; while folds are trained, those of the model that is kept say what they wait for."""
    charts = [_translated(chart) for chart in (LOSS, quality(run.task_type), FOLDS, *OTHERS)]
    if not waits_for_folds(run):
        return charts
    return [replace(chart, empty=_(AFTER_FOLDS)) if chart.empty else chart for chart in charts]


def quality(kind: str) -> Chart:
    """The chart of a task's scores on the validation rows: its primary one, and those of the same unit."""
    task = task_type(kind)
    primary = task.primary_score
    shown = [score for score in task.scores if score.drawn and score.unit == primary.unit]
    return Chart(
        on_validation_rows(primary) if len(shown) == 1 else QUALITY[primary.rows],
        tuple(Line(f"eval/{score.key}", score.title) for score in shown),
        unit=primary.unit if primary.unit == "share" else "",
        log=primary.unit != "share" and not primary.higher_is_better,
        empty=CHECKED,
    )


def _translated(chart: Chart) -> Chart:
    lines = [replace(line, name=_(line.name)) for line in chart.lines]
    return replace(chart, title=_(chart.title), lines=lines, empty=_(chart.empty))


def marks_of(user_id: str, run: RunDetails) -> list[Mark]:
    """Checkpoints, restarts and alerts, by rising step."""
    kept = [
        Mark(
            checkpoint.step,
            checkpoint.created_at,
            "★",
            _("best check after step {step}, kept", step=count(checkpoint.step)),
        )
        if checkpoint.selected
        else Mark(
            checkpoint.step, checkpoint.created_at, "▾", _("checkpoint after step {step}", step=count(checkpoint.step))
        )
        for checkpoint in checkpoints.list_checkpoints(user_id, run.id)
    ]
    for event in metrics.events_since(user_id, run.id).events:
        step = event.data.get("step")
        if isinstance(step, int) and event.message.startswith("Continuing"):
            kept.append(Mark(step, event.at, "↻", _("continued after step {step}", step=count(step))))
        if isinstance(step, int) and event.severity != "info":
            kept.append(Mark(step, event.at, "!", event.message))
    return sorted(kept, key=lambda mark: mark.step)


def _steps_per_pass(run: RunDetails) -> float:
    total = results_of(run).get("total_steps") or (run.progress or {}).get("total_steps") or 0
    epochs = run.spec.get("training", {}).get("epochs") or 0
    return total / epochs if epochs else 0.0

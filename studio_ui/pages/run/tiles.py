"""Headline tiles of a run: from its results, or from the newest points while it works."""

import math
from collections.abc import Mapping
from typing import Any

from app.catalog.task_types import score_unit, task_type
from app.db import snapshot
from app.languages import decimal, gettext_noop, localized
from app.languages import gettext as _
from app.services.evaluation import baselines, text_doubts
from app.services.evaluation.comparison import Comparison
from app.services.evaluation.score_verdicts import FORMS
from app.services.runs import metrics
from app.services.runs.run_details import RunDetails
from studio_ui.components.nodes import Node, el
from studio_ui.formats import byte_size, count, duration, figure, percent, points, score_words
from studio_ui.pages.run.wanted import answer_form, folds_of, is_active, results_of, tabs_without, waits_for_folds

NEWEST = ("train/loss", "eval/loss", "train/rows_per_second", "eval/perplexity", "eval/token_accuracy")
RETENTION = {
    "kept": ("✓", gettext_noop("kept")),
    "amber": ("!", gettext_noop("some lost")),
    "red": ("✕", gettext_noop("much lost")),
}
AFTER_FOLDS = gettext_noop("after the folds, when the model on all rows is trained")
UNSURE = gettext_noop("The 95 % intervals overlap: the difference may be chance.")
# A smaller change of a share reads as none.
SAME = 5e-5
# A smaller change of a number is not shown.
SMALLEST = 5e-4
LARGE = 1e5

Newest = Mapping[str, tuple[int, float]]


def run_tiles(user_id: str, run: RunDetails, comparison: Comparison) -> Node:
    """All tiles of a run."""
    newest = metrics.newest(user_id, run.id, NEWEST)
    with snapshot() as session:
        best = metrics.best_evaluations(session, [run.id]).get(run.id, {})
    form = answer_form(run)
    rows = {row.key: row for row in comparison.metrics}
    leading = rows.get(f"test/{task_type(run.task_type).primary_metric}")
    verdict = leading.verdicts.get(run.id) if leading else None
    if form == "text":
        first = _generation_tiles(run, newest, verdict)
    elif form == "entities":
        first = _entity_tiles(run, best, verdict)
    elif form in FORMS:
        first = _score_tiles(run, best, verdict)
    else:
        first = _label_tiles(run, best, verdict)
    return el(
        "div",
        *first,
        *_common_tiles(run, newest),
        cls="tiles",
        id="run-tiles",
        data_without=" ".join(tabs_without(run)),
    )


def _common_tiles(run: RunDetails, newest: Newest) -> list[Node]:
    results, progress = results_of(run), run.progress or {}
    speed = newest.get("train/rows_per_second", (0, progress.get("rows_per_second")))[1]
    memory = results.get("peak_memory_bytes") or progress.get("memory_bytes")
    trainable, total = results.get("trainable_parameters"), results.get("total_parameters")
    seconds = results.get("seconds") or {}
    share = (
        _("{part} of {total}", part=percent(trainable / total), total=count(total))
        if trainable and total
        else _("counted at the start")
    )
    training = seconds.get("training")
    tiles = [
        tile(
            "tile-train-loss",
            _("Training loss"),
            _newest_words(newest, "train/loss"),
            _step_words(run, newest, "train/loss"),
        ),
        tile(
            "tile-eval-loss",
            _("Evaluation loss"),
            _newest_words(newest, "eval/loss"),
            _step_words(run, newest, "eval/loss"),
        ),
        tile("tile-speed", _("Speed"), _("{speed} rows/s", speed=count(speed)) if speed else "–", _("training rows")),
        tile(
            "tile-memory",
            _("Peak memory"),
            byte_size(memory) if memory else "–",
            results.get("device") or _("of the trainer"),
        ),
        tile("tile-parameters", _("Trainable parameters"), count(trainable) if trainable else "–", share),
        _retention_tile(results["forgetting"]) if results.get("forgetting") else None,
        _rate_tile(results) if results.get("rate_race") else None,
        tile(
            "tile-seconds",
            _("Time"),
            duration(seconds["total"]) if seconds.get("total") else "–",
            _("of which training {training}", training=duration(training)) if training else _("known at the end"),
        ),
    ]
    return [item for item in tiles if item is not None]


def _rate_tile(results: Mapping[str, Any]) -> Node:
    """How the learning rate was found: a search on the validation rows, or why there was none."""
    race = results["rate_race"]
    tried = ", ".join(number(item["rate"]) for item in race["tried"])
    words = (
        _("auto: from {tried} after {steps} updates each", tried=tried, steps=race["steps"])
        if tried
        else _("the method's own; the run is too short for a search")
    )
    return tile("tile-rate", _("Learning rate"), number(results.get("learning_rate")), words)


def _retention_tile(found: Mapping[str, Any]) -> Node:
    """Forgetting: the change in another ability of the base model; the marks follow fixed limits."""
    before, after, in_loss = found["before"], found["after"], found["unit"] == "loss"
    change = after - before
    sign = "+" if change > 0 else "−" if change < 0 else "±"
    value = _("{change} loss", change=sign + decimal(abs(change), 3)) if in_loss else sign + points(abs(change))
    mark, level = RETENTION.get(found.get("level") or "", ("", gettext_noop("not judged")))
    bounds = [
        f"+{limit:g}" if in_loss else _("{share} points", share=f"{100 * limit:g}")
        for limit in found.get("limits") or ()
    ]
    limits = _("; amber from {bounds_0}, red from {bounds_1}", bounds_0=bounds[0], bounds_1=bounds[1]) if bounds else ""
    change_words = f"{decimal(before, 2)} → {decimal(after, 2)}" if in_loss else f"{percent(before)} → {percent(after)}"
    judged = el(
        "span",
        el("span", f"{mark} ", aria_hidden="true"),
        _(level),
        cls=f"retention retention-{found.get('level') or 'kept'}",
    )
    return tile("tile-retention", _("Forgetting"), value, judged, f"{found['task']}: {change_words}{limits}")


def _label_tiles(run: RunDetails, best: Mapping[str, float], verdict: str | None) -> list[Node]:
    results = results_of(run)
    scores = results.get("metrics") or {}
    tested = scores.get("accuracy") is not None
    f1 = scores.get("macro_f1") if tested else best.get("eval/macro_f1")
    first = _tested_accuracy(results, verdict) if tested else _checked_accuracy(run, best.get("eval/accuracy"))
    return [
        first,
        tile("tile-macro-f1", _("Macro-F1"), _share(f1), _("every label counts the same")),
        *_further_tiles(run, scores if tested else {}),
        *_baseline_tiles(results, "accuracy"),
    ]


def _further_tiles(run: RunDetails, scores: Mapping[str, float]) -> list[Node]:
    """Scores that the task has besides those with a tile of their own."""
    return [
        tile(f"tile-{score.key.replace('_', '-')}", _(score.title), score_words(score.key, scores[score.key]))
        for score in task_type(run.task_type).scores[1:]
        if score.key != "macro_f1" and scores.get(score.key) is not None
    ]


def _score_tiles(run: RunDetails, best: Mapping[str, float], verdict: str | None) -> list[Node]:
    """The task's primary score with its interval, its other scores, and what is reached without tuning."""
    results, task = results_of(run), task_type(run.task_type)
    primary, scores = task.primary_score, results_of(run).get("metrics") or {}
    if scores.get(primary.key) is None:
        value, title = best.get(f"eval/{primary.key}"), _("Best {score} so far", score=_(primary.title))
        shown = "–" if value is None else score_words(primary.key, value)
        return [tile("tile-primary", title, shown, _check_words(run, value), wide=True)]
    notes = _against_probe(scores[primary.key], results, primary.key, verdict)
    if interval := (results.get("intervals") or {}).get(primary.key):
        between = _(
            "{low} to {high}", low=score_words(primary.key, interval[0]), high=score_words(primary.key, interval[1])
        )
        notes.append(_("95 %: {between} · {test_rows} rows", between=between, test_rows=count(results["test_rows"])))
    title = _("{score}, cross-validated") if results.get("cross_validation") else _("{score} on the test")
    shown = score_words(primary.key, scores[primary.key])
    others = [
        tile(f"tile-{score.key.replace('_', '-')}", _(score.title), score_words(score.key, scores[score.key]))
        for score in task.scores[1:]
        if scores.get(score.key) is not None
    ]
    first = tile("tile-primary", title.format(score=_(primary.title)), shown, *notes, wide=True)
    return [first, *others, *_baseline_tiles(results, primary.key)]


def _baseline_tiles(results: Mapping[str, Any], score: str) -> list[Node]:
    """What is reached without tuning: the best that could be used instead, and every baseline by its name."""
    found = [known for known in baselines.measured(results) if score in known.scores]
    best = max((known.scores[score] for known in found if known.solves), default=None)
    lines = [
        el(
            "span",
            f"{baselines.heading(known.key)}: {score_words(score, known.scores[score])}",
            data_baseline=known.key,
        )
        for known in reversed(found)
    ]
    shown = "–" if best is None else score_words(score, best)
    return [tile("tile-baselines", _("Without tuning, at best"), shown, *lines, wide=True)] if found else []


def _tested_accuracy(results: Mapping[str, Any], verdict: str | None) -> Node:
    value = results["metrics"]["accuracy"]
    notes = _against_probe(value, results, "accuracy", verdict)
    if interval := (results.get("intervals") or {}).get("accuracy"):
        notes.append(
            _("95 %: {between} · {test_rows} rows", between=_between(interval), test_rows=count(results["test_rows"]))
        )
    title = _("Accuracy, cross-validated") if results.get("cross_validation") else _("Test accuracy")
    return tile("tile-accuracy", title, percent(value), *notes, wide=True)


def _checked_accuracy(run: RunDetails, best: float | None) -> Node:
    return tile("tile-accuracy", _("Best accuracy so far"), _share(best), _check_words(run, best), wide=True)


def _check_words(run: RunDetails, value: float | None, also: str = "") -> str:
    if not is_active(run):
        return _("validation rows; the test was not reached")
    if value is None:
        return _(AFTER_FOLDS) if waits_for_folds(run) else _("after the first check{also}", also=also)
    if folds_of(run):
        return _("validation rows, model on all rows; the folds are scored at the end")
    return _("validation rows; the test comes at the end")


def _entity_tiles(run: RunDetails, best: Mapping[str, float], verdict: str | None) -> list[Node]:
    """Entity F1 with its interval, then precision and recall, then what is reached without tuning."""
    results = results_of(run)
    scores = results.get("metrics") or {}
    if scores.get("f1") is None:
        value = best.get("eval/f1")
        return [tile("tile-f1", _("Best entity F1 so far"), _share(value), _check_words(run, value), wide=True)]
    notes = _against_probe(scores["f1"], results, "f1", verdict)
    if interval := (results.get("intervals") or {}).get("f1"):
        notes.append(
            _(
                "95 %: {between} · {test_entities} entities",
                between=_between(interval),
                test_entities=count(results["test_entities"]),
            )
        )
    return [
        tile(
            "tile-f1",
            _("Entity F1, cross-validated") if results.get("cross_validation") else _("Entity F1 on the test"),
            percent(scores["f1"]),
            *notes,
            wide=True,
        ),
        tile("tile-precision", _("Precision"), percent(scores["precision"]), _("of what it marks, so much is right")),
        tile("tile-recall", _("Recall"), percent(scores["recall"]), _("of what is there, so much is found")),
        *_baseline_tiles(results, "f1"),
    ]


def _generation_tiles(run: RunDetails, newest: Newest, verdict: str | None) -> list[Node]:
    results = results_of(run)
    scores, base = results.get("metrics"), (results.get("baseline") or {}).get("untouched")
    sure = (scores or {}).get("token_accuracy")
    if sure is None:
        sure = newest.get("eval/token_accuracy", (0, None))[1]
    tiles = [
        _tested_perplexity(results, verdict) if scores else _checked_perplexity(run, newest),
        tile(
            "tile-token-accuracy",
            _("Token accuracy"),
            _share(sure),
            _("base model {token_accuracy}", token_accuracy=percent(base["token_accuracy"]))
            if base
            else _("how often the next piece of text was the likeliest"),
        ),
    ]
    if scores and scores.get("rouge_l") is not None:
        words = _("ROUGE-L over {answered_rows} written answers", answered_rows=count(results["answered_rows"]))
        lines = [
            el("span", f"{baselines.heading(known.key)}: {percent(known.scores['rouge_l'])}", data_baseline=known.key)
            for known in baselines.measured(results)
            if known.scores.get("rouge_l") is not None
        ]
        overlap = tile("tile-rouge", _("Overlap with the reference"), percent(scores["rouge_l"]), words, *lines)
        tiles.append(overlap)
    return tiles


def _tested_perplexity(results: Mapping[str, Any], verdict: str | None) -> Node:
    value, base = results["metrics"]["perplexity"], (results.get("baseline") or {}).get("untouched")
    notes: list[Node] = []
    if base:
        way = verdict or ("better" if value < base["perplexity"] else "worse")
        mark = {"same": "=", "unclear": "≈", "better": "▼", "worse": "▲"}[way]
        title = _("The difference may be chance.") if way == "unclear" else _("Lower is better.")
        notes.append(
            el(
                "span",
                _("{mark} base model {perplexity}", mark=mark, perplexity=_short(base["perplexity"])),
                # A lower number is no praise where something speaks against the model.
                cls="delta delta-same" if text_doubts.find(results) else f"delta delta-{way}",
                title=title,
            )
        )
    if interval := (results.get("intervals") or {}).get("perplexity"):
        notes.append(
            _(
                "95 %: {interval_0} to {interval_1} · {test_rows} rows",
                interval_0=_short(interval[0]),
                interval_1=_short(interval[1]),
                test_rows=count(results["test_rows"]),
            )
        )
    return tile("tile-perplexity", _("Test perplexity"), _short(value), *notes, wide=True)


def _checked_perplexity(run: RunDetails, newest: Newest) -> Node:
    value = newest.get("eval/perplexity", (0, None))[1]
    words = _check_words(run, value, _("; lower is better"))
    return tile("tile-perplexity", _("Perplexity at the last check"), _short(value), words, wide=True)


def _against_probe(value: float, results: Mapping[str, Any], score: str, verdict: str | None) -> list[Node]:
    key = baselines.base_name(results)
    base = baselines.base_scores(results, key).get(score)
    if base is None:
        return []
    change = value - base
    way = verdict or ("same" if abs(change) < SAME else "better" if change > 0 else "worse")
    arrow = {"same": "=", "unclear": "≈", "better": "▲", "worse": "▼"}[way]
    name, sign = baselines.base_words(key), "+" if change > 0 else ""
    if score_unit(score) == "share":
        size, part = decimal(change * 100, 1), percent(base)
        words = _(
            "{arrow} {part}{change} points ({name}: {base})", arrow=arrow, part=sign, change=size, name=name, base=part
        )
    else:
        size = f"{sign}{decimal(change, 3)}" if abs(change) >= SMALLEST else "±0"
        words = f"{arrow} {size} ({name}: {figure(base)})"
    return [el("span", words, cls=f"delta delta-{way}", title=_(UNSURE) if way == "unclear" else None)]


def tile(id_: str, title: str, value: str, *notes: Node, wide: bool = False) -> Node:
    """One number with its name and what it says."""
    return el(
        "div",
        el("span", title, cls="tile-title"),
        el("span", value, cls="tile-value"),
        el("span", [note if isinstance(note, list) else el("span", note) for note in notes], cls="tile-note"),
        cls="tile tile-wide" if wide else "tile",
        id=id_,
        role="group",
        aria_label=title,
    )


def number(value: float | None) -> str:
    """A loss or a rate with three digits; a dash for none."""
    if value is None:
        return "–"
    return figure(value) if math.isfinite(value) else _("not a number")


def _newest_words(newest: Newest, key: str) -> str:
    return number(newest[key][1]) if key in newest else "–"


def _step_words(run: RunDetails, newest: Newest, key: str) -> str:
    if key in newest:
        return _("at step {newest_0}", newest_0=count(newest[key][0]))
    return _(AFTER_FOLDS) if waits_for_folds(run) else _("no value yet")


def _share(value: float | None) -> str:
    return "–" if value is None else percent(value)


def _between(interval: list[float]) -> str:
    return _("{low} to {high}", low=percent(interval[0]), high=percent(interval[1]))


def _short(value: float | None) -> str:
    if value is None:
        return "–"
    return localized(f"{value:.1e}" if value >= LARGE else f"{float(f'{value:.3g}'):g}")

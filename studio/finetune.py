"""`studio finetune`: the whole journey in the foreground, through the services and the supervisor that a worker uses.

If a worker on the same data folder takes the run first, it is watched instead. Ctrl-C cancels the run in good order.
"""

import json
import logging
import shutil
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import click

from app import storage
from app.catalog.baselines import BASELINES
from app.catalog.methods import method_class
from app.catalog.methods.requirements import require
from app.catalog.training import TrainingSettings
from app.errors import Conflict, Rejected
from app.models import CANCELLED, SUCCEEDED, TERMINAL_STATES, DatasetVersion, Run
from app.queue import muted
from app.services.accounts import accounts
from app.services.datasets import datasets
from app.services.datasets.imports import ImportOptions
from app.services.datasets.row_errors import undecided
from app.services.evaluation import comparison, tested_rows
from app.services.evaluation.baselines import kept_probe
from app.services.models.base_size import too_small
from app.services.profiling.token_lengths import default_model
from app.services.queue import jobs
from app.services.runs import adapters, cross_validation_offers, metrics, runs
from app.services.runs.cross_validation import SETTING
from app.settings import get_settings
from studio.check import require_file
from studio.claimed_folder import bring_up_to_date
from studio.interruption import stopped_by_signal
from studio.progress import ProgressBar
from worker.jobs import supervisor
from worker.processes import prewarmed

LOOK_SECONDS = 0.5
ENDED = {SUCCEEDED: 0, CANCELLED: 130}


@dataclass(frozen=True)
class FinetuneRequest:
    """What the person asked for; ``task`` None means: guess from the columns, ``model`` None: what the task recommends."""

    data: Path
    evaluation: Path | None = None
    task: str | None = None
    model: str | None = None
    method: str = "lora"
    columns: dict[str, str] = field(default_factory=dict)
    answer: str | None = None
    settings: dict[str, str] = field(default_factory=dict)
    out: Path | None = None
    strict: bool = False


def finetune_file(order: FinetuneRequest, as_json: bool) -> int:
    """Carry out the order and print the result.

    Returns:
        Exit code: 0 succeeded, 1 failed, 130 cancelled.

    Raises:
        StudioError: the data or a setting is refused; nothing was queued.
    """
    began = time.monotonic()
    method, training = sort_settings(order.method, order.settings)
    _check_places(order)
    bring_up_to_date()
    logging.basicConfig(filename=storage.logs_dir() / "finetune.log", level=get_settings().log_level)
    # Its slow imports run while the data is read.
    prewarmed.refill()
    try:
        with ProgressBar() as progress:
            progress.say("Reading the data")
            user_id = accounts.ensure_owner().id
            run = _submit(user_id, order, method, training)
            # A cancelled run keeps its last checkpoint.
            with stopped_by_signal(progress, partial(runs.request_cancel, user_id, run.id)):
                run = _carry_out(user_id, run, progress)
    finally:
        prewarmed.dismiss()
    result = _result(user_id, run, order.out, time.monotonic() - began)
    click.echo(json.dumps(result, ensure_ascii=False) if as_json else _words(result))
    return ENDED.get(run.job.state, 1)


def sort_settings(kind: str, given: dict[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Split ``--set`` values into the method's settings and the training's, by name.

    Values are read as JSON where they are JSON (``3``, ``0.5``, ``true``, ``null``) and as words otherwise.

    Raises:
        Rejected: an unknown method or setting.
    """
    own = [name for name in method_class(kind).model_fields if name != "kind"]
    shared = list(TrainingSettings.model_fields)
    method: dict[str, Any] = {"kind": kind}
    training: dict[str, Any] = {}
    for name, text in given.items():
        if name == "layers":
            require(method_class(kind), "layers")
        if name not in own and name not in shared:
            raise Rejected(
                "unknown_field",
                f"There is no setting called {name!r} for the method {kind!r}.",
                "Choose one of: " + ", ".join([*own, *shared]) + ".",
            )
        (method if name in own else training)[name] = _value(text)
    return method, training


def _check_places(order: FinetuneRequest) -> None:
    """Refuse before any work is done."""
    require_file(order.data)
    if order.evaluation is not None:
        require_file(order.evaluation)
    out = order.out
    if out is not None and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise Conflict("out_not_empty", f"The folder {str(out)!r} is not empty.", "Name a new or an empty folder.")


def _submit(user_id: str, order: FinetuneRequest, method: dict[str, Any], training: dict[str, Any]) -> Run:
    evaluation = (order.evaluation, order.evaluation.name) if order.evaluation else None
    dataset = datasets.import_file(
        user_id,
        (order.data, order.data.name),
        task_type=order.task,
        columns=order.columns or None,
        options=ImportOptions(evaluation=evaluation, answer=order.answer),
    )
    version = datasets.latest_version(dataset)
    task = version.task_type
    if undecided(version) and not order.strict:
        _tell_left_out(version.report)
    base = order.model or default_model(task)
    if words := too_small(task, base):
        click.echo(words, err=True)
    training = _with_folds(version, base, method, training)
    with muted():
        return runs.submit(
            user_id,
            runs.RunRequest(
                dataset_id=dataset.id,
                base_model=base,
                task_type=task,
                method=method,
                training=training,
                leave_out_errors=not order.strict,
            ),
        )


def _with_folds(version: DatasetVersion, base: str, method: dict[str, Any], training: dict[str, Any]) -> dict[str, Any]:
    """The settings, with cross-validation where the test split tells little and folds are cheap; what was set stays."""
    if SETTING in training:
        return training
    found = cross_validation_offers.offer(version, base_model=base, method=method, training=training)
    if found is None:
        return training
    cost = f"about {found.seconds:.0f} s more; `--set {SETTING}="
    if not found.cheap:
        click.echo(
            f"Only {found.test_rows} test rows: {found.folds}-fold cross-validation would test all {found.rows} ({cost}{found.folds}`).",
            err=True,
        )
        return training
    click.echo(
        f"Only {found.test_rows} test rows, so all {found.rows} are tested by {found.folds}-fold cross-validation ({cost}0` leaves "
        "it out).",
        err=True,
    )
    return {**training, SETTING: found.folds}


def _tell_left_out(report: dict[str, Any]) -> None:
    """On standard error, with the lines: the person has decided nothing about them."""
    for problem in report["problems"]:
        if problem["severity"] == "error" and problem["count"]:
            lines = ", ".join(map(str, problem["rows"][:10])) + (" ..." if problem["count"] > 10 else "")
            click.echo(
                f"Left out, {problem['count']:,} x {problem['code']} (line {lines}): {problem['message']}", err=True
            )


def _carry_out(user_id: str, run: Run, progress: ProgressBar) -> Run:
    """Work on the run, or watch the worker that has it, until it has ended."""
    swept_at = time.monotonic()
    while run.job.state not in TERMINAL_STATES:
        supervisor.execute(run.job_id, on_spool=progress.show)
        run = runs.get_run(user_id, run.id)
        if run.job.state in TERMINAL_STATES:
            break
        # Another worker has it, or it waits before it is tried again.
        progress.watch(run.job.phase, run.job.progress or {})
        if time.monotonic() - swept_at > get_settings().sweep_seconds:
            jobs.sweep()
            swept_at = time.monotonic()
        time.sleep(LOOK_SECONDS)
    return run


def _result(user_id: str, run: Run, out: Path | None, seconds: float) -> dict[str, Any]:
    """The object that ``--json`` prints; ``seconds.command`` is what this command took altogether."""
    results = run.results or {}
    adapter = None
    if run.job.state == SUCCEEDED:
        folder = adapters.adapter_folder(user_id, run.id)
        adapter = str(shutil.copytree(folder, out, dirs_exist_ok=True).resolve() if out else folder)
    judged = comparison.compare(user_id, [run.id])
    sentence = judged.sentences.get(run.id)
    result = {
        "run_id": run.id,
        "state": run.job.state,
        "task": run.task_type,
        "columns": run.spec["columns"],
        "model": run.base_model,
        "method": run.spec["method"],
        "learning_rate": results.get("learning_rate"),
        "kept_probe": kept_probe(results),
        "sentence": sentence.as_dict() if sentence else None,
        "metrics": results.get("metrics", {}),
        "intervals": results.get("intervals", {}),
        "baseline": results.get("baseline", {}),
        "discordant": results.get("discordant", {}),
        "test_rows": results.get("test_rows"),
        "tested": tested_rows.rows_words(results) if results.get("test_rows") else None,
        "cross_validation": results.get("cross_validation"),
        "cut_rows": results.get("cut_rows"),
        "leaking_rows": results.get("leaking_rows", 0),
        "forgetting": results.get("forgetting"),
        "verdicts": [verdict.as_dict() for verdict in judged.verdicts.get(run.id, [])],
        "warnings": _warnings(user_id, run),
        "adapter": adapter,
        "trainable_parameters": results.get("trainable_parameters"),
        "seconds": {**results.get("seconds", {}), "command": round(seconds, 3)},
        "peak_memory_bytes": results.get("peak_memory_bytes"),
    }
    if run.job.error:
        result["error"] = run.job.error["error"]
        result["log"] = _log(run)
    return result


def _warnings(user_id: str, run: Run) -> list[str]:
    """What the data report and the run itself warned of."""
    problems = run.dataset_version.report.get("problems") or []
    events = metrics.events_since(user_id, run.id).events
    small = too_small(run.task_type, run.base_model)
    return [
        *([small] if small else []),
        *(f"{problem['message']} ({problem['count']:,} rows)" for problem in problems if problem["count"]),
        *(event.message for event in events if event.severity in ("warning", "error")),
    ]


def _log(run: Run) -> str | None:
    """The newest attempt's log, if a trainer came far enough to write one."""
    logs = sorted(storage.run_dir(run.id).glob("attempt-*/trainer.log"), key=lambda path: path.stat().st_mtime)
    return str(logs[-1]) if logs else None


def _words(result: dict[str, Any]) -> str:
    """The result for people."""
    if "error" in result:
        log = f"\nLog: {result['log']}" if result["log"] else ""
        return f"The run failed: {result['error']['message']} {result['error']['hint']}".rstrip() + log
    if result["state"] != SUCCEEDED:
        return "The run was cancelled; its last checkpoint is kept."
    lines = [f"Finished in {result['seconds']['command']:.0f} s."]
    if result["sentence"]:
        lines = [result["sentence"]["sentence"], *lines]
    lines += [
        f"{verdict['severity'].capitalize()}: {verdict['title']}"
        for verdict in result["verdicts"]
        if not verdict["minor"]
    ]
    measured = [known for known in BASELINES if known.key in result["baseline"]]
    for name, value in result["metrics"].items():
        lines.append(f"  {name.replace('_', '-')}: {value:.4f}")
        lines += [
            f"    {known.name}: {result['baseline'][known.key][name]:.4f}"
            for known in reversed(measured)
            if name in result["baseline"][known.key]
        ]
    return "\n".join([*lines, f"Adapter: {result['adapter']}"])


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text

"""`studio data import`: fetch data from another machine in the foreground, through the services and the worker's own code.

If a worker on the same data folder takes the job first, it is watched instead. Ctrl-C stops it; nothing is kept then.
"""

import json
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import click

from app.catalog.dataset_source import DatasetSource
from app.errors import StudioError
from app.models import ACTIVE_STATES, CANCELLED, SUCCEEDED
from app.queue import muted
from app.services.datasets import checks, datasets, remote_imports
from app.services.datasets.hub_listing import HubRequest
from app.services.datasets.versions import report_of
from studio.interruption import stopped_by_signal
from studio.people import find_user
from studio.progress import ProgressBar
from worker.jobs import checking, supervisor

LOOK_SECONDS = 0.2
STOPPED = 130


def import_from_hub(user_name: str, request: HubRequest, attributes: Mapping[str, Any], as_json: bool) -> int:
    """Import a split and print what it became.

    Returns:
        Exit code: 0 imported, 130 stopped.

    Raises:
        StudioError: why it is refused; ``details.question`` where a reading has to be chosen with ``--answer``.
    """
    user_id = find_user(user_name).id
    return _carry_out(user_id, lambda: remote_imports.import_from_hub(user_id, request, attributes), as_json)


def _carry_out(user_id: str, start: Callable[[], dict[str, Any]], as_json: bool) -> int:
    with ProgressBar() as progress:
        with muted():
            check = start()
        with stopped_by_signal(progress, partial(checks.cancel, user_id, check["id"])):
            check = _watch(user_id, check, progress)
    if check["state"] == CANCELLED:
        click.echo("Stopped; nothing was kept.", err=True)
        return STOPPED
    if check["state"] != SUCCEEDED:
        error = check["error"]
        raise StudioError(error["code"], error["message"], _hint(error), details=error["details"])
    result = _result(user_id, check["dataset_id"])
    click.echo(json.dumps(result, ensure_ascii=False) if as_json else _words(result))
    return 0


def _watch(user_id: str, check: dict[str, Any], progress: ProgressBar) -> dict[str, Any]:
    """Do the job, or watch the worker that has it, until it has ended."""
    worker = threading.Thread(target=supervisor.execute, args=(check["job_id"],), daemon=True)
    worker.start()
    try:
        while check["state"] in ACTIVE_STATES:
            time.sleep(LOOK_SECONDS)
            check = checks.status(user_id, check["id"])
            done, total = (check["progress"].get(name, 0) for name in ("done", "total"))
            progress.watch(check["phase"], {"step": done, "total_steps": total})
        worker.join()
    finally:
        checking.dismiss()
    return check


def _hint(error: Mapping[str, Any]) -> str:
    """What to do next, in the words of this command."""
    options = ((error["details"] or {}).get("question") or {}).get("options") or []
    lines = [
        f"--answer {number}: {option['title']} ({option['described']})" for number, option in enumerate(options, 1)
    ]
    return "\n  ".join([error["hint"], *lines])


def _result(user_id: str, dataset_id: str) -> dict[str, Any]:
    """The object that ``--json`` prints."""
    dataset = datasets.get_dataset(user_id, dataset_id)
    described = datasets.as_dict(dataset)
    report = report_of(datasets.latest_version(dataset))
    names = ("id", "name", "version", "rows", "usable_rows", "status", "task_type", "columns", "labels", "source")
    return {**{name: described[name] for name in names}, "problems": report["problems"]}


def _words(result: Mapping[str, Any]) -> str:
    columns = ", ".join(f"{role}: {name}" for role, name in result["columns"].items())
    lines = [
        f"{result['name']!r}: {result['usable_rows']:,} of {result['rows']:,} rows can be used.",
        f"  task {result['task_type']} ({columns})",
        f"  from {DatasetSource(**result['source']).words()}",
        *(f"  {problem['severity']}: {problem['message']}" for problem in result["problems"]),
        f"  id {result['id']}",
    ]
    return "\n".join(lines)

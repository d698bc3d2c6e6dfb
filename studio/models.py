"""Base models from the command line: the same services and jobs as on the Models page, as the owner of the installation."""

import json
import time
from pathlib import Path

import click

from app.catalog.base_models import base_models
from app.models import QUEUED, SUCCEEDED, TERMINAL_STATES
from app.services.models import local_models, model_fetches
from studio.people import find_user

OK, FAILED = 0, 1
SECONDS_BETWEEN_LOOKS = 1.0


def list_all(as_json: bool) -> None:
    """Print the models that are here, and the fetches that are active or did not succeed."""
    find_user("")
    models, fetches = base_models(), model_fetches.list_fetches()
    if as_json:
        found = {"models": [card.as_dict() for card in models], "fetches": [fetch.as_dict() for fetch in fetches]}
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    for card in models:
        size = f"{card.parameters / 1e6:,.1f} M parameters"
        click.echo(f"{card.name}\t{size}\t{card.licence}\t{', '.join(card.task_types)}")
    for fetch in fetches:
        click.echo(f"{fetch.repo}\t{fetch.state}\t{fetch.phase}")


def fetch(repo: str, revision: str) -> int:
    """Queue a fetch and carry it out here, or wait for the worker that took it first; returns the exit code."""
    from worker.jobs import supervisor

    owner = find_user("").id
    queued = model_fetches.submit(owner, repo, revision)
    supervisor.execute(model_fetches.job_of(owner, queued.id))
    while (now := model_fetches.status(owner, queued.id)).state not in TERMINAL_STATES:
        if now.state == QUEUED:
            # Put off after an error that may pass; the sweeper of a running studio, or the next command, goes on.
            break
        click.echo(_progress(now), err=True)
        time.sleep(SECONDS_BETWEEN_LOOKS)
    if now.state == SUCCEEDED:
        click.echo(now.name)
        return OK
    error = (now.error or {}).get("error") or {"message": f"The fetch is {now.state}.", "hint": ""}
    click.echo(f"{error['message']} {error['hint']}".strip(), err=True)
    return FAILED


def add(folder: Path, name: str) -> None:
    """Register the model in a folder and print its name."""
    card = local_models.add(find_user("").id, folder, name)
    click.echo(card.name)


def remove(name: str) -> None:
    """Delete a model that was fetched or added."""
    model_fetches.remove_model(find_user("").id, name)
    click.echo(f"Removed {name}.")


def _progress(status: model_fetches.FetchStatus) -> str:
    done, total = status.progress.get("bytes", 0), status.progress.get("total_bytes", 0)
    return f"{status.repo}: {done / 1e6:,.1f} of {total / 1e6:,.1f} MB" if total else f"{status.repo}: {status.state}"

"""``studio model``: the commands, which import what does the work when they are called."""

from pathlib import Path

import click


@click.group()
def model() -> None:
    """Manage base models."""


@model.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def list_models(as_json: bool) -> None:
    """Print the base models of this machine and the fetches that are not done."""
    from studio.models import list_all

    list_all(as_json)


@model.command("fetch")
@click.argument("repo")
@click.option("--revision", default="main", show_default=True, help="Branch, tag or commit.")
def fetch_model(repo: str, revision: str) -> int:
    """Fetch a model from the Hugging Face Hub by its id, owner/name, and wait for it."""
    from studio.models import fetch

    return fetch(repo, revision)


@model.command("add")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--name", default="", help="What it is called; the folder's name if left out.")
def add_model(folder: Path, name: str) -> None:
    """Register a model in a folder of this machine."""
    from studio.models import add

    add(folder, name)


@model.command("remove")
@click.argument("name")
def remove_model(name: str) -> None:
    """Delete the files of a model that was fetched or added."""
    from studio.models import remove

    remove(name)

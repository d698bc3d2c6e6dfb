"""`studio check`: the data report of a file, for people or as JSON; nothing is stored."""

import json
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

from app.errors import NotFound
from app.readers import Choices

MARKS = {"error": "[red]error[/red]", "warning": "[yellow]warning[/yellow]", "info": "note"}
VERDICTS = {
    "ok": "[green]The file can be used as it is.[/green]",
    "warnings": "[yellow]The file can be used; look at the points above.[/yellow]",
    "rejected": "[red]The file cannot be used like this.[/red]",
}


def require_file(path: Path) -> Path:
    """The path, if it is a file that can be read.

    Raises:
        NotFound: it is not there, or is a folder.
    """
    if not path.is_file():
        what = "is a folder, not a file" if path.is_dir() else "does not exist"
        raise NotFound("file_not_found", f"The file {str(path)!r} {what}.", "Check the path.")
    return path


def check_data(path: Path, task: str | None, columns: dict[str, str], as_json: bool, choices: Choices) -> int:
    """Print the report; returns 0 when the file is usable and 2 when it is not."""
    from app.services.datasets import datasets

    found = require_file(path)
    report = datasets.check_file(found, path.name, task_type=task, columns=columns or None, choices=choices)
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False))
    else:
        _print(report, path)
    return 2 if report["status"] == "rejected" else 0


def _print(report: dict[str, Any], path: Path) -> None:
    console = Console(highlight=False, soft_wrap=True)
    rows = report["rows"]
    console.print(f"[bold]{escape(path.name)}[/bold]: {rows['usable']:,} of {rows['total']:,} rows can be used.")
    console.print(f"Read as {report['format']}, {report['encoding']}; task {report['task']}.")
    for role, column in (report.get("columns") or {}).items():
        console.print(f"  {role}: column {escape(repr(column))}")
    if labels := report.get("labels"):
        console.print(
            f"  {len(labels)} labels: " + escape(", ".join(f"{k} ({v:,})" for k, v in list(labels.items())[:8]))
        )
    for problem in report["problems"]:
        _print_problem(console, problem)
    console.print(VERDICTS[report["status"]])


def _print_problem(console: Console, problem: dict[str, Any]) -> None:
    mark = MARKS.get(problem["severity"], problem["severity"])
    console.print(f"{mark}: {escape(problem['message'])} {escape(problem['hint'])}".rstrip())
    if shown := problem["rows"][:10]:
        more = f" and {problem['count'] - len(shown):,} more" if problem["count"] > len(shown) else ""
        console.print(f"  rows {', '.join(map(str, shown))}{more}")

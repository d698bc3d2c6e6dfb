"""`studio check`: the data report of a file, for people or as JSON; nothing is stored."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape

from app.errors import NotFound
from app.readers import Choices

SHOWN_CHARACTERS = 70
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


def chosen_repairs(written: Mapping[str, str]) -> dict[str, bool]:
    """The repairs by name, each written as ``on`` or ``off``.

    Raises:
        Rejected: ``unknown_repair``.
    """
    from app.services.datasets.readings import check_repairs

    chosen = {name: {"on": True, "off": False}.get(value.strip().casefold()) for name, value in written.items()}
    check_repairs(chosen)
    return {name: bool(wanted) for name, wanted in chosen.items()}


@dataclass(frozen=True)
class Wanted:
    """What the person said about the data: the task, the column of each role, which of several readings."""

    task: str | None = None
    columns: dict[str, str] = field(default_factory=dict)
    answer: str | None = None


def check_data(path: Path, wanted: Wanted, as_json: bool, choices: Choices) -> int:
    """Print the report; returns 0 when the file is usable and 2 when it is not."""
    from app.services.datasets import datasets

    found = require_file(path)
    report = datasets.check_file(
        found,
        path.name,
        task_type=wanted.task,
        columns=wanted.columns or None,
        choices=choices,
        answer=wanted.answer,
    )
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False))
    else:
        _print(report, path)
    return 2 if report["status"] == "rejected" else 0


def _print(report: dict[str, Any], path: Path) -> None:
    console = Console(highlight=False, soft_wrap=True)
    rows = report["rows"]
    console.print(f"[bold]{escape(path.name)}[/bold]: {rows['usable']:,} of {rows['total']:,} rows can be used.")
    goal = f"task {report['task']}" if report["columns"] or not report.get("question") else "the task is not clear"
    console.print(f"Read as {report['format']}, {report['encoding']}; {goal}.")
    for role, column in (report.get("columns") or {}).items():
        console.print(f"  {role}: column {escape(repr(column))}")
    if labels := report.get("labels"):
        console.print(
            f"  {len(labels)} labels: " + escape(", ".join(f"{k} ({v:,})" for k, v in list(labels.items())[:8]))
        )
    if other := report.get("runner_up"):
        words = f"It could also be “{other['title']}” ({other['described']}): --answer '{other['answer']}'"
        console.print(f"  {escape(words)}")
    for problem in report["problems"]:
        _print_problem(console, problem)
    for number, option in enumerate((report.get("question") or {}).get("options") or [], start=1):
        _print_option(console, number, option)
    console.print(VERDICTS[report["status"]])


def _print_option(console: Console, number: int, option: dict[str, Any]) -> None:
    """One reading that can be chosen, with the first rows as it reads them."""
    console.print(f"[bold]--answer {number}[/bold]: {escape(option['title'])} ({escape(option['described'])})")
    console.print(f"  {escape(option['why'])}")
    for row in option["rows"]:
        parts = [f"{part['title']}: {' '.join(part['text'].split())[:SHOWN_CHARACTERS]}" for part in row]
        console.print(f"  - {escape(' | '.join(parts))}")


def _print_problem(console: Console, problem: dict[str, Any]) -> None:
    mark = MARKS.get(problem["severity"], problem["severity"])
    console.print(f"{mark}: {escape(problem['message'])} {escape(problem['hint'])}".rstrip())
    if shown := problem["rows"][:10]:
        more = f" and {problem['count'] - len(shown):,} more" if problem["count"] > len(shown) else ""
        console.print(f"  rows {', '.join(map(str, shown))}{more}")

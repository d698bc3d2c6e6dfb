"""Runs side by side with their base model: tables, linked charts, settings against results, answers and votes."""

from collections.abc import Callable, Mapping
from typing import Any

from app.languages import gettext as _
from app.services.accounts import projects
from app.services.evaluation import answer_votes
from app.services.runs import run_table
from studio_ui.comparison import page
from studio_ui.comparison.examples import describe_examples, tally_words
from studio_ui.comparison.frame import board_props
from studio_ui.comparison.means import read_means
from studio_ui.comparison.source import ComparisonSource, OwnRuns
from studio_ui.components.browser_component import BrowserComponent
from studio_ui.components.nodes import Node, el
from studio_ui.run_words import method_title

# What the browser asks for, of a person's own runs and of those that a link shows.
READS: dict[str, Callable[[ComparisonSource, Mapping[str, Any]], Any]] = {
    "describe_comparison": lambda source, data: page.describe_comparison(source, data["query"]),
    "read_series": lambda source, data: source.series(list(data["runs"]), list(data["keys"])),
    "read_means": read_means,
    "describe_examples": describe_examples,
    "describe_csv": lambda source, data: page.describe_csv(source, data["query"]),
    "describe_report": lambda source, data: page.describe_report(source, data["query"], list(data["shown"])),
}
# Matches that are offered, of so many that are looked at: some are compared already.
OFFERED, FOUND = 8, 18


class ComparisonBoard(BrowserComponent):
    """Compares the runs of the signed-in person that the page's address names.

    Selection, baseline, colours and every choice are parameters of the address. The button *Share* triggers ``sharing``; after
    each comparison ``compared`` is triggered with the ``runs``.
    """

    module = "comparison.js"
    sends = ("sharing", "compared")

    def __init__(self, **options: Any) -> None:
        super().__init__(server_functions=[*map(_own, READS), vote, find_runs], **board_props(), **options)


def _own(name: str) -> Callable[[str, Any], Any]:
    def read(user_id: str, data: Any) -> Any:
        return READS[name](OwnRuns(user_id), data)

    read.__name__ = name
    return read


def vote(user_id: str, data: Mapping[str, Any]) -> str:
    """Store or take back a vote; answers with the run's votes in words."""
    counted = answer_votes.vote(user_id, str(data["run_id"]), int(data["row_id"]), data.get("vote"))
    return tally_words(counted.as_dict())


def find_runs(user_id: str, data: Mapping[str, Any]) -> list[Node]:
    """Runs of the chosen project to add that fit the ``words`` and are not ``taken``: their names, with method and data, as options of a list."""
    wanted = run_table.RunFilter(words=str(data["words"]), project_id=projects.chosen(user_id))
    found = run_table.page(user_id, wanted, limit=FOUND).runs
    others = [run for run in (row.as_dict() for row in found) if run["id"] not in data["taken"]]
    return [_option(run) for run in others[:OFFERED]] or [el("li", _("No other run fits."), cls="muted")]


def _option(run: Mapping[str, Any]) -> Node:
    about = f"{method_title(run['method'])} · {run['dataset']['name']} @ {run['dataset']['version']}"
    words = [el("span", run["name"]), el("span", about, cls="muted small")]
    return el("li", words, id=f"add-{run['id']}", role="option", aria_selected="false", data_run=run["id"])

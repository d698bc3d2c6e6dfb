"""What stands at the top of the Data page: a check that works, a file that was refused, or the report."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.languages import gettext as _
from app.models import ACTIVE_STATES
from app.services.accounts.access import TO_CHANGE
from app.services.datasets import checks, requests
from studio_ui.components.nodes import Node, action, banner, el
from studio_ui.components.turn_nodes import conversation
from studio_ui.components.view import Content
from studio_ui.formats import count, counted
from studio_ui.pages.datasets.fetching import fetch_nodes
from studio_ui.pages.datasets.place import NEEDS, permits_of, shown_dataset
from studio_ui.pages.datasets.problems import extend, problem_item
from studio_ui.pages.datasets.question import question_nodes
from studio_ui.pages.datasets.report import report_nodes

SECONDS_BETWEEN_LOOKS = 0.4
# Ends of a check that say nothing about the data.
BROKEN_OFF = ("check_crashed", "worker_lost")
LINES_NAMED = 20


def result(user_id: str, query: Mapping[str, str]) -> Content:
    """The state that the address names."""
    check = checks.status(user_id, query["check"]) if query.get("check") else None
    again = SECONDS_BETWEEN_LOOKS if check and check["state"] in ACTIVE_STATES else None
    if shown := shown_dataset(user_id, query):
        nodes = report_nodes(*shown, busy=check_nodes(check) if check else "")
        permits = permits_of(user_id, shown[0])
        closed = permits.close(nodes, NEEDS)
        return Content([permits.note(TO_CHANGE), closed] if permits.refused else closed, again)
    if check is not None:
        return Content(_arriving(user_id, check), again)
    if query.get("staged"):
        return Content(waiting_file(user_id, query["staged"]))
    return Content("")


def check_nodes(check: Mapping[str, Any]) -> Node:
    """How far a check is, or why it ended without a result; nothing when it succeeded."""
    state, error = check["state"], check["error"]
    if state in ACTIVE_STATES:
        return _progress(check)
    if state == "succeeded":
        return ""
    if error and error["code"] not in BROKEN_OFF:
        return banner("error", error["message"], error["hint"], error["code"])
    shown = (
        banner("error", error["message"], error["hint"], error["code"])
        if error
        else banner("info", _("The check was stopped."), _("Nothing was changed."))
    )
    retry = action(_("Check again"), "retry", check["id"], cls="button small check-retry")
    return el("div", shown, retry, cls="data-check")


def refused(
    error: Mapping[str, Any], file_name: str, staged_id: str = "", repairs: Sequence[Mapping[str, Any]] = ()
) -> Node:
    """Why a file was not taken, with every problem that its report names; or what must be said about it first.

    ``repairs`` are those that the waiting file may need; each that was not done is one click.
    """
    if staged_id and ((error.get("details") or {}).get("question") or {}).get("options"):
        return question_nodes(error, file_name, staged_id)
    message = error.get("message") or _("The studio did not take it.")
    details = error.get("details") or {}
    box = [
        banner(
            "error",
            _("{file_name} was not taken. {words}", file_name=file_name, words=message),
            error.get("hint") or "",
            error.get("code") or "",
        )
    ]
    if offers := [_repair(repair, staged_id) for repair in repairs if not repair["done"]]:
        box.append(el("div", offers, cls="actions problem-actions"))
    # The refusal itself is often the first problem of its report; it is shown once.
    problems = [item for item in (details.get("report") or {}).get("problems") or [] if item["message"] != message]
    if problems:
        box.append(el("ul", [problem_item(problem) for problem in problems], cls="problems"))
    rows = details.get("rows") or []
    if isinstance(rows, list) and len(rows) > 1 and not problems:
        named = ", ".join(map(str, rows[:LINES_NAMED])) + ("…" if len(rows) > LINES_NAMED else "")
        box.append(el("p", _("{rows}: lines {named}", rows=counted(len(rows), "row"), named=named), cls="muted"))
    return el("div", box, cls="stack refused")


def _repair(repair: Mapping[str, Any], staged_id: str) -> Node:
    value = {"staged": staged_id, "repair": repair["name"]}
    return action(repair["title"], "repair", value, cls="button small primary refused-repair")


def waiting_file(user_id: str, staged_id: str) -> Node:
    """A file that waits for a decision: why it was refused."""
    file = requests.staged_file(user_id, staged_id)
    if file["error"]:
        return refused(file["error"], file["file_name"], staged_id, file["reading"]["repairs"])
    return extend(
        banner(
            "info",
            _("{file_name} waits for your decision.", file_name=file["file_name"]),
            _("Say below how to read it."),
        )
    )


def first_rows(preview: Mapping[str, Any], label: str) -> Node:
    """The first rows of a file as a table."""
    columns = preview["columns"]
    head = [el("th", _("Line"), scope="col", cls="number"), *(el("th", name, scope="col") for name in columns)]
    body = [
        el(
            "tr",
            el("td", str(row["_line"]), cls="number muted"),
            [el("td", conversation(row[name]) or row[name] or "", cls="cell-text") for name in columns],
        )
        for row in preview["rows"]
    ]
    table = el("table", el("thead", el("tr", head)), el("tbody", body), cls="data-table")
    return el("div", table, cls="table-box preview-box", tabindex="0", role="region", aria_label=label)


def _arriving(user_id: str, check: Mapping[str, Any]) -> Node:
    """A new file while its report is made, or while it is on its way from another machine."""
    if check["source"] and not check["staged"]:
        return fetch_nodes(check)
    if check["state"] not in ACTIVE_STATES and (check["error"] or {}).get("code") not in (None, *BROKEN_OFF):
        error, file = check["error"], requests.staged_file(user_id, check["staged"])
        return refused(error, file["file_name"], check["staged"], file["reading"]["repairs"])
    if check["state"] == "succeeded":
        return ""
    file = requests.staged_file(user_id, check["staged"])
    preview = file.get("preview") or {"columns": [], "rows": [], "total": 0}
    words = _("These are the first rows. The report about all of them follows; you can leave this page meanwhile.")
    return el(
        "section",
        el(
            "div",
            el("h2", file["file_name"]),
            el("span", counted(preview["total"], "row"), cls="muted"),
            cls="card-head",
        ),
        el("div", check_nodes(check), cls="arriving-check"),
        el("p", words, cls="muted small"),
        first_rows(preview, _("First rows")),
        id="data-arriving",
        cls="report",
        aria_label=_("Rows of {file_name}", file_name=file["file_name"]),
    )


def _progress(check: Mapping[str, Any]) -> Node:
    done, total = (check["progress"].get(name, 0) for name in ("done", "total"))
    words = (
        _("{phase}: {done} of {total} rows", phase=_(check["phase"]), done=count(done), total=count(total))
        if total
        else f"{_(check['phase'])}…"
    )
    return el(
        "div",
        el("p", words, cls="muted check-words", role="status"),
        el("progress", max=1, value=done / total if total else None, aria_label=_("Check of the data")),
        action(_("Stop"), "stop", check["id"], cls="button small check-stop"),
        cls="data-check",
        data_check=check["id"],
    )

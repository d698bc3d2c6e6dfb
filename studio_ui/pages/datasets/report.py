"""The head of a data report: verdict, ways on, the last change, and what needs attention."""

from app.catalog.task_types import task_type as find_task_type
from app.languages import gettext as _
from app.languages import ngettext, translated
from app.models import Dataset, DatasetVersion
from app.services.datasets import row_errors
from app.services.datasets.column_choice import describe_columns
from app.services.datasets.versions import change_of, report_of
from studio_ui.components.nodes import Node, action, banner, el, moment
from studio_ui.formats import count, counted
from studio_ui.pages.datasets.fetching import source_words
from studio_ui.pages.datasets.problems import changing, leave_out_errors, problem_list


def report_nodes(dataset: Dataset, version: DatasetVersion, busy: Node = "") -> Node:
    """Everything above the rows; ``busy`` is the progress of a check."""
    return el(
        "section",
        el("div", el("h2", dataset.name), el("span", _origin(version), cls="muted"), cls="card-head"),
        _verdict(version),
        el(
            "div",
            el(
                "a",
                _("Tune a model with this data"),
                id="report-tune",
                cls="button primary large",
                href=f"/new?dataset={dataset.id}",
            ),
            el(
                "a", _("Compare methods"), id="report-shootout", cls="button", href=f"/experiments?dataset={dataset.id}"
            ),
            cls="actions report-actions",
        ),
        source_words(version.source) if version.source else None,
        _last_change(dataset, version),
        _reading(dataset, version),
        el("div", busy, id="report-progress"),
        _leave_all(dataset, version),
        problem_list(dataset, version),
        id="report",
        cls="report",
        aria_label=_("Report about {dataset}", dataset=dataset.name),
        aria_busy="true" if busy else None,
    )


def verdict_words(version: DatasetVersion) -> str:
    """ "1,842 usable rows, 31 need attention." """
    rows = version.report.get("rows") or {}
    usable, excluded = int(rows.get("usable", 0)), int(rows.get("excluded", 0))
    touched = int(rows.get("total", 0)) - usable - excluded
    words = [counted(usable, "usable row")]
    if touched > 0:
        words.append(ngettext("{number} needs attention", "{number} need attention", touched))
    if excluded:
        words.append(_("{excluded} left out", excluded=count(excluded)))
    return f"{', '.join(words)}."


def _origin(version: DatasetVersion) -> str:
    report = report_of(version)
    parts = [_("version {amount}", amount=version.number), str(report.get("format") or "").upper()]
    encoding = report.get("encoding") or ""
    return ", ".join([part for part in parts if part] + ([encoding] if encoding not in ("", "utf-8") else []))


def _verdict(version: DatasetVersion) -> Node:
    report = report_of(version)
    problems = report.get("problems") or []
    errors = [problem for problem in problems if problem["severity"] == "error"]
    severity = (
        "error" if report["status"] == "rejected" else "warning" if report["status"] == "warnings" or errors else "good"
    )
    hint = {
        "error": _("It cannot be trained on yet; the list below says why."),
        "warning": _(
            "No run starts until every row with an error was fixed or left out, each with one click below; both can be undone."
        )
        if errors
        else _("Nothing stops you; the list below says what to look at."),
        "good": _("Every row can be used."),
    }[severity]
    return el("div", banner(severity, verdict_words(version), hint), id="report-verdict")


def _last_change(dataset: Dataset, version: DatasetVersion) -> Node:
    if version.number < 2 or not version.change:
        return ""
    undo = action(
        _("Undo"),
        "restore",
        {"dataset": dataset.id, "number": version.number - 1},
        cls="button small",
        id="report-undo",
    )
    return el(
        "p",
        el("strong", _("Version {amount}", amount=version.number)),
        " ",
        moment(version.created_at),
        f": {change_of(version)['summary']} ",
        undo,
        id="report-change",
        cls="last-change",
    )


def _reading(dataset: Dataset, version: DatasetVersion) -> Node:
    """What a person chose when they were asked, or what else the file could be learned from."""
    report = report_of(version)
    if words := report.get("answered"):
        return el("p", words, id="report-answered", cls="last-change")
    other = report.get("runner_up")
    if not other:
        return ""
    task = find_task_type(version.task_type)
    meaning = {"dataset": dataset.id, "task_type": other["task_type"], "columns": other["columns"]}
    return el(
        "p",
        _(
            "It is read for “{goal}” ({columns}). It could also be “{title}” ({described}). ",
            goal=_(task.title),
            columns=translated(describe_columns(task, version.columns)),
            title=_(other["title"]),
            described=other["described"],
        ),
        action(_("Read it like that"), "meaning", meaning, cls="button small"),
        id="report-runner-up",
        cls="last-change",
    )


def _leave_all(dataset: Dataset, version: DatasetVersion) -> Node:
    """One click for all rows with errors, where there are several kinds of them."""
    number, changes = row_errors.undecided(version), leave_out_errors(version)
    if not number or len(changes) < 2:
        return ""
    words = _("Leave out all {amount} with errors", amount=counted(number, "row"))
    return el("div", changing(words, changes, id="report-leave-all"), cls="actions")

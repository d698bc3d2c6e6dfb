"""Rows with errors that are neither fixed nor excluded: a run is refused until a person has decided about them.

They are never trained on; leaving them out must be a decision.
"""

from app.errors import Conflict
from app.languages import gettext as _
from app.models import DatasetVersion
from app.services.datasets import datasets
from app.services.datasets.changes import Exclude, change
from app.services.datasets.row_search import Selection

MAX_NAMED = 5


def undecided(version: DatasetVersion) -> int:
    """Rows of a version that are neither usable nor excluded."""
    rows = version.report["rows"]
    return max(0, int(rows["total"]) - int(rows["usable"]) - int(rows.get("excluded", 0)))


def require_decided(version: DatasetVersion) -> None:
    """Refuse a version with rows that must be fixed or left out first.

    Raises:
        Conflict: ``rows_undecided``; ``details`` have ``rows`` (how many) and ``problems`` (code, count, rows of each).
    """
    number = undecided(version)
    if not number:
        return
    errors = [problem for problem in version.report["problems"] if problem["severity"] == "error"]
    named = "; ".join(f"{problem['count']:,} {problem['code']}" for problem in errors[:MAX_NAMED])
    raise Conflict(
        "rows_undecided",
        _(
            "{rows} of the data cannot be used as {value} ({named}).",
            rows=_rows(number),
            value=_("it is") if number == 1 else _("they are"),
            named=named,
        ),
        _("Fix or leave them out on the Data page, or send leave_out_errors to leave them out with this run."),
        details={
            "rows": number,
            "problems": [{name: problem[name] for name in ("code", "count", "rows", "message")} for problem in errors],
            "version": version.number,
        },
    )


def version_for_run(user_id: str, version: DatasetVersion, leave_out: bool) -> DatasetVersion:
    """The version that a run may use: this one, or with ``leave_out`` the next one, in which such rows are excluded.

    The exclusion is recorded like any other change and can be undone in the same way.

    Raises:
        Conflict: ``rows_undecided``.
        Rejected: too few rows would be left.
    """
    if leave_out and undecided(version):
        keys = [
            problem["key"]
            for problem in version.report["problems"]
            if problem["severity"] == "error" and problem["count"]
        ]
        changes = [Exclude(Selection(problem=key)) for key in keys]
        version = datasets.latest_version(change(user_id, version.dataset_id, changes, version=version.number))
    require_decided(version)
    return version


def _rows(number: int) -> str:
    return _("1 row") if number == 1 else f"{number:,} rows"

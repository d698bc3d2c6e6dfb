"""Rows with errors that nobody has decided about yet: they stand before a run, and leave by being fixed or left out.

Nothing is trained on them in any case; but that they are missing must have been somebody's decision. Knows no door.
"""

from app.errors import Conflict
from app.models import DatasetVersion
from app.services.datasets import datasets
from app.services.datasets.changes import Exclude, change
from app.services.datasets.row_search import Selection

TOLD = 5


def undecided(version: DatasetVersion) -> int:
    """Rows of a version that can neither be used nor were left out by anybody."""
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
    found = [each for each in version.report["problems"] if each["severity"] == "error"]
    named = "; ".join(f"{each['count']:,} {each['code']}" for each in found[:TOLD])
    raise Conflict(
        "rows_undecided",
        f"{_rows(number)} of the data cannot be used as {'it is' if number == 1 else 'they are'} ({named}).",
        "Fix or leave them out on the Data page, or send leave_out_errors to leave them out with this run.",
        details={
            "rows": number,
            "problems": [{name: each[name] for name in ("code", "count", "rows", "message")} for each in found],
            "version": version.number,
        },
    )


def decided(user_id: str, version: DatasetVersion, leave_out: bool) -> DatasetVersion:
    """The version a run may start on: this one, or with ``leave_out`` the next one, in which such rows are left out.

    Leaving out is recorded as any other change and can be undone in the same way.

    Raises:
        Conflict: ``rows_undecided``.
        Rejected: what would be left cannot be used.
    """
    if leave_out and undecided(version):
        keys = [each["key"] for each in version.report["problems"] if each["severity"] == "error" and each["count"]]
        changes = [Exclude(Selection(problem=key)) for key in keys]
        version = datasets.latest_version(change(user_id, version.dataset_id, changes, version=version.number))
    require_decided(version)
    return version


def _rows(number: int) -> str:
    return "1 row" if number == 1 else f"{number:,} rows"

"""Where a comparison comes from: the signed-in person's own runs, or what a read-only link shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from app.services.accounts.access import TO_SHARE
from app.services.evaluation import answer_votes, comparison, example_table, shares
from app.services.evaluation.comparison import Comparison, RunCurves
from app.services.runs import runs
from studio_ui.permits import Permits

# Of one curve; a chart half as wide as the page shows no more, and ten curves of eight metrics stay quick.
MAX_POINTS = 400
PAGE = 25


class ComparisonSource(Protocol):
    """What a comparison is made from."""

    @property
    def read_only(self) -> bool:
        """Whether nothing can be changed."""

    @property
    def shows_rows(self) -> bool:
        """Whether held-out rows are shown."""

    def closed(self, run_ids: Sequence[str]) -> str:
        """Why these runs may not be shared; empty where they may."""

    def compare(self, run_ids: Sequence[str], baseline: str | None) -> Comparison:
        """The comparison of these runs."""

    def series(self, run_ids: Sequence[str], keys: Sequence[str]) -> RunCurves:
        """Their curves."""

    def examples(self, run_ids: Sequence[str], order: str, after: int) -> dict[str, Any]:
        """Held-out rows that all of them answered, from number ``after`` on."""


@dataclass(frozen=True)
class OwnRuns:
    """The runs of a signed-in person, with their votes."""

    user_id: str
    read_only: bool = False
    shows_rows: bool = True

    def closed(self, run_ids: Sequence[str]) -> str:
        """See :class:`ComparisonSource`."""
        projects = {runs.get_run(self.user_id, run_id).project_id for run_id in run_ids}
        refused = (Permits.read(self.user_id, project_id).refused.get(TO_SHARE, "") for project_id in projects)
        return next(filter(None, refused), "")

    def compare(self, run_ids: Sequence[str], baseline: str | None) -> Comparison:
        """See :class:`ComparisonSource`."""
        return comparison.compare(self.user_id, run_ids, baseline)

    def series(self, run_ids: Sequence[str], keys: Sequence[str]) -> RunCurves:
        """See :class:`ComparisonSource`."""
        return comparison.series(self.user_id, run_ids, keys, MAX_POINTS)

    def examples(self, run_ids: Sequence[str], order: str, after: int) -> dict[str, Any]:
        """See :class:`ComparisonSource`."""
        found = example_table.page(self.user_id, run_ids, order=order, limit=PAGE, after=after)
        return answer_votes.with_votes(self.user_id, run_ids, found)


@dataclass(frozen=True)
class SharedRuns:
    """What a link shows: always exactly its own runs, whatever is asked for."""

    token: str
    shows_rows: bool = False
    read_only: bool = True

    def closed(self, run_ids: Sequence[str]) -> str:
        """See :class:`ComparisonSource`."""
        return ""

    def compare(self, run_ids: Sequence[str], baseline: str | None) -> Comparison:
        """See :class:`ComparisonSource`."""
        return shares.compare(self.token, baseline)

    def series(self, run_ids: Sequence[str], keys: Sequence[str]) -> RunCurves:
        """See :class:`ComparisonSource`."""
        return shares.series(self.token, keys, MAX_POINTS)

    def examples(self, run_ids: Sequence[str], order: str, after: int) -> dict[str, Any]:
        """See :class:`ComparisonSource`."""
        return shares.examples(self.token, order=order, limit=PAGE, after=after).as_dict()

"""Bodies of the requests that change a dataset's rows, and their translation into the service's changes."""

from typing import Annotated, Any, Literal

from pydantic import Field

from app.api.schemas import Body, Word
from app.errors import Rejected
from app.services.datasets import changes as service
from app.services.datasets.row_search import Selection
from app.services.profiling.split_plans import SplitPlan

Cells = Annotated[dict[Word, str | None], Field(min_length=1, max_length=1000)]
RowId = Annotated[int, Field(ge=0, le=2**53)]


class RowsBody(Body):
    """Which rows are meant; every given part must fit, nothing given means all."""

    ids: list[RowId] | None = Field(None, max_length=100_000)
    problem: str = Field("", max_length=200)
    search: str = Field("", max_length=200)
    column: str = Field("", max_length=200)
    value: str | None = Field(None, max_length=10_000)
    excluded: bool | None = None

    def selection(self) -> Selection:
        """The service's word for it."""
        told = self.model_dump()
        return Selection(**{**told, "ids": None if self.ids is None else tuple(self.ids)})


class EditBody(Body):
    """New contents for some cells of one row."""

    op: Literal["edit"]
    row_id: RowId
    cells: Cells

    def change(self) -> service.Change:
        """The service's word for it."""
        return service.Edit(self.row_id, self.cells)


class AddBody(Body):
    """One more row."""

    op: Literal["add"]
    cells: Cells

    def change(self) -> service.Change:
        """The service's word for it."""
        return service.Add(self.cells)


class ManyBody(Body):
    """Remove rows, leave them out, bring them back, clean their texts of characters that nobody sees, or repair them."""

    op: Literal["delete", "exclude", "include", "clean", "repair"]
    rows: RowsBody

    def change(self) -> service.Change:
        """The service's word for it."""
        kinds: dict[str, Any] = {
            "delete": service.Delete,
            "exclude": service.Exclude,
            "include": service.Include,
            "clean": service.Clean,
            "repair": service.Repair,
        }
        made: service.Change = kinds[self.op](self.rows.selection())
        return made


class SetBody(Body):
    """The same content in one column of many rows."""

    op: Literal["set"]
    rows: RowsBody
    column: Word
    value: str | None

    def change(self) -> service.Change:
        """The service's word for it."""
        return service.SetColumn(self.rows.selection(), self.column, self.value)


class MergeLabelsBody(Body):
    """Write labels in one way; without ``into``, every label in the way it is written most often."""

    op: Literal["merge_labels"]
    into: dict[Word, Word] = Field(default_factory=dict, max_length=10_000)

    def change(self) -> service.Change:
        """The service's word for it."""
        return service.MergeLabels(self.into)


AnyChange = Annotated[EditBody | AddBody | ManyBody | SetBody | MergeLabelsBody, Field(discriminator="op")]


class ChangesBody(Body):
    """Changes that make one new version; ``version`` is the number that the person was looking at."""

    changes: list[AnyChange] = Field(min_length=1, max_length=10_000)
    version: int | None = Field(None, ge=1)


class PeekBody(Body):
    """Rows of the final test that somebody was shown."""

    rows: int = Field(ge=1, le=10_000)
    version: int | None = Field(None, ge=1)


class SplitsBody(Body):
    """How to deal rows out anew; shares left out are chosen by the number of rows."""

    how: Literal["ratio", "group", "time"] = "ratio"
    column: str = Field("", max_length=200)
    validation: float | None = Field(None, ge=0.01, le=0.4)
    test: float | None = Field(None, ge=0.01, le=0.4)
    seed: int = Field(0, ge=0, le=2**31)

    def plan(self) -> SplitPlan:
        """The service's word for it."""
        if self.how != "ratio" and not self.column:
            raise Rejected("missing_field", f"Rows cannot be dealt out by {self.how} without a column.", "Name one.")
        return SplitPlan(**self.model_dump())

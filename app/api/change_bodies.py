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
    """A selection of rows; all given filters must match, none means all rows."""

    ids: list[RowId] | None = Field(None, max_length=100_000)
    problem: str = Field("", max_length=200)
    search: str = Field("", max_length=200)
    column: str = Field("", max_length=200)
    value: str | None = Field(None, max_length=10_000)
    excluded: bool | None = None

    def selection(self) -> Selection:
        """The same as a value of the service."""
        return Selection(**{**self.model_dump(), "ids": None if self.ids is None else tuple(self.ids)})


class EditBody(Body):
    """New contents for some cells of one row."""

    op: Literal["edit"]
    row_id: RowId
    cells: Cells

    def change(self) -> service.Change:
        """The same as a value of the service."""
        return service.Edit(self.row_id, self.cells)


class AddBody(Body):
    """One more row."""

    op: Literal["add"]
    cells: Cells

    def change(self) -> service.Change:
        """The same as a value of the service."""
        return service.Add(self.cells)


class ManyBody(Body):
    """Delete rows, exclude or include them, remove invisible characters from their texts, or repair them."""

    op: Literal["delete", "exclude", "include", "clean", "repair"]
    rows: RowsBody

    def change(self) -> service.Change:
        """The same as a value of the service."""
        kinds: dict[str, Any] = {
            "delete": service.Delete,
            "exclude": service.Exclude,
            "include": service.Include,
            "clean": service.Clean,
            "repair": service.Repair,
        }
        change: service.Change = kinds[self.op](self.rows.selection())
        return change


class SetBody(Body):
    """The same content in one column of many rows."""

    op: Literal["set"]
    rows: RowsBody
    column: Word
    value: str | None

    def change(self) -> service.Change:
        """The same as a value of the service."""
        return service.SetColumn(self.rows.selection(), self.column, self.value)


class MergeLabelsBody(Body):
    """Write labels in one way; without ``into``, every label in the way it is written most often."""

    op: Literal["merge_labels"]
    into: dict[Word, Word] = Field(default_factory=dict, max_length=10_000)

    def change(self) -> service.Change:
        """The same as a value of the service."""
        return service.MergeLabels(self.into)


AnyChange = Annotated[EditBody | AddBody | ManyBody | SetBody | MergeLabelsBody, Field(discriminator="op")]


class ChangesBody(Body):
    """Changes that make one new version; ``version`` is the number of the version that they were made on."""

    changes: list[AnyChange] = Field(min_length=1, max_length=10_000)
    version: int | None = Field(None, ge=1)


class HoldoutViewBody(Body):
    """Test rows that were shown to somebody."""

    rows: int = Field(ge=1, le=10_000)
    version: int | None = Field(None, ge=1)


class SplitsBody(Body):
    """How to make a new split; fractions that are left out follow from the number of rows."""

    how: Literal["ratio", "group", "time"] = "ratio"
    column: str = Field("", max_length=200)
    validation: float | None = Field(None, ge=0.01, le=0.4)
    test: float | None = Field(None, ge=0.01, le=0.4)
    seed: int = Field(0, ge=0, le=2**31)

    def plan(self) -> SplitPlan:
        """The same as a value of the service."""
        if self.how != "ratio" and not self.column:
            raise Rejected("missing_field", f"A split by {self.how} needs a column.", "Name one.")
        return SplitPlan(**self.model_dump())

"""Changes to a dataset as JSON, from a page or a program, checked and turned into the service's changes."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from app.errors import Rejected
from app.languages import gettext as _
from app.services.datasets import changes as service
from app.services.datasets.row_search import Selection
from app.services.profiling.split_plans import SplitPlan

Word = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Cells = Annotated[dict[Word, str | None], Field(min_length=1, max_length=1000)]
RowId = Annotated[int, Field(ge=0, le=2**53)]


class ChangeBody(BaseModel):
    """Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")

    @classmethod
    def parse(cls, given: Any) -> Self:
        """The body that JSON describes.

        Raises:
            Rejected: it is not well-formed.
        """
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            raise _refusal(error) from None


def _refusal(error: ValidationError) -> Rejected:
    first = error.errors()[0]
    place = ".".join(map(str, first["loc"]))
    return Rejected("wrong_type", f"{place}: {first['msg']}.", _("Change it, then try again."))


class RowsBody(ChangeBody):
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


class EditBody(ChangeBody):
    """New contents for some cells of one row."""

    op: Literal["edit"]
    row_id: RowId
    cells: Cells

    def change(self) -> service.Change:
        """The same as a value of the service."""
        return service.Edit(self.row_id, self.cells)


class AddBody(ChangeBody):
    """One more row."""

    op: Literal["add"]
    cells: Cells

    def change(self) -> service.Change:
        """The same as a value of the service."""
        return service.Add(self.cells)


class ManyBody(ChangeBody):
    """Delete rows, exclude or include them, remove invisible characters from their texts, mask personal data, or repair them."""

    op: Literal["delete", "exclude", "include", "clean", "mask", "repair"]
    rows: RowsBody

    def change(self) -> service.Change:
        """The same as a value of the service."""
        kinds: dict[str, Any] = {
            "delete": service.Delete,
            "exclude": service.Exclude,
            "include": service.Include,
            "clean": service.Clean,
            "mask": service.Mask,
            "repair": service.Repair,
        }
        change: service.Change = kinds[self.op](self.rows.selection())
        return change


class SetBody(ChangeBody):
    """The same content in one column of many rows."""

    op: Literal["set"]
    rows: RowsBody
    column: Word
    value: str | None

    def change(self) -> service.Change:
        """The same as a value of the service."""
        return service.SetColumn(self.rows.selection(), self.column, self.value)


class MergeLabelsBody(ChangeBody):
    """Write labels in one way; without ``into``, every label in the way it is written most often."""

    op: Literal["merge_labels"]
    into: dict[Word, Word] = Field(default_factory=dict, max_length=10_000)

    def change(self) -> service.Change:
        """The same as a value of the service."""
        return service.MergeLabels(self.into)


AnyChange = Annotated[EditBody | AddBody | ManyBody | SetBody | MergeLabelsBody, Field(discriminator="op")]


MAX_CHANGES = 10_000
_CHANGES: TypeAdapter[list[AnyChange]] = TypeAdapter(
    Annotated[list[AnyChange], Field(min_length=1, max_length=MAX_CHANGES)]
)


def parse_changes(given: Sequence[Any]) -> list[service.Change]:
    """The changes that JSON describes.

    Raises:
        Rejected: they are not well-formed, too many, or none.
    """
    try:
        return [body.change() for body in _CHANGES.validate_python(list(given))]
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise Rejected(
            "wrong_type",
            _("The changes cannot be read: {place}: {msg}.", place=place, msg=first["msg"]),
            _("Reload the page."),
        ) from None


def parse_noted(given: Sequence[Any]) -> list[service.Change]:
    """The same for changes that are noted and not saved yet; there may be none."""
    return parse_changes(given) if given else []


class ChangesBody(ChangeBody):
    """Changes that make one new version; ``version`` is the number of the version that they were made on."""

    changes: list[AnyChange] = Field(min_length=1, max_length=MAX_CHANGES)
    version: int | None = Field(None, ge=1)


class HoldoutViewBody(ChangeBody):
    """Test rows that were shown to somebody."""

    rows: int = Field(ge=1, le=10_000)
    version: int | None = Field(None, ge=1)


class LabelVerdictBody(ChangeBody):
    """What somebody decided about a label that a review doubted."""

    row_id: RowId
    verdict: Literal["kept", "corrected"]


class SplitsBody(ChangeBody):
    """How to make a new split; fractions that are left out follow from the number of rows."""

    how: Literal["ratio", "group", "time"] = "ratio"
    column: str = Field("", max_length=200)
    validation: float | None = Field(None, ge=0.01, le=0.4)
    test: float | None = Field(None, ge=0.01, le=0.4)
    seed: int = Field(0, ge=0, le=2**31)

    def plan(self) -> SplitPlan:
        """The same as a value of the service."""
        if self.how != "ratio" and not self.column:
            raise Rejected("missing_field", _("A split by {how} needs a column.", how=self.how), _("Name one."))
        return SplitPlan(**self.model_dump())

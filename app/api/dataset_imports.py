"""Routes for data that is fetched from another machine: queued, then followed as a check under `/api/v1/checks/{id}`."""

from typing import Any

from fastapi import APIRouter
from pydantic import Field

from app.api.deps import UserId
from app.api.schemas import Body, Columns, Name, Word
from app.services.datasets import remote_imports
from app.services.datasets.hub_listing import HubRequest

router = APIRouter(prefix="/api/v1/datasets", tags=["datasets"])


class FetchedBody(Body):
    """What becomes of the rows; as with an upload."""

    name: Name = ""
    task_type: Word | None = None
    columns: Columns | None = None
    answer: str | None = Field(None, max_length=4000)

    def attributes(self) -> dict[str, Any]:
        """Name, task, columns and answer as they were given."""
        given = self.model_dump(include={"name", "task_type", "columns", "answer"})
        return {**given, "name": self.name or None}


class HubImportBody(FetchedBody):
    """A split of a data set of the Hugging Face Hub; what is empty is the only one there is."""

    repo: str = Field(min_length=1, max_length=300)
    split: Name = ""
    revision: Name = "main"
    config: Name = ""
    test_split: Name = ""
    rows: int = Field(0, ge=0, description="Only the first so many rows of each split; 0: all.")


@router.post("/from-hub", status_code=202)
def import_from_hub(user_id: UserId, body: HubImportBody) -> dict[str, Any]:
    """Fetch a split and make a dataset of it: ``{"check"}``.

    The check fails with ``hub_which_split`` or ``hub_no_split`` and ``details.splits`` where a split has to be chosen, and
    with ``several_readings`` where the rows can be read in more than one way; they wait under ``staged`` then."""
    asked = {name: getattr(body, name) for name in HubRequest.__dataclass_fields__}
    return {"check": remote_imports.import_from_hub(user_id, HubRequest(**asked), body.attributes())}


class AddressImportBody(FetchedBody):
    """A file at an address."""

    address: str = Field(min_length=1, max_length=2000)


@router.post("/from-address", status_code=202)
def import_from_address(user_id: UserId, body: AddressImportBody) -> dict[str, Any]:
    """Fetch a file from an ``https`` address that ``STUDIO_FETCH_HOSTS`` allows, and make a dataset of it: ``{"check"}``."""
    return {"check": remote_imports.import_from_address(user_id, body.address, body.attributes())}

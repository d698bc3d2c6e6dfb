"""What the address of the Data page says: a dataset, a check that works, or a file that waits for a decision."""

from collections.abc import Mapping
from urllib.parse import urlencode

from app.models import Dataset, DatasetVersion
from app.services.accounts.access import TO_CHANGE, TO_DELETE, TO_TRAIN
from app.services.datasets import datasets
from studio_ui.permits import NOTED, Permits

# Parameters of the address on which most parts depend.
PLACE = ("id", "check", "staged")
# Which role the buttons of the page take in the project of the dataset.
NEEDS = {
    **dict.fromkeys(("archive", "unarchive", "restore", "meaning", "review", "relabel", "keep", NOTED), TO_CHANGE),
    **dict.fromkeys(("/new", "#report-shootout"), TO_TRAIN),
    "delete": TO_DELETE,
}
# Shows the state of the page whose address came, without loading anything.
GO = "(address) => { if (address) { history.pushState(null, '', address); dispatchEvent(new PopStateEvent('popstate')); } }"


def address(dataset_id: str = "", *, check: str = "", staged: str = "") -> str:
    """The address of a state of the page."""
    given = {"id": dataset_id, "check": check, "staged": staged}
    return "/datasets?" + urlencode({name: value for name, value in given.items() if value})


def permits_of(user_id: str, dataset: Dataset) -> Permits:
    """What the person may do with the dataset."""
    return Permits.read(user_id, dataset.project_id)


def shown_dataset(user_id: str, query: Mapping[str, str]) -> tuple[Dataset, DatasetVersion] | None:
    """The dataset that the address names, with its newest version; None where it names none.

    Raises:
        NotFound: it is not theirs.
    """
    if not (dataset_id := query.get("id")):
        return None
    dataset = datasets.get_dataset(user_id, dataset_id)
    return dataset, datasets.latest_version(dataset)

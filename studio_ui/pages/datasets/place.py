"""What the address of the Data page says: a dataset, a check that works, or a file that waits for a decision."""

from collections.abc import Mapping
from urllib.parse import urlencode

from app.models import Dataset, DatasetVersion
from app.services.datasets import datasets

# Parameters of the address on which most parts depend.
PLACE = ("id", "check", "staged")
# Shows the state of the page whose address came, without loading anything.
GO = "(address) => { if (address) { history.pushState(null, '', address); dispatchEvent(new PopStateEvent('popstate')); } }"


def address(dataset_id: str = "", *, check: str = "", staged: str = "") -> str:
    """The address of a state of the page."""
    given = {"id": dataset_id, "check": check, "staged": staged}
    return "/datasets?" + urlencode({name: value for name, value in given.items() if value})


def shown_dataset(user_id: str, query: Mapping[str, str]) -> tuple[Dataset, DatasetVersion] | None:
    """The dataset that the address names, with its newest version; None where it names none.

    Raises:
        NotFound: it is not theirs.
    """
    if not (dataset_id := query.get("id")):
        return None
    dataset = datasets.get_dataset(user_id, dataset_id)
    return dataset, datasets.latest_version(dataset)

"""Whether a base model is large enough for what it is to be tuned for; said before the run, because no setting mends it."""

from app.catalog.base_models import base_model, base_models
from app.catalog.task_types import task_type
from app.languages import decimal
from app.languages import gettext as _

# Models below this many parameters write short, simple sentences at best (Eldan and Li 2023, arXiv 2305.07759, needed stories in
# the words of small children for less).
SMALLEST_WRITER = 100_000_000


def too_small(task: str, model: str) -> str:
    """What to know of a base model that is too small to write answers; empty where there is nothing to warn of.

    Raises:
        Rejected: an unknown task or model.
    """
    card = base_model(model)
    if task_type(task).family != "generation" or card.parameters >= SMALLEST_WRITER:
        return ""
    larger = [
        other.title for other in base_models() if task in other.task_types and other.parameters >= SMALLEST_WRITER
    ]
    size = _(
        "{title} has {millions} million parameters: it shows how tuning works, but it is too small to write answers that people could use.",
        title=card.title,
        millions=decimal(card.parameters / 1e6),
    )
    if larger:
        return size + " " + _("Choose a larger one: {larger}.", larger=", ".join(larger[:3]))
    return size + " " + _("Fetch one of 500 million parameters or more on the Models page first.")

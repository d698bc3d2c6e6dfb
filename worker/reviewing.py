"""Carries out a job that looks for doubtful labels, in a process of its own. Never imports torch."""

from collections.abc import Callable

from app.catalog.base_models import base_model_path
from app.services import devices, label_reviews
from app.services.jobs import Claim
from app.settings import get_settings
from worker import child

REVIEW = child.Errand(
    module="worker.reviewer",
    store=label_reviews.store_results,
    crashed=(
        "review_crashed",
        "The search for doubtful labels ended without a result (exit code {code}).",
        "Try again; with very many or long texts it may have run out of memory.",
    ),
)


def carry_out(claim: Claim, leaving: Callable[[], bool]) -> None:
    """Do the job to its end, in the foreground; ``leaving`` says that this worker was told to stop."""
    folder = label_reviews.prepare(claim, base_model_path, get_settings().threads)
    devices.take(claim, leaving)
    child.carry_out(claim, leaving, folder, REVIEW)

"""Jobs that look for label errors, in a process of their own. Never imports torch."""

from collections.abc import Callable
from dataclasses import replace

from app.catalog.base_models import base_model_path
from app.services.datasets import label_reviews
from app.services.queue import devices, inference_servers
from app.services.queue.jobs import Claim
from app.settings import get_settings
from worker.jobs import subprocess_job

REVIEW = subprocess_job.SubprocessJob(
    module="worker.jobs.reviewer",
    store=label_reviews.store_results,
    crashed=(
        "review_crashed",
        "The search for doubtful labels ended without a result (exit code {code}).",
        "Try again; with very many or long texts it may have run out of memory.",
    ),
)


def run(claim: Claim, leaving: Callable[[], bool]) -> None:
    """Do the job to its end, in the foreground; ``leaving`` tells whether this worker is stopping."""
    folder = label_reviews.prepare(claim, base_model_path, get_settings().threads)
    job = REVIEW
    if any(inference_servers.is_taken(name) for name in devices.device_names()):
        # A training computes there, and a light job must neither wait for it nor take memory from it.
        job = replace(REVIEW, environment={"CUDA_VISIBLE_DEVICES": ""})
    else:
        devices.take(claim, leaving)
    subprocess_job.run(claim, leaving, folder, job)

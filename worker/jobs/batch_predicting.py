"""Jobs that answer a file of texts: the inference server computes, the light worker itself only asks and stores."""

from collections.abc import Callable

from app.services.inference import batch_answering
from app.services.queue.jobs import Claim
from worker.jobs.lease import run_in_worker


def run(claim: Claim, leaving: Callable[[], bool]) -> None:
    """Do the job to its end, in the foreground; ``leaving`` tells whether this worker is stopping."""
    run_in_worker(claim, leaving, batch_answering.ANSWERING, batch_answering.answer)

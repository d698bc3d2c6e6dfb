"""Jobs that answer a file of texts: the inference server computes, the light worker itself only asks and stores."""

import json
from collections.abc import Callable

from app.errors import StudioError
from app.languages import gettext_noop
from app.services.inference import batch_answering
from app.services.queue import jobs
from app.services.queue.jobs import Claim
from worker.jobs.lease import run_in_worker

# Codes of the inference server: a training has its device; it is restarted, or too busy now.
TAKEN = "device_training"
PASSING = ("inference_gone", "inference_not_ready", "inference_silent", "inference_slow")
SECONDS_BETWEEN_TRIES = 30.0
WAITING = gettext_noop("A training has the device of the inference server; goes on when it has ended")


def run(claim: Claim, leaving: Callable[[], bool]) -> None:
    """Do the job to its end, in the foreground; ``leaving`` tells whether this worker is stopping."""
    try:
        run_in_worker(claim, leaving, batch_answering.ANSWERING, batch_answering.answer)
    except StudioError as error:
        if error.code == TAKEN:
            jobs.postpone(claim, SECONDS_BETWEEN_TRIES, WAITING)
        elif error.code in PASSING:
            jobs.retry(claim, json.loads(json.dumps(error.as_dict(), default=str)))
        else:
            raise

"""Beat's scheduler: it sweeps in its own process, so that neither a busy worker nor a dead broker can delay it."""

import logging
from typing import Any

from celery.beat import Scheduler

from app.services import jobs
from app.settings import get_settings

log = logging.getLogger(__name__)


class SweepScheduler(Scheduler):
    """Runs ``jobs.sweep`` every ``STUDIO_SWEEP_SECONDS``; no message is sent for it."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Sweep once and say how many seconds to wait; a failing database is retried at the next tick."""
        try:
            swept = jobs.sweep()
        except Exception:
            log.exception("sweep failed; trying again at the next tick")
        else:
            if swept.requeued or swept.failed or swept.cancelled or swept.rung:
                log.info("swept %s", swept)
        return get_settings().sweep_seconds

    def close(self) -> None:
        """Nothing is kept between starts, so there is nothing to write."""

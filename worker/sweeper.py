"""Beat's scheduler: it sweeps in its own process, so that neither a busy worker nor a dead broker can delay it."""

import logging
import time
from typing import Any

from celery.beat import Scheduler

from app.services.experiments import experiment_scheduler
from app.services.operations import retention, retention_rules
from app.services.queue import jobs
from app.settings import get_settings

log = logging.getLogger(__name__)

TIDY_SECONDS = 3600.0


class SweepScheduler(Scheduler):  # type: ignore[misc]  # Celery has no types
    """Runs ``jobs.sweep`` every ``STUDIO_SWEEP_SECONDS``, and tidies the data folder once an hour; sends no message."""

    _away_until = 0.0
    _tidied_at: float | None = None

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Sweep once and say how many seconds to wait; a failing database is retried at the next tick.

        After the database was away leases may have run out for no fault of their holders, who get the time of one lease
        to renew them.
        """
        settings = get_settings()
        now = time.monotonic()
        try:
            result = jobs.sweep(expire=now >= self._away_until)
            experiment_scheduler.tick()
            if self._tidied_at is None or now - self._tidied_at > TIDY_SECONDS:
                self._tidied_at = now
                log.info("cleaned up: %s", retention.cleanup())
                retention_rules.queue()
        except Exception:
            log.exception("sweep failed; trying again at the next tick")
            self._away_until = time.monotonic() + settings.lease_seconds
        else:
            if result.requeued or result.failed or result.cancelled or result.notified:
                log.info("sweep: %s", result)
        return settings.sweep_seconds

    def close(self) -> None:
        """Nothing is kept between starts, so there is nothing to write."""

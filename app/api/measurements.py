"""Prometheus metrics: requests by route pattern, the queue, workers, events."""

import time

from prometheus_client import REGISTRY, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.models import ACTIVE_STATES, TERMINAL_STATES
from app.services.operations.operations import JobFigures

REQUESTS = Counter("studio_requests_total", "Answered requests.", ("method", "route", "status"))
SECONDS = Histogram("studio_request_seconds", "Seconds until the answer's last byte.", ("route",))
JOBS = Gauge("studio_jobs", "Jobs by state.", ("state",))
QUEUE = Gauge("studio_queue", "Waiting jobs: ready to be taken, or paused by their owner.", ("kind",))
OLDEST = Gauge("studio_queue_oldest_seconds", "How long the oldest job that is ready has waited.")
WAITS = Gauge("studio_queue_wait_seconds", "Wait of the 200 jobs that began last.", ("quantile",))
SPEED = Gauge("studio_training_rows_per_second", "Training rows per second, all running jobs together.")
WORKERS = Gauge("studio_workers", "Workers by what they do.", ("state",))
EVENTS = Gauge("studio_events_total", "Counted since the installation began, e.g. results of the sweeper.", ("name",))

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Measured:
    """ASGI middleware that counts every HTTP request of the application it wraps."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 500

        async def count_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, count_status)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            method = scope["method"] if scope["method"] in METHODS else "other"
            REQUESTS.labels(method, route, str(status)).inc()
            SECONDS.labels(route).observe(time.perf_counter() - began)


def update(now: JobFigures) -> None:
    """Set the gauges from a measurement of the queue."""
    for state in (*ACTIVE_STATES, *TERMINAL_STATES):
        JOBS.labels(state).set(now.states.get(state, 0))
    QUEUE.labels("ready").set(now.ready)
    QUEUE.labels("paused").set(now.paused)
    OLDEST.set(now.oldest_wait)
    for quantile, seconds in zip(("0.5", "0.95"), now.waits, strict=True):
        WAITS.labels(quantile).set(seconds)
    SPEED.set(now.rows_per_second)
    for state, count in now.workers.items():
        WORKERS.labels(state).set(count)
    for name, count in now.counters.items():
        EVENTS.labels(name).set(count)


def render() -> bytes:
    """All measurements in Prometheus' text format."""
    return generate_latest(REGISTRY)

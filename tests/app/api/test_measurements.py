"""Prometheus metrics of the web process."""

from app.api import measurements
from app.services.operations.operations import JobFigures
from tests.app.wire import ask
from tests.factories import make_run


def test_requests_are_counted_by_route_pattern_and_jobs_by_state(ann):
    ann.get("/api/v1/runs/secret-id")
    text = ann.get("/metrics").body.decode()
    assert 'studio_requests_total{method="GET",route="/api/v1/runs/{run_id}",status="404"}' in text
    assert 'studio_jobs{state="queued"} 0.0' in text
    assert "secret-id" not in text


def test_prometheus_metrics_cover_the_queue(ann) -> None:
    make_run(ann.id)
    text = ann.get("/metrics").body.decode()
    assert 'studio_queue{kind="ready"} 1.0' in text
    for name in (
        "studio_queue_oldest_seconds",
        "studio_queue_wait_seconds{",
        "studio_workers{",
        'studio_jobs{state="diverged"}',
    ):
        assert name in text


def test_unknown_method_and_path_get_one_label_each(ann):
    """A client cannot add label values without end."""
    ann.ask("BREW", "/api/v1/coffee")
    text = ann.get("/metrics").body.decode()
    assert 'studio_requests_total{method="other",route="/api/{rest:path}",status="405"}' in text
    assert "coffee" not in text and "BREW" not in text


def test_states_without_jobs_fall_back_to_zero():
    figures = JobFigures({"running": 3}, 2, 1, 9.5, (0.5, 4.0), 120.0, {"busy": 1}, {"jobs_reclaimed": 7})
    measurements.update(figures)
    assert b'studio_jobs{state="running"} 3.0' in measurements.render()
    assert b'studio_queue_wait_seconds{quantile="0.95"} 4.0' in measurements.render()
    assert b'studio_events_total{name="jobs_reclaimed"} 7.0' in measurements.render()
    measurements.update(JobFigures({}, 0, 0, 0.0, (0.0, 0.0), 0.0, {}, {}))
    assert b'studio_jobs{state="running"} 0.0' in measurements.render()


def test_metrics_need_sign_in(api):
    assert ask(api, "GET", "/metrics").status == 401

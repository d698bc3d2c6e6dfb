"""Runs that do not fit into memory come with single changes after which they fit."""

from app.services.estimates.estimates import EstimateRequest, estimate
from app.services.queue.machine_speeds import TrainingMachine


def request(free_bytes: float, method: dict | None = None, **training: object) -> EstimateRequest:
    return EstimateRequest(
        base_model="starter-encoder",
        method=method or {"kind": "full"},
        training={"max_length": 512, "batch_size": 32, **training},
        rows=1000,
        longest=512.0,
        tokens_per_row=300.0,
        machine=TrainingMachine("here", False, int(free_bytes)),
    )


def test_every_remedy_makes_the_run_fit(studio_home) -> None:
    estimated = estimate(request(3.4e9))
    assert estimated.fit == "too large" and estimated.remedies
    for remedy in estimated.remedies:
        changed = remedy.settings if remedy.section == "training" else {}
        method = remedy.settings if remedy.section == "method" else None
        assert estimate(request(3.4e9, method, **changed)).fit == "fits", remedy
        assert remedy.as_dict()[remedy.section] == remedy.settings


def test_run_that_fits_has_no_remedies(studio_home) -> None:
    assert list(estimate(request(64e9)).remedies) == []

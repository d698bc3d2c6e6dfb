"""Jobs that answer a file of texts: they end with a table, wait while a training has the device, or fail with the reason."""

from pathlib import Path
from typing import Any

from app.db import transaction
from app.models import Job
from app.models_work import BatchPrediction
from app.services.inference import batch_prediction
from tests.app import batch_files
from tests.app.finished_runs import finish
from tests.app.inference_stand_in import inference_stand_in
from tests.factories import make_run
from worker.jobs import supervisor


def test_job_waits_for_the_device_and_ends_with_a_table_or_the_reason(owner: str, tmp_path: Path) -> None:
    run = make_run(owner)
    finish(run)
    batch = batch_prediction.upload(owner, (batch_files.write_csv(tmp_path), "letters.csv"))

    def execute() -> batch_prediction.BatchPredictionStatus:
        with transaction() as session:
            job_id = session.get_one(BatchPrediction, batch.id).job_id or ""
            session.get_one(Job, job_id).not_before = 0.0
        supervisor.execute(job_id)
        return batch_prediction.get_batch(owner, batch.id)

    def refuse(code: str) -> tuple[int, dict[str, Any]]:
        return 409, {"error": {"code": code, "message": "Not now.", "hint": "Wait."}}

    batch_prediction.start(owner, batch.id, run.id, {"text": "message"})
    with inference_stand_in(lambda path, body: refuse("device_training")) as server:
        # However often: a training may take days, and counts as no attempt.
        for _ in range(4):
            waiting = execute()
            assert waiting.state == "queued" and "A training has the device" in waiting.phase
        server.reply = lambda path, body: refuse("adapter_not_found")
        failed = execute()
        assert (failed.state, (failed.error or {})["message"]) == ("failed", "Not now.")
        server.reply = batch_files.reply
        batch_prediction.start(owner, batch.id, run.id)
        assert execute().state == "succeeded"
    assert len(batch_files.answers(owner, batch.id)) == 5

"""Jobs that answer a file of texts: they end with a table, and their failure is the person's to read."""

from pathlib import Path

from app.db import snapshot
from app.models_work import BatchPrediction
from app.services.inference import batch_prediction
from tests.app import batch_files
from tests.app.finished_runs import finish
from tests.app.inference_stand_in import inference_stand_in
from tests.factories import make_run
from worker.jobs import supervisor


def test_job_ends_with_a_table_or_with_the_reason(owner: str, tmp_path: Path) -> None:
    run = make_run(owner)
    finish(run)
    batch = batch_prediction.upload(owner, (batch_files.write_csv(tmp_path), "letters.csv"))

    def execute() -> batch_prediction.BatchPredictionStatus:
        batch_prediction.start(owner, batch.id, run.id, {"text": "message"})
        with snapshot() as session:
            job_id = session.get_one(BatchPrediction, batch.id).job_id
        supervisor.execute(job_id or "")
        return batch_prediction.get_batch(owner, batch.id)

    busy = {"error": {"code": "device_training", "message": "A training uses the GPU.", "hint": "Wait."}}
    with inference_stand_in(lambda path, body: (409, busy)) as server:
        failed = execute()
        assert (failed.state, (failed.error or {})["message"]) == ("failed", "A training uses the GPU.")
        server.reply = batch_files.reply
        assert execute().state == "succeeded"
    assert len(batch_files.answers(owner, batch.id)) == 5

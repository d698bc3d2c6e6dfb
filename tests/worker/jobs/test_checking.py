"""A check of data is done by the supervisor of a worker, on both databases."""

from app.services.datasets import checks, datasets, imports
from app.services.datasets.dataset_jobs import IMPORT, DatasetJob
from tests.app import written_files as write
from worker.jobs import supervisor


def test_a_worker_does_a_check_that_waits(owner, any_database, studio_home):
    sent = studio_home / "sent.csv"
    sent.write_bytes(write.as_csv([[f"question {n} about it", "ab"[n % 2]] for n in range(60)]))
    staged = imports.stage(owner, sent, "sent.csv")
    imports.read_staged(owner, staged)
    check = checks.start(owner, DatasetJob(IMPORT, "", {"staged": staged, "name": "Sent"}))
    assert check["state"] == "queued" and datasets.list_datasets(owner) == []
    supervisor.execute(check["job_id"], on_spool=lambda line: None)
    result = checks.status(owner, check["id"])
    assert (result["state"], result["version"]) == ("succeeded", 1), result
    [made] = datasets.list_datasets(owner)
    assert made.id == result["dataset_id"] and datasets.latest_version(made).usable_rows == 60

"""Jobs that export everything of a person: they end with a file, give up at a stop, and are taken back by a leaving worker."""

from app import storage
from app.db import snapshot, transaction
from app.models import Job
from app.models_projects import PersonExport
from app.services.operations import person_export
from app.services.queue import jobs
from worker.jobs import lease, person_exporting


def claimed(user_id: str) -> tuple[str, jobs.Claim]:
    started = person_export.start(user_id)
    with snapshot() as session:
        job_id = session.get_one(PersonExport, started.id).job_id
    claim = jobs.claim(job_id)
    assert claim is not None
    return started.id, claim


def test_job_ends_with_a_file(any_database: str, owner: str) -> None:
    export_id, claim = claimed(owner)
    person_exporting.run(claim, lambda: False)
    assert storage.export_file(export_id).is_file()
    assert person_export.list_exports(owner)[0].state == "succeeded"


def test_stop_leaves_no_file(owner: str, monkeypatch) -> None:
    monkeypatch.setattr(lease, "RENEW_SECONDS", 0.0)
    export_id, claim = claimed(owner)
    with transaction() as session:
        jobs.request_cancel(session, session.get_one(Job, claim.job_id))
    person_exporting.run(claim, lambda: False)
    assert person_export.list_exports(owner)[0].state == "cancelled" and not storage.export_file(export_id).exists()

"""Files of texts: upload, choice of columns, queue, stop, go on, download, deletion; who may."""

from pathlib import Path

import pytest

from app import storage
from app.db import transaction
from app.errors import Conflict, NotFound, Rejected
from app.models_work import BatchPrediction
from app.services.accounts import accounts
from app.services.inference import batch_prediction
from tests.app import batch_files
from tests.app.finished_runs import finish
from tests.factories import make_run


@pytest.fixture
def run_id(owner: str) -> str:
    run = make_run(owner)
    finish(run)
    return run.id


def test_column_is_that_of_the_data_or_the_only_one_or_asked_for(owner: str, run_id: str, tmp_path: Path) -> None:
    def started(rows: list[tuple[str, ...]], heads: tuple[str, ...], **chosen: str) -> dict[str, str]:
        batch = batch_prediction.upload(owner, (batch_files.write_csv(tmp_path, rows, heads), "letters.csv"))
        assert batch.state == "uploaded"
        return dict(batch_prediction.start(owner, batch.id, run_id, chosen).columns)

    rows: list[tuple[str, ...]] = [("1", "one"), ("2", "two")]
    assert started(rows, ("id", "text")) == {"text": "text"}
    assert started([("one",), ("two",)], ("message",)) == {"text": "message"}
    assert started(rows, ("id", "message"), text="message") == {"text": "message"}
    with pytest.raises(Rejected, match="Which column holds “Text”") as asked:
        started(rows, ("id", "message"))
    assert (asked.value.code, asked.value.details["columns"]) == ("column_needed", ["id", "message"])
    with pytest.raises(Rejected, match="no column 'body'"):
        started(rows, ("id", "message"), text="body")


def test_file_that_is_stopped_goes_on_and_is_deleted_with_its_files(owner: str, run_id: str, tmp_path: Path) -> None:
    batch = batch_prediction.upload(owner, (batch_files.write_csv(tmp_path), "letters.csv"))
    assert batch_prediction.uploaded_rows(owner, batch.id).columns == ["id", "message"]
    batch_prediction.start(owner, batch.id, run_id, {"text": "message"})
    with pytest.raises(Conflict, match="queued or answered already"):
        batch_prediction.start(owner, batch.id, run_id)
    with pytest.raises(Conflict, match="still being answered"):
        batch_prediction.remove(owner, batch.id)
    assert batch_prediction.cancel(owner, batch.id).state == "cancelled"
    with pytest.raises(NotFound, match="has no such answers"):
        batch_prediction.download(owner, batch.id)
    again = batch_prediction.start(owner, batch.id, run_id)
    assert (again.state, again.columns) == ("queued", {"text": "message"})
    batch_prediction.cancel(owner, batch.id)
    batch_prediction.remove(owner, batch.id)
    assert batch_prediction.list_batches(owner) == [] and not storage.batch_prediction_dir(batch.id).exists()


def test_file_is_of_one_person_and_needs_a_run_that_has_finished(owner: str, tmp_path: Path) -> None:
    batch = batch_prediction.upload(owner, (batch_files.write_csv(tmp_path), "letters.csv"))
    other = accounts.add_user("Bob").id
    for act in (batch_prediction.get_batch, batch_prediction.uploaded_rows, batch_prediction.remove):
        with pytest.raises(NotFound):
            act(other, batch.id)
    with pytest.raises(Conflict, match="has not finished"):
        batch_prediction.start(owner, batch.id, make_run(owner).id, {"text": "message"})


def test_unreadable_file_leaves_nothing(owner: str, tmp_path: Path) -> None:
    path = tmp_path / "letters.csv"
    path.write_bytes(b"")
    with pytest.raises(Rejected):
        batch_prediction.upload(owner, (path, "letters.csv"))
    assert batch_prediction.list_batches(owner) == []
    assert not list((storage.data_dir() / "batch-predictions").glob("*"))


def test_old_files_and_those_that_nobody_queued_go(owner: str, run_id: str, tmp_path: Path) -> None:
    kept, waiting, old = (
        batch_prediction.upload(owner, (batch_files.write_csv(tmp_path), "letters.csv")).id for _ in range(3)
    )
    for batch_id in (kept, old):
        batch_prediction.start(owner, batch_id, run_id, {"text": "message"})
        batch_prediction.cancel(owner, batch_id)
    with transaction() as session:
        session.get_one(BatchPrediction, waiting).created_at -= batch_prediction.UNQUEUED_SECONDS + 1
        session.get_one(BatchPrediction, old).created_at -= (batch_prediction.KEPT_DAYS + 1) * 86400
    assert batch_prediction.clean() == 2
    assert [batch.id for batch in batch_prediction.list_batches(owner)] == [kept]

"""Files of texts over REST: one request that queues, one that asks for the column, the answers, and what is refused."""

from tests.app.conftest import Person, multipart
from tests.app.finished_runs import finish
from tests.factories import make_run

ADDRESS = "/api/v1/batch-predictions"
FORM = {"content-type": "multipart/form-data; boundary=BOUND"}


def test_file_is_queued_at_once_or_its_column_is_asked_for(ann: Person) -> None:
    run = make_run(ann.id)
    finish(run)

    def send(content: bytes, *fields: tuple[str, None, bytes]):
        parts = [("file", "letters.csv", content), ("model", None, run.id.encode()), *fields]
        return ann.post(ADDRESS, headers=FORM, body=multipart(parts))

    sent = send(b"id,text\n1,hello\n2,there\n")
    assert sent.status == 201 and (sent.json["state"], sent.json["rows"]) == ("queued", 2)
    unclear = send(b"id,message\n1,hello\n2,there\n")
    assert (unclear.status, unclear.code) == (422, "column_needed")
    chosen = send(b"id,message\n1,hello\n2,there\n", ("columns", None, b'{"text": "message"}'))
    assert chosen.json["columns"] == {"text": "message"}
    listed = ann.get(ADDRESS).json["files"]
    assert [file["state"] for file in listed] == ["queued", "uploaded", "queued"]
    assert send(b"text\n1\n", ("task_type", None, b"chat")).code == "unknown_field"
    # Larger than what other requests may send in one piece.
    large = send(b"id,text\n" + b"".join(b"%d,%s\n" % (n, b"word " * 400) for n in range(2500)))
    assert (large.status, large.json["rows"]) == (201, 2500)
    assert ann.post(f"{ADDRESS}/{large.json['id']}/cancel").status == 200
    own = f"{ADDRESS}/{sent.json['id']}"
    assert ann.get(f"{own}/answers").status == 404
    assert ann.post(f"{own}/cancel").json["state"] == "cancelled"
    assert ann.post(f"{own}/start", json_body={"model": run.id}).status == 202
    assert ann.ask("DELETE", own).status == 409
    assert ann.ask("DELETE", f"{ADDRESS}/{listed[1]['id']}").status == 204

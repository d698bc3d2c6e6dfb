"""Jobs that fetch data: from an address, stopped while they fetch, and what the process is given."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from app import storage
from app.db import transaction
from app.models import Job
from app.services.accounts import quotas
from app.services.accounts.quotas import QuotaBounds
from app.services.datasets import checks, datasets, imports, remote_imports
from app.services.queue import jobs
from tests.conftest import forget_settings
from worker.jobs import dataset_fetching, supervisor

TABLE = b"text,label\n" + b"".join(
    b"letter %d of %d,%s\n" % (n, n * 7919 % 10007, (b"a", b"b")[n % 2]) for n in range(60)
)


class _Slow(BaseHTTPRequestHandler):
    """``/rows.csv`` comes at once, ``/slow`` not before the test has seen the request and let it go."""

    asked, go_on = threading.Event(), threading.Event()

    def do_GET(self) -> None:
        if self.path == "/slow":
            self.asked.set()
            self.go_on.wait(30)
        self.send_response(200)
        self.send_header("Content-Length", str(len(TABLE)))
        self.end_headers()
        self.wfile.write(TABLE)

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def site(studio_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    _Slow.asked, _Slow.go_on = threading.Event(), threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Slow)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("STUDIO_FETCH_HOSTS", address)
    forget_settings()
    yield address
    _Slow.go_on.set()
    server.shutdown()
    server.server_close()
    forget_settings()


def test_file_from_an_address_becomes_a_dataset(site: str, owner: str) -> None:
    check = remote_imports.import_from_address(owner, f"{site}/rows.csv?signature=secret", {"name": "Letters"})
    supervisor.execute(check["job_id"])
    done = checks.status(owner, check["id"])
    assert done["state"] == "succeeded", done
    assert done["source"] == {"kind": "address", "address": f"{site}/rows.csv", "shortened": True}, (
        "the signature is not kept"
    )
    version = datasets.latest_version(datasets.get_dataset(owner, done["dataset_id"]))
    assert (
        version.rows == 60 and version.source["address"] == f"{site}/rows.csv" and len(version.source["sha256"]) == 64
    )


def test_fetched_file_counts_in_the_persons_share_of_the_disk(site: str, owner: str) -> None:
    quotas.set_person_quota(owner, owner, QuotaBounds(max_bytes=len(TABLE) - 1))
    check = remote_imports.import_from_address(owner, f"{site}/rows.csv")
    supervisor.execute(check["job_id"])
    ended = checks.status(owner, check["id"])
    assert (ended["state"], ended["error"]["code"]) == ("failed", "storage_used_up")
    assert ended["error"]["details"]["needed_bytes"] == len(TABLE)
    assert imports.staged_of(owner) == [] and list(storage.uploads_dir().iterdir()) == []


def test_stop_while_it_is_fetched_leaves_nothing(site: str, owner: str) -> None:
    check = remote_imports.import_from_address(owner, f"{site}/slow")
    work = threading.Thread(target=supervisor.execute, args=(check["job_id"],))
    work.start()
    assert _Slow.asked.wait(30)
    checks.cancel(owner, check["id"])
    work.join(30)
    assert checks.status(owner, check["id"])["state"] == "cancelled"
    assert imports.staged_of(owner) == [] and datasets.list_datasets(owner) == []


def test_stop_after_the_fetch_leaves_nothing_either(site: str, owner: str) -> None:
    check = remote_imports.import_from_address(owner, f"{site}/rows.csv")
    claim = jobs.claim(check["job_id"])
    assert claim is not None
    dataset_fetching.run(claim, lambda: remote_imports.is_fetched(claim))
    assert len(imports.staged_of(owner)) == 1
    checks.cancel(owner, check["id"])
    remote_imports.discard_if_stopped(claim)
    assert imports.staged_of(owner) == []


def test_address_without_its_query_is_not_fetched_in_place_of_the_whole_one(site: str, owner: str) -> None:
    check = remote_imports.import_from_address(owner, f"{site}/rows.csv?signature=secret")
    claim = jobs.claim(check["job_id"])
    assert claim is not None
    dataset_fetching.run(claim, lambda: remote_imports.is_fetched(claim))
    checks.cancel(owner, check["id"])
    remote_imports.discard_if_stopped(claim)
    supervisor.execute(checks.retry(owner, check["id"])["job_id"])
    refused = checks.status(owner, check["id"])
    assert (refused["state"], refused["error"]["code"]) == ("failed", "address_shortened")
    assert imports.staged_of(owner) == []


def test_process_gets_no_secret_but_the_token_where_it_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("STUDIO_DATABASE_URL", "postgresql://somewhere")
    for with_token in (True, False):
        given = dataset_fetching._environment(tmp_path, with_token=with_token)
        assert ("HF_TOKEN" in given) is with_token and "STUDIO_DATABASE_URL" not in given
        assert given["HF_HOME"].startswith(str(tmp_path)) and given["HF_HUB_OFFLINE"] == "0"


def test_crash_of_the_process_is_tried_again(site: str, owner: str, monkeypatch: pytest.MonkeyPatch) -> None:
    check = remote_imports.import_from_address(owner, f"{site}/rows.csv")
    with monkeypatch.context() as patch:
        patch.setenv("STUDIO_FETCH_SECONDS", "no number")
        supervisor.execute(check["job_id"])
    with transaction() as session:
        job = session.get_one(Job, check["job_id"])
        assert (job.state, job.attempt) == ("queued", 1) and "trying again" in job.phase

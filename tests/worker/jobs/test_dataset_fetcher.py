"""The process that fetches data: what it writes when it is done, and when it is refused."""

import json
from pathlib import Path

import pytest

from app import files
from tests.conftest import forget_settings
from worker.jobs import dataset_fetcher


def test_refusal_is_written_with_its_words(studio_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset_fetcher.resource, "setrlimit", lambda kind, values: None)
    monkeypatch.setenv("STUDIO_FETCH_HOSTS", "")
    forget_settings()
    files.write_json(tmp_path / "job.json", {"kind": "address", "address": "https://x.org/y"})
    assert dataset_fetcher.main(tmp_path) == dataset_fetcher.REFUSED
    error = json.loads((tmp_path / "error.json").read_bytes())["error"]
    assert error["code"] == "addresses_not_allowed" and error["statements"]["message"]["message"] == error["message"]
    assert json.loads((tmp_path / "progress.json").read_bytes()) == {"phase": "Asking the host", "progress": {}}

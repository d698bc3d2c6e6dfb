"""The process that writes a run for a tracker: what is packed, and how refusals are reported."""

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from app.catalog.trackers import TrackedRun, Tracker
from app.errors import Rejected, StudioError
from worker.jobs.exporter import ExportResult, export, main

RUN = TrackedRun("r1", "Letters", "Support", 1.0, 2.0, True, {}, {}, [("loss", 1, 0.5, 1.5)])


class Notebook(Tracker):
    """Writes two files and a link to a secret."""

    name, title, package = "notebook", "Notebook", "json"
    summary, after = "", ""
    environment = ("NOTEBOOK_URL", "NOTEBOOK_KEY")
    seen: Mapping[str, str] = {}
    address = ""

    def write(self, run: TrackedRun, folder: Path, environment: Mapping[str, str]) -> str:
        type(self).seen = environment
        (folder / "sub").mkdir()
        (folder / "run.txt").write_text(run.name)
        (folder / "sub" / "points.txt").write_text(str(run.points))
        (folder / "link").symlink_to("/etc/passwd")
        return self.address


class Remote(Notebook):
    """Sends the run to a server."""

    address = "https://tracker.example/r1"


class Broken(Notebook):
    """Fails with an error of several lines."""

    def write(self, run: TrackedRun, folder: Path, environment: Mapping[str, str]) -> str:
        raise RuntimeError("connection refused\n   " + "x" * 400)


class Missing(Notebook):
    """Nobody has installed it."""

    package = "no_such_tracker_package"


def test_written_files_are_packed_without_links(tmp_path: Path) -> None:
    result = export(Notebook(), RUN, tmp_path)
    packed = tmp_path / "export.zip"
    assert result == ExportResult("", packed.stat().st_size)
    with zipfile.ZipFile(packed) as archive:
        assert archive.namelist() == ["run.txt", "sub/points.txt"]
        assert archive.read("run.txt") == b"Letters"


def test_run_on_a_server_has_an_address_and_no_download(tmp_path: Path) -> None:
    assert export(Remote(), RUN, tmp_path) == ExportResult("https://tracker.example/r1", 0)
    assert not (tmp_path / "export.zip").exists()


def test_tracker_gets_its_own_variables_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTEBOOK_URL", "https://tracker.example")
    monkeypatch.setenv("OTHER_KEY", "hush")
    export(Notebook(), RUN, tmp_path)
    assert Notebook.seen == {"NOTEBOOK_URL": "https://tracker.example"}


def test_error_of_a_library_becomes_one_short_line(tmp_path: Path) -> None:
    with pytest.raises(StudioError) as caught:
        export(Broken(), RUN, tmp_path)
    assert caught.value.code == "tracker_failed"
    assert caught.value.message == f"Notebook did not take the run: {('connection refused ' + 'x' * 400)[:300]}"


def test_missing_package_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="Notebook is not installed") as caught:
        export(Missing(), RUN, tmp_path)
    assert "pip install" in caught.value.hint


def test_refusal_is_written_beside_the_job(tmp_path: Path) -> None:
    (tmp_path / "job.json").write_text(json.dumps({"tracker": "abacus", "run": RUN.as_dict()}))
    assert main(tmp_path) == 3
    assert json.loads((tmp_path / "error.json").read_text())["error"]["code"] == "unknown_tracker"
    assert not (tmp_path / "result.json").exists()

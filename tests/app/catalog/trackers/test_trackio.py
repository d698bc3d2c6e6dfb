"""trackio's local database."""

import json
import sqlite3
from pathlib import Path

import pytest

from app.catalog.trackers import trackio
from tests.app.catalog.trackers.exported import written


def test_trackio_export_holds_every_step(tmp_path: Path) -> None:
    _, files = written(tmp_path, "trackio")
    (database,) = (files / "trackio").glob("*.db")
    with sqlite3.connect(database) as opened:
        rows = opened.execute("SELECT step, metrics FROM metrics ORDER BY step, id").fetchall()
    assert len(rows) == 1051 and json.loads(rows[3][1])["eval/accuracy"] == 0.25
    assert json.loads(rows[-1][1]) == {"test/accuracy": 0.9}


@pytest.mark.parametrize(
    ("name", "project"),
    [("Support: letters/2", "Support- letters-2"), ("...", "studio"), (" a_b ", "a_b"), ("x" * 200, "x" * 100)],
)
def test_project_is_a_name_that_a_file_can_have(name: str, project: str) -> None:
    assert trackio._project(name) == project

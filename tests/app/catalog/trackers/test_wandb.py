"""The offline folder of Weights & Biases."""

from pathlib import Path

import pytest

from app.catalog.trackers import wandb
from tests.app.catalog.trackers.exported import RUN, written


def test_weights_and_biases_without_key_is_written_offline(tmp_path: Path) -> None:
    result, files = written(tmp_path, "wandb")
    assert result["address"] == ""
    (folder,) = (files / "wandb").glob("offline-run-*")
    content = joined((folder / f"run-{RUN.id}.wandb").read_bytes())
    # The names of settings and metrics stand in the records as text.
    assert all(word in content for word in (b"eval/accuracy", b"method.rank", b"test/accuracy"))


def joined(log: bytes) -> bytes:
    """The records of a log in LevelDB's format: blocks of 32 KiB with parts of (checksum 4, length 2, kind 1, content)."""
    content = b""
    at = 7
    while at + 7 <= len(log):
        left = 32768 - at % 32768
        length = int.from_bytes(log[at + 4 : at + 6], "little")
        if left < 7:
            at += left
            continue
        content += log[at + 7 : at + 7 + length]
        at += 7 + length
    return content


@pytest.mark.parametrize(
    ("name", "project"), [("a/b:c?", "a-b-c-"), ("Letters · 你", "Letters · 你"), ("x" * 200, "x" * 128)]
)
def test_project_loses_the_characters_that_are_refused(name: str, project: str) -> None:
    assert wandb._project(name) == project

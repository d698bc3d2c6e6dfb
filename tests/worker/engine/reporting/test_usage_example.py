"""The download in a stranger's hands: a fresh process with plain transformers and peft gives the studio's answers."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.forked_libraries import LibraryProcess
from tests.methods.choice import every
from tests.tiny import make_spec
from worker.engine.loop.train import train
from worker.engine.reporting.list_report import ListReport


def ask(
    adapter: Path, base: Path, texts: list[str], elsewhere: Path, libraries: LibraryProcess | None = None
) -> list[tuple[str, float]]:
    """Labels and chances that the download's script prints, in a fresh interpreter or one forked from ``libraries``."""
    script, environment = adapter / "use_me.py", {"PATH": os.environ["PATH"], "BASE_MODEL": str(base)}
    if libraries:
        printed = libraries.run(script, texts, elsewhere, environment).text
    else:
        command = [sys.executable, "-I", str(script), *texts]
        offline = {**environment, "HF_HUB_OFFLINE": "1"}
        printed = subprocess.run(command, cwd=elsewhere, env=offline, capture_output=True, text=True, check=True).stdout
    lines = [line.split("\t") for line in printed.splitlines()]
    return [(line[0], float(line[1])) for line in lines]


@pytest.mark.parametrize("kind", every(("lora", "full", "bottleneck-adapter")))
def test_use_me_gives_the_answers_of_the_studio(make_job, tmp_path: Path, kind: str, libraries: LibraryProcess) -> None:
    job = make_job(make_spec({"kind": kind}))
    train(job, ListReport())
    rows = [json.loads(line) for line in (job.folder / "predictions.jsonl").read_text().splitlines()]
    # Moved away: nothing may depend on where the studio keeps it.
    adapter = (job.folder / "adapter").rename(tmp_path / "download")
    # One method as people do it; the others differ in the script, not in how Python starts it.
    shared = None if kind == "lora" else libraries
    result = ask(adapter, job.base_folder, [row["input"] for row in rows], tmp_path, shared)
    assert [label for label, _ in result] == [row["answer"] for row in rows]
    assert [chance for _, chance in result] == pytest.approx([row["score"] for row in rows], abs=1e-4)
    assert len((adapter / "use_me.py").read_text().splitlines()) <= 16


def test_a_download_that_kept_the_probe_answers_as_the_probe(
    make_job, tmp_path: Path, libraries: LibraryProcess
) -> None:
    job = make_job(make_spec(learning_rate=1.0))
    assert train(job, ListReport())["best_step"] == 0
    rows = [json.loads(line) for line in (job.folder / "predictions.jsonl").read_text().splitlines()]
    adapter = (job.folder / "adapter").rename(tmp_path / "download")
    result = ask(adapter, job.base_folder, [row["input"] for row in rows], tmp_path, libraries)
    assert [label for label, _ in result] == [row["base_answer"] for row in rows]

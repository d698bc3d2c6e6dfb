"""The card and the script of a download that gives numbers."""

import json
import os
from pathlib import Path

import pytest

from tests.forked_libraries import LibraryProcess
from tests.tiny import make_spec
from tests.tiny_targets import SCORED
from worker.engine.runtime.training_job import TrainingJob
from worker.engine.tasks.regression.card import example


def test_card_has_every_score(trained_numbers: tuple[TrainingJob, dict]) -> None:
    job, results = trained_numbers
    card = (job.folder / "adapter" / "README.md").read_text()
    assert f"| Pearson correlation | {results['metrics']['pearson']:.4f} | 0.0000 |" in card
    assert "`problem_type` is `regression`" in card and "Gives two texts the numbers `cards`, `length`." in card


def test_script_compiles_for_a_whole_model(tiny_base) -> None:
    one = {**SCORED, "columns": {"text": "text", "score": "cards"}, "labels": ["cards"]}
    compile(example(make_spec({"kind": "full"}, task=one), tiny_base[0]), "use_me.py", "exec")
    script = example(make_spec({"kind": "full"}, task=SCORED), tiny_base[0], "\n")
    compile(script, "use_me.py", "exec")
    assert "sys.argv[1::2], ['\\n' + text for text in sys.argv[2::2]], return_token_type_ids=False" in script


def test_a_fresh_process_gives_the_numbers_of_the_studio(
    trained_numbers: tuple[TrainingJob, dict], libraries: LibraryProcess, tmp_path: Path
) -> None:
    job, _ = trained_numbers
    rows = [json.loads(line) for line in (job.folder / "predictions.jsonl").read_text().splitlines()]
    environment = {"PATH": os.environ["PATH"], "BASE_MODEL": str(job.base_folder)}
    texts = [text for row in rows for text in json.loads(row["input"])]
    printed = libraries.run(job.folder / "adapter" / "use_me.py", texts, tmp_path, environment).text
    for row, line in zip(rows, printed.splitlines(), strict=True):
        assert json.loads(line.split("\t")[0]) == pytest.approx(json.loads(row["answer"]), abs=1e-2)

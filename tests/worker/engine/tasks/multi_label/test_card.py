"""The card and the script of a download that gives several labels."""

import json
import os
from pathlib import Path

from tests.forked_libraries import LibraryProcess
from tests.tiny import make_spec
from tests.tiny_targets import SETS
from worker.engine.runtime.training_job import TrainingJob
from worker.engine.tasks.multi_label.card import example


def test_card_has_every_score(trained_sets: tuple[TrainingJob, dict]) -> None:
    job, results = trained_sets
    card = (job.folder / "adapter" / "README.md").read_text()
    assert (
        f"| Micro-F1 | {results['metrics']['micro_f1']:.4f} | {results['baseline']['majority']['micro_f1']:.4f} |"
        in card
    )
    assert "`problem_type` is `multi_label_classification`" in card and "Gives a text any number of 3 labels." in card


def test_script_compiles_for_a_whole_model(tiny_base) -> None:
    compile(example(make_spec({"kind": "full"}, task=SETS), tiny_base[0]), "use_me.py", "exec")


def test_a_fresh_process_gives_the_answers_of_the_studio(
    trained_sets: tuple[TrainingJob, dict], libraries: LibraryProcess, tmp_path: Path
) -> None:
    job, _ = trained_sets
    rows = [json.loads(line) for line in (job.folder / "predictions.jsonl").read_text().splitlines()]
    environment = {"PATH": os.environ["PATH"], "BASE_MODEL": str(job.base_folder)}
    texts = [row["input"] for row in rows]
    printed = libraries.run(job.folder / "adapter" / "use_me.py", texts, tmp_path, environment).text
    given = [sorted(json.loads(line.split("\t")[0])) for line in printed.splitlines()]
    assert given == [json.loads(row["answer"]) for row in rows]

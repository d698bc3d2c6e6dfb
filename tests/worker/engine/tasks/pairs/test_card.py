"""The card and the script of a download that compares two texts."""

import json
import os
from pathlib import Path

from tests.forked_libraries import LibraryProcess
from tests.tiny import make_spec
from tests.tiny_targets import PAIRS
from worker.engine.runtime.training_job import TrainingJob
from worker.engine.tasks.pairs.card import example


def test_card_has_every_score_and_says_how_two_texts_are_given(trained_pairs: tuple[TrainingJob, dict]) -> None:
    job, results = trained_pairs
    card = (job.folder / "adapter" / "README.md").read_text()
    assert f"| ROC AUC | {results['metrics']['auc']:.4f} | 0.5000 |" in card
    assert "`tokenizer(a, b)`, in the order of `text` and `other`" in card and "TF-IDF on the second text alone" in card


def test_script_writes_what_parts_the_texts_of_a_decoder(tiny_base) -> None:
    script = example(make_spec({"kind": "full"}, task=PAIRS), tiny_base[0], "\n", token_types=False)
    compile(script, "use_me.py", "exec")
    assert (
        """tokenizer(sys.argv[1::2], ['\\n' + text for text in sys.argv[2::2]], return_token_type_ids=False,"""
        in script
    )


def test_a_fresh_process_gives_the_answers_of_the_studio(
    trained_pairs: tuple[TrainingJob, dict], libraries: LibraryProcess, tmp_path: Path
) -> None:
    job, _ = trained_pairs
    rows = [json.loads(line) for line in (job.folder / "predictions.jsonl").read_text().splitlines()]
    environment = {"PATH": os.environ["PATH"], "BASE_MODEL": str(job.base_folder)}
    texts = [text for row in rows for text in json.loads(row["input"])]
    printed = libraries.run(job.folder / "adapter" / "use_me.py", texts, tmp_path, environment).text
    answers = [line.split("\t")[:2] for line in printed.splitlines()]
    assert [answer for answer, _ in answers] == [row["answer"] for row in rows]
    assert all(abs(float(share) - row["score"]) < 1e-4 for (_, share), row in zip(answers, rows, strict=True))

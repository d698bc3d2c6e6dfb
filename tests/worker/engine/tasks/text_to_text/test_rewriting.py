"""A whole run of a decoder: the source is the request, the target the answer."""

import json

from tests.worker.engine.tasks.text_to_text.conftest import Trained


def lines(trained: Trained) -> list[dict]:
    path = trained[0].folder / "predictions.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_decoder_is_scored_beside_a_copy_and_its_base(trained_decoder: Trained) -> None:
    results = trained_decoder[1]
    assert {"copy", "untouched"} <= set(results["baseline"])
    assert set(results["paired"]) == set(results["baseline"])
    assert results["template"]


def test_every_row_of_a_source_is_a_prediction_and_the_source_counts_once(trained_decoder: Trained) -> None:
    results, found = trained_decoder[1], lines(trained_decoder)
    # The last source has two targets.
    assert results["references"] == results["test_rows"] + 1 == len(found)
    twice = [row for row in found if row["input"] == found[-1]["input"]]
    assert len(twice) == 2 and len({row["answer"] for row in twice}) == 1
    assert {row["expected"] for row in twice} == {"38 mocha", "another target"}


def test_instruction_is_no_part_of_what_is_shown(trained_decoder: Trained) -> None:
    assert not any(row["input"].startswith("fix: ") for row in lines(trained_decoder))


def test_samples_are_written_at_every_check(trained_decoder: Trained) -> None:
    assert trained_decoder[2].samples

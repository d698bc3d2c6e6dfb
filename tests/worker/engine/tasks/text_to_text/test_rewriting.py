"""A whole run of a decoder: the source is the request, the target the answer."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from accelerate import Accelerator

from app.errors import StudioError
from tests.worker.engine.tasks.text_to_text.conftest import Trained
from worker.engine.reporting.list_report import ListReport
from worker.engine.tasks.text_to_text.rewriting import Rewriting


def lines(trained: Trained) -> list[dict]:
    path = trained[0].folder / "predictions.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_decoder_is_scored_beside_a_copy_and_its_base(trained_decoder: Trained) -> None:
    results = trained_decoder[1]
    assert {"copy", "untouched"} <= set(results["baseline"])
    assert set(results["paired"]) == set(results["baseline"])
    assert results["template"]
    assert results["sources"] == results["test_rows"]


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


def open_family(trained: Trained, folder: Path, **training: object) -> tuple[Rewriting, ListReport]:
    """The task of a finished run, with its rows read again by other settings."""
    job, report = trained[0], ListReport()
    settings = job.spec.training.model_copy(update=training)
    job = replace(job, spec=job.spec.model_copy(update={"training": settings}), folder=folder)
    return Rewriting(job, report, Accelerator(cpu=True)), report


def test_sources_without_room_for_a_target_are_counted(
    trained_decoder: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    family, report = open_family(trained_decoder, tmp_path)
    family.read()
    lengths = sorted(len(prompt.ids) for prompt in family.sources["test"])
    monkeypatch.setattr(Rewriting, "source_room", lengths[0])
    family, report = open_family(trained_decoder, tmp_path)
    family.read()
    left = sum(length > lengths[0] for length in lengths)
    words = [event["message"] for event in report.events]
    assert left and any(f"{left} of {len(lengths)} test sources are longer than" in message for message in words), words
    assert len(family.prompts) == len(lengths) - left
    monkeypatch.setattr(Rewriting, "source_room", 2)
    with pytest.raises(StudioError, match="Every source of the validation rows"):
        open_family(trained_decoder, tmp_path)[0].read()


def test_rows_whose_target_is_cut_away_are_told(trained_decoder: Trained, tmp_path: Path) -> None:
    family, report = open_family(trained_decoder, tmp_path, max_length=40)
    family.read()
    assert any("Rows without anything to learn within 40 tokens" in event["message"] for event in report.events)
    assert family.splits["train"].left_out == 1

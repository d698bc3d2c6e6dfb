"""A whole run of an encoder-decoder: what it reports, its scores beside the baselines, and its download."""

import json

import pytest

from tests.worker.engine.tasks.text_to_text.conftest import Trained
from worker.engine.tasks.text_to_text.decoding import Decoding


def test_results_hold_every_score_beside_every_baseline(trained_encoder_decoder: Trained) -> None:
    results = trained_encoder_decoder[1]
    assert list(results["metrics"]) == ["chrf", "bleu", "rouge_l", "exact_match", "loss"]
    assert set(results["baseline"]) == set(results["paired"]) == {"copy", "untouched"}
    low, high = results["intervals"]["chrf"]
    assert low <= results["metrics"]["chrf"] <= high
    assert results["paired"]["copy"]["rows"] == results["test_rows"] == results["answered_rows"]
    assert set(results["validation"]) == {"loss", "chrf"}
    assert results["template"] == ""


def test_copy_of_the_source_is_scored_without_the_instruction(trained_encoder_decoder: Trained) -> None:
    """Half of the letters of "3 latte uh no tea" are in "3 tea"; those of "fix: " before it would be counted as wrong."""
    results = trained_encoder_decoder[1]
    assert results["baseline"]["copy"]["rouge_l"] == pytest.approx(4 / 7, abs=0.15)


def test_cut_sides_are_counted_apart(trained_encoder_decoder: Trained) -> None:
    _job, results, report = trained_encoder_decoder
    words = [event["message"] for event in report.events]
    assert any("1 sources and 0 targets" in message for message in words), words
    assert results["cut_rows"] == 1


def test_download_says_how_targets_are_written(trained_encoder_decoder: Trained) -> None:
    job = trained_encoder_decoder[0]
    decoding = Decoding.read(job.folder / "adapter")
    assert (decoding.source_prefix, decoding.num_beams, decoding.max_source_tokens) == ("fix: ", 2, 64)
    config = json.loads((job.folder / "adapter" / "adapter_config.json").read_text())
    assert config["task_type"] == "SEQ_2_SEQ_LM"
    # Encoder and decoder both: self-attention, cross-attention and feed-forward.
    assert {"q", "k", "v", "o", "wi", "wo"} == set(config["target_modules"])


def test_learned_weights_are_as_many_as_the_card_foretells(trained_encoder_decoder: Trained) -> None:
    job, results, _report = trained_encoder_decoder
    assert results["trainable_parameters"] == job.spec.method.trainable_parameters(job.base)

"""Two tiny runs that make texts of texts, by an encoder-decoder and by a decoder, for all tests of this task."""

from pathlib import Path

import pytest
from accelerate.state import AcceleratorState

from app.catalog.card import BaseModelCard
from tests.tiny import write_rows
from tests.tiny_generation import make_chat_card
from tests.tiny_rewriting import make_encoder_decoder, make_pair_spec, pair
from worker.engine.loop.train import train
from worker.engine.reporting.list_report import ListReport
from worker.engine.runtime.training_job import TrainingJob
from worker.engine.tasks.text_to_text import prompts, rewriting

Trained = tuple[TrainingJob, dict, ListReport]


@pytest.fixture(scope="session")
def encoder_decoder(tmp_path_factory: pytest.TempPathFactory) -> tuple[BaseModelCard, Path]:
    """A tiny T5."""
    folder = tmp_path_factory.mktemp("tiny-t5")
    return make_encoder_decoder(folder), folder


@pytest.fixture(scope="session")
def pair_rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty rows; the last one's source has a second target, and one source is longer than is read."""
    folder = tmp_path_factory.mktemp("pairs")
    pairs = [pair(number) for number in range(39)]
    pairs[0] = ("0 " + "uh " * 40 + "tea", "0 tea")
    pairs.append((pairs[-1][0], "another target"))
    write_rows(folder, {"source": [one for one, _ in pairs], "target": [other for _, other in pairs]}, first_line=1)
    return folder


def _run(base: tuple[BaseModelCard, Path], rows: Path, folder: Path, **training: object) -> Trained:
    AcceleratorState._reset_state(reset_partial_state=True)
    spec = make_pair_spec(source_prefix="fix: ", measure_forgetting="no", **training)
    job = TrainingJob(spec, base[0], base[1], rows / "rows.parquet", rows / "splits.json", folder, None)
    report = ListReport()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prompts, "MOST_TOKENS", 16)
        patch.setattr(rewriting, "CHECKED_SOURCES", 4)
        return job, train(job, report), report


@pytest.fixture(scope="session")
def trained_encoder_decoder(
    encoder_decoder: tuple[BaseModelCard, Path], pair_rows: Path, tmp_path_factory: pytest.TempPathFactory
) -> Trained:
    """A finished run of the tiny T5 with LoRA and two beams."""
    return _run(encoder_decoder, pair_rows, tmp_path_factory.mktemp("t5-job"), beams=2)


@pytest.fixture(scope="session")
def trained_decoder(pair_rows: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A finished run of the tiny chat model with LoRA."""
    base = tmp_path_factory.mktemp("tiny-chat")
    return _run((make_chat_card(base), base), pair_rows, tmp_path_factory.mktemp("chat-job"), max_length=128)

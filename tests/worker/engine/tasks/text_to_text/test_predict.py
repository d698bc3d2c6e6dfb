"""A download writes what the run wrote, for any text."""

import json

import pytest

from app.errors import Rejected
from tests.worker.engine.tasks.text_to_text.conftest import Trained
from worker.engine.tasks.text_to_text.predict import TargetWriter


def written(trained: Trained) -> dict[str, str]:
    path = trained[0].folder / "predictions.jsonl"
    return {row["input"]: row["answer"] for row in map(json.loads, path.read_text(encoding="utf-8").splitlines())}


@pytest.mark.parametrize("name", ["trained_encoder_decoder", "trained_decoder"])
def test_download_writes_what_the_run_wrote(name: str, request: pytest.FixtureRequest) -> None:
    trained: Trained = request.getfixturevalue(name)
    job, expected = trained[0], written(trained)
    answers = TargetWriter(job.folder / "adapter", job.base_folder, job.base).predict(list(expected))
    assert [answer["text"] for answer in answers] == list(expected.values())
    assert not any(answer["cut"] for answer in answers)


def test_long_source_is_cut_by_an_encoder_and_refused_by_a_decoder(
    trained_encoder_decoder: Trained, trained_decoder: Trained
) -> None:
    job = trained_encoder_decoder[0]
    (answer,) = TargetWriter(job.folder / "adapter", job.base_folder, job.base).predict(["tea " * 100])
    assert answer["cut"]
    job = trained_decoder[0]
    with pytest.raises(Rejected, match="tokens"):
        TargetWriter(job.folder / "adapter", job.base_folder, job.base).predict(["tea " * 100])

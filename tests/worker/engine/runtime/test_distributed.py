"""Two processes learn what one learns: the same rows in each update, whatever the portions, and the same checks.

Numbers are added in another job, so equality is a matter of rounding: measured were 3e-6 in losses and gradients and 1e-6
in weights at most, of numbers with seven digits. A resumed pair equals its uninterrupted twin bitwise.
"""

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from app.catalog.card import BaseModelCard
from app.catalog.spec import RunSpec
from tests.tiny import make_base, make_rows, make_spec
from tests.tiny_generation import make_chat_card, make_chat_rows, make_chat_spec
from worker.engine.loop.train import train
from worker.engine.reporting.list_report import ListReport
from worker.engine.runtime.training_job import TrainingJob

LOSS_BOUND, WEIGHT_BOUND = 1e-5, 1e-5
DEADLINE_SECONDS = 300
Plan = list[dict[str, Any]]

CASES: dict[str, dict[str, Any]] = {
    "an uneven last update": {},
    "gradient accumulation": {"accumulation": 3},
    "an update of one row": {"batch_size": 41},
    "stopping early": {"patience": 1, "epochs": 6, "learning_rate": 1e-6, "evaluations_per_epoch": 2},
}


def without_dropout(folder: Path) -> BaseModelCard:
    """The draws of two processes are not those of one, so dropout is off where one is compared with two."""
    card = make_base(folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(
        json.dumps({**config, "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0})
    )
    return card


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ranks")


def make_job(
    place: Path, name: str, card: BaseModelCard, base: Path, rows: Path, spec: RunSpec, **more: Any
) -> TrainingJob:
    folder = place / name.replace(" ", "-")
    folder.mkdir()
    return TrainingJob(spec, card, base, rows / "rows.parquet", rows / "splits.json", folder, **more)


def planned(job: TrainingJob) -> dict[str, Any]:
    return {
        "spec": job.spec.model_dump(mode="json"),
        "card": asdict(job.base),
        "base": str(job.base_folder),
        "rows": str(job.rows),
        "splits": str(job.splits),
        "folder": str(job.folder),
        "portions": job.portions,
        "resume_from": str(job.resume_from) if job.resume_from else None,
    }


def run_together(path: Path, plan: Plan, count: int = 2) -> None:
    path.write_text(json.dumps(plan))
    log = path.with_suffix(".log").open("wb")
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.worker.engine.runtime.distributed_training", str(path)],
            env={**os.environ, "RANK": str(number), "WORLD_SIZE": str(count)},
            stdout=log,
            stderr=log,
        )
        for number in range(count)
    ]
    try:
        codes = [entry.wait(DEADLINE_SECONDS) for entry in started]
    finally:
        for entry in started:
            entry.kill()
    assert codes == [0] * count, path.with_suffix(".log").read_text()[-3000:]


@pytest.fixture(scope="module")
def pairs(place: Path) -> dict[str, tuple[TrainingJob, TrainingJob, ListReport]]:
    """Case -> (one process, two processes, the report of the one); all pairs are trained by the same two processes."""
    rows, base, dropping = place / "rows", place / "base", place / "dropping"
    chat, talks = place / "chat", place / "talks"
    for folder in (rows, base, dropping, chat, talks):
        folder.mkdir()
    make_rows(rows)
    make_chat_rows(talks)
    card, careless, speaker = without_dropout(base), make_base(dropping), make_chat_card(chat)
    found: dict[str, tuple[TrainingJob, TrainingJob, ListReport]] = {}

    def both(name: str, *where: Any, **more: Any) -> None:
        one, two = (make_job(place, f"{count} {name}", *where, **more) for count in ("one", "two"))
        found[name] = (one, two, ListReport())

    lora = {"kind": "lora", "rank": 4, "dropout": 0.0}
    for name, training in CASES.items():
        both(name, card, base, rows, make_spec(lora, **training))
    both("smaller portions", card, base, rows, make_spec(lora), portions=2)
    both("an untouched part", card, base, rows, make_spec({**lora, "layers": "last 1"}))
    both("conversations", speaker, chat, talks, make_chat_spec(lora))
    both("dropout", careless, dropping, rows, make_spec())
    twin = found["dropout"][1]
    again = make_job(
        place, "again", careless, dropping, rows, make_spec(), resume_from=twin.folder / "checkpoints" / "step-6"
    )
    found["resumed"] = (twin, again, ListReport())
    run_together(place / "plan.json", [planned(two) for _, two, _ in found.values()])
    return found


def points(job: TrainingJob, key: str) -> list[tuple[int, float]]:
    body = json.loads((job.folder / "reported.json").read_text())["metrics"]
    return [(step, value) for name, step, value in body if name == key]


def weights(job: TrainingJob) -> dict[str, torch.Tensor]:
    return {
        f"{path.name} {name}": entry
        for path in sorted((job.folder / "adapter").glob("*.safetensors"))
        for name, entry in load_file(path).items()
    }


@pytest.mark.parametrize("name", [*CASES, "smaller portions", "conversations"])
def test_two_processes_learn_what_one_learns(pairs: dict, name: str) -> None:
    one, two, report = pairs[name]
    train(one, report)
    for key in ("train/loss", "train/grad_norm", "eval/loss"):
        alone, together = report.curve(key), points(two, key)
        assert [step for step, _ in together] == [step for step, _ in alone], key
        far = max(abs(a - b) / max(1.0, abs(a)) for (_, a), (_, b) in zip(alone, together, strict=True))
        assert far < LOSS_BOUND, f"{key} differs by {far:.1e}"
    expected, found = weights(one), weights(two)
    assert expected.keys() == found.keys()
    far = max(float((expected[name] - found[name]).abs().max()) for name in expected)
    assert far < WEIGHT_BOUND, f"weights differ by {far:.1e}"
    results = [json.loads((job.folder / "result.json").read_text()) for job in (one, two)]
    assert [result["devices"] for result in results] == [1, 2]
    for key in ("best_step", "total_steps", "trainable_parameters"):
        assert results[0][key] == results[1][key]


def test_a_pair_that_goes_on_equals_its_uninterrupted_twin_bitwise(pairs: dict) -> None:
    twin, again, _ = pairs["resumed"]
    expected, found = weights(twin), weights(again)
    assert all(torch.equal(expected[name], found[name]) for name in expected)
    assert points(again, "train/loss") == [point for point in points(twin, "train/loss") if point[0] > 6]
    body = json.loads((again.folder / "reported.json").read_text())["events"]
    assert "Continuing after step 6 of 12." in body

"""Runs that write: what they leave, how they learn, what a stranger gets from the download."""

import dataclasses
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate import Accelerator
from safetensors.torch import load_file

from app import manifest
from app.catalog.card import BaseModelCard
from app.catalog.loss_mask import LossMasker, open_masker
from app.catalog.methods import METHODS
from app.catalog.task_types.generative import Example
from app.run_report import Stopped
from tests.forked_libraries import LibraryProcess
from tests.tiny_chat import make_tokenizer
from tests.tiny_generation import make_chat_card, make_chat_rows, make_chat_spec, talk, write_rows
from worker.engine.batching.packing import IGNORED
from worker.engine.loop.train import train
from worker.engine.reporting.list_report import ListReport
from worker.engine.runtime.training_job import TrainingJob
from worker.engine.tasks.generation import samples
from worker.engine.tasks.generation.generation import Examples
from worker.engine.tasks.generation.model import CausalLM
from worker.engine.tasks.registry import open_family

MakeJob = Callable[..., TrainingJob]
# One of each way to tune a decoder: beside, inside, before the text, all of it, and on a base model in 4 bits.
KINDS = ["lora", "full", "prompt-tuning", "prefix-tuning", "bottleneck-adapter", "qlora"]
SOFT = {"prompt-tuning", "prefix-tuning", "p-tuning"}
KNOWN = {method.model_fields["kind"].default for method in METHODS}


@pytest.fixture
def chat_job(chat_base: tuple[BaseModelCard, Path], tmp_path: Path) -> MakeJob:
    """Jobs with folders of their own; ``columns`` of cells replace the usual conversations."""
    count = 0

    def make(
        spec: Any = None, columns: dict[str, list[str]] | None = None, resume_from: Path | None = None
    ) -> TrainingJob:
        nonlocal count
        count += 1
        folder, rows = tmp_path / f"attempt-{count}", tmp_path / f"rows-{count}"
        folder.mkdir()
        rows.mkdir()
        write_rows(rows, columns) if columns else make_chat_rows(rows)
        card, base = chat_base
        return TrainingJob(
            spec or make_chat_spec(),
            card,
            base,
            rows / "rows.parquet",
            rows / "splits.json",
            folder,
            resume_from=resume_from,
        )

    return make


def answers_of(job: TrainingJob) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (job.folder / "predictions.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind in KNOWN])
def test_a_run_learns_to_answer_and_leaves_everything(chat_job: MakeJob, kind: str) -> None:
    job, report = chat_job(make_chat_spec({"kind": kind}, epochs=3)), ListReport()
    results = train(job, report)
    tuned, base = results["metrics"], results["baseline"]["untouched"]
    assert tuned["perplexity"] < base["perplexity"]
    low, high = results["intervals"]["perplexity"]
    assert low <= tuned["perplexity"] <= high
    assert results["change"]["interval"][1] < 0
    assert results["change"]["loss"] == pytest.approx(tuned["loss"] - base["loss"])
    prompted = results["changes"]["few_shot"]
    assert prompted["interval"][0] <= prompted["loss"] <= prompted["interval"][1] and prompted["rows"] > 0
    assert results["packed"] == (kind not in SOFT)
    assert [step for step, _ in report.curve("eval/perplexity")] == [4, 8, 12]
    assert manifest.holds(job.folder / "adapter")
    rows = answers_of(job)
    assert rows and all(row["expected"] and row["input"] for row in rows)
    assert results["template"] == "the model's own"
    assert not [path for path in (job.folder / "adapter").rglob("*") if path.suffix in {".bin", ".pt", ".pkl"}]


def test_every_check_shows_answers_beside_the_bases_and_changes_nothing(
    chat_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, report = chat_job(make_chat_spec(epochs=3)), ListReport()
    train(job, report)
    checks = [step for step, _ in report.curve("eval/perplexity")]
    shown = {step: [sample for sample in report.samples if sample["step"] == step] for step in checks}
    validation = set(json.loads(job.splits.read_text())["validation"])
    rows = [entry["row_id"] for entry in shown[checks[0]]]
    assert len(rows) == 4 and set(rows) <= validation
    for step in checks:
        assert [entry["row_id"] for entry in shown[step]] == rows
        # The untouched model says the same each time.
        assert [entry["base_answer"] for entry in shown[step]] == [entry["base_answer"] for entry in shown[checks[0]]]
        assert all(entry["input"] and entry["expected"] for entry in shown[step])
    assert [entry["answer"] for entry in shown[checks[-1]]] != [entry["base_answer"] for entry in shown[checks[-1]]]

    monkeypatch.setattr("worker.engine.tasks.generation.generation.Generation.report_samples", lambda *_: None)
    silent = chat_job(make_chat_spec(epochs=3))
    train(silent, ListReport())
    name = Path("adapter") / "adapter_model.safetensors"
    assert (silent.folder / name).read_bytes() == (job.folder / name).read_bytes()


def test_the_best_check_by_perplexity_is_kept(chat_job: MakeJob) -> None:
    job, report = chat_job(make_chat_spec(epochs=3, learning_rate=0.05)), ListReport()
    results = train(job, report)
    checks = dict(report.curve("eval/perplexity"))
    assert results["best_step"] == min(checks, key=lambda step: checks[step])


@pytest.mark.parametrize("step", [2, 5])
def test_stopped_and_resumed_equals_its_uninterrupted_twin(chat_job: MakeJob, step: int) -> None:
    twin = chat_job()
    train(twin, ListReport())
    stopped = chat_job()
    with pytest.raises(Stopped):
        train(stopped, ListReport(stop_at=step))
    resumed = chat_job(resume_from=stopped.folder / "checkpoints" / f"step-{step}")
    train(resumed, ListReport())
    name = Path("adapter") / "adapter_model.safetensors"
    assert (resumed.folder / name).read_bytes() == (twin.folder / name).read_bytes()
    assert answers_of(resumed) == answers_of(twin)


def test_conversations_are_tokenised_once_for_all_runs_that_see_them_alike(
    chat_job: MakeJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marked: list[Example] = []
    mask = LossMasker.mask
    monkeypatch.setattr(LossMasker, "mask", lambda self, example: (marked.append(example), mask(self, example))[1])

    def parts(**training: Any) -> Any:
        job = dataclasses.replace(chat_job(make_chat_spec(**training)), cache=tmp_path / "cache")
        family = open_family(job, ListReport(), Accelerator(mixed_precision="no"))
        marked.clear()
        family.read()
        return family.splits

    first = parts()
    assert len(marked) == 40
    assert parts() == first and not marked
    shorter = parts(max_length=20)
    assert not marked and shorter["train"].cut_rows and max(shorter["train"].lengths) == 20
    everything = parts(learn_from="everything")
    assert len(marked) == 40
    assert everything["train"].examples[0].weight > first["train"].examples[0].weight


def test_portions_and_packing_change_nothing_but_rounding(chat_job: MakeJob, monkeypatch: pytest.MonkeyPatch) -> None:
    def losses(**settings: Any) -> list[float]:
        report = ListReport()
        train(chat_job(make_chat_spec({"kind": "lora", "rank": 4, "dropout": 0}, **settings)), report)
        return [value for _, value in report.curve("train/loss")]

    packed = losses()
    assert losses(accumulation=4) == pytest.approx(packed, rel=1e-4)
    monkeypatch.setattr("worker.engine.tasks.generation.generation.keeps_apart", lambda *_: False)
    assert losses() == pytest.approx(packed, rel=1e-4)


def test_only_what_is_to_be_learned_moves_the_loss(model: CausalLM, examples_of: Any) -> None:
    examples = examples_of(talk("Hi", "Hello", "More?", "No"))
    rows = Examples(examples, 0, torch.device("cpu"))
    # "Hello", "No" and an end mark each, all of them single bytes.
    assert rows.weight([[0]]) == len("Hello") + len("No") + 2
    decoder = model.decoder
    tokens = torch.tensor([examples[0].ids])
    labels = torch.where(torch.tensor([examples[0].loss_mask]), tokens, IGNORED)
    oracle = decoder(input_ids=tokens, labels=labels).loss
    assert float(rows.loss(model, [0]) / rows.weight([[0]])) == pytest.approx(float(oracle), rel=1e-5)


@pytest.mark.parametrize("kind", [pytest.param("lora", marks=pytest.mark.methods), "prompt-tuning"])
def test_a_stranger_gets_the_same_words(
    chat_job: MakeJob,
    chat_base: Any,
    tmp_path: Path,
    libraries: LibraryProcess,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    # As many tokens as the script generates at most.
    monkeypatch.setattr(samples, "MAX_TOKENS", 96)
    job = chat_job(make_chat_spec({"kind": kind}, epochs=6, learning_rate=0.02, warmup_ratio=0.06))
    train(job, ListReport())
    asked = [row for row in answers_of(job) if "\n" not in row["input"] and "answer" in row][:3]
    adapter = (job.folder / "adapter").rename(tmp_path / "download")
    environment = {"PATH": os.environ["PATH"], "BASE_MODEL": str(chat_base[1])}
    done = libraries.run(adapter / "use_me.py", [row["input"] for row in asked], tmp_path, environment)
    # An untrained byte model may write NUL, which no database takes.
    printed = done.text.replace("\0", "\N{REPLACEMENT CHARACTER}")
    assert printed.strip("\n") == "\n".join(row["answer"] for row in asked).strip("\n")


def test_instructions_and_running_text_run_too(chat_job: MakeJob) -> None:
    pairs = {"q": [f"Say {n % 4}" for n in range(40)], "a": [f"It is {n % 4}." for n in range(40)]}
    spec = make_chat_spec(task_type="instruction", columns={"prompt": "q", "response": "a"}, epochs=3)
    asked = train(chat_job(spec, pairs), ListReport())
    assert asked["metrics"]["perplexity"] < asked["baseline"]["untouched"]["perplexity"]
    assert 0 <= asked["metrics"]["rouge_l"] <= 1
    tales = {"text": [f"Once upon a time there were {n} kings, and they were all very happy." for n in range(40)]}
    spec = make_chat_spec(task_type="continued-pretraining", columns={"text": "text"}, epochs=3, max_length=32)
    report = train(chat_job(spec, tales), ListReport())
    assert report["metrics"]["perplexity"] < report["baseline"]["untouched"]["perplexity"]
    assert report["cut_rows"] == 0


def test_a_model_without_a_template_gets_one_that_travels(tmp_path: Path, chat_job: MakeJob) -> None:
    base = tmp_path / "plain-base"
    card = make_chat_card(base)
    (base / "chat_template.jinja").unlink()
    job = chat_job(make_chat_spec(max_length=160))
    job = TrainingJob(**{**vars(job), "base": card, "base_folder": base})
    report = ListReport()
    results = train(job, report)
    assert results["template"] == "plain turns"
    assert "plain turns" in report.events[0]["message"]
    assert "### Assistant:" in (job.folder / "adapter" / "chat_template.jinja").read_text()
    assert "plain turns" in (job.folder / "adapter" / "README.md").read_text()


def test_tokens_of_the_engine_are_those_of_the_preview(chat_base: tuple[BaseModelCard, Path]) -> None:
    """The browser's preview uses the tokenizer's file, the engine transformers' object."""
    _, base = chat_base
    example = talk("Grüße, 你好", "Ja.")
    backend = make_tokenizer().backend_tokenizer
    marked = open_masker(base).mask(example)
    assert marked.ids == backend.encode(marked.text, add_special_tokens=False).ids


def test_only_the_adapter_learns(chat_job: MakeJob) -> None:
    job = chat_job()
    train(job, ListReport())
    assert all("lora_" in name for name in load_file(job.folder / "adapter" / "adapter_model.safetensors"))


def test_a_run_that_asks_for_it_tells_its_loss_on_general_text(chat_job: MakeJob) -> None:
    report = train(chat_job(make_chat_spec(measure_forgetting="yes")), ListReport())["forgetting"]
    assert report["unit"] == "loss" and report["rows"] > 50 and report["limits"] == [0.05, 0.2]
    assert report["change"] == pytest.approx(report["after"] - report["before"]) and report["change"] != 0
    assert (report["level"] == "kept") == (report["change"] < 0.05)

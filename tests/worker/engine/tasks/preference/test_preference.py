"""Runs that learn from preferences: what they leave, and that the reference is the model with its adapter switched off."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate import Accelerator
from peft import PeftModel

from app.catalog.card import BaseModelCard
from app.catalog.methods import METHODS
from app.catalog.methods.capabilities import can
from app.errors import StudioError
from tests.forked_libraries import LibraryProcess
from tests.worker.engine.tasks.preference.conftest import MakeJob, preference_spec
from worker.engine.loop.train import train
from worker.engine.reporting.list_report import ListReport
from worker.engine.runtime.training_job import TrainingJob
from worker.engine.tasks.preference.preference import Preferences

CAUSAL = [str(method.model_fields["kind"].default) for method in METHODS if "preference" in method.task_types]

MARGINS = """
import json, os, sys, torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer
adapter, base = sys.argv[1:3]
tokenizer = AutoTokenizer.from_pretrained(adapter)
model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32), adapter).eval()
def logp(asked, answer):
    start = tokenizer.apply_chat_template(asked, add_generation_prompt=True, return_dict=True)["input_ids"]
    ids = tokenizer.apply_chat_template([*asked, {"role": "assistant", "content": answer}], return_dict=True)["input_ids"]
    with torch.no_grad():
        table = model(torch.tensor([ids])).logits[0, :-1].log_softmax(-1)
    return sum(float(table[at - 1, ids[at]]) for at in range(len(start), len(ids)))
for line in sys.argv[3:]:
    asked, one, other = json.loads(line)
    tuned = logp(asked, one) - logp(asked, other)
    with model.disable_adapter():
        print(0.1 * (tuned - logp(asked, one) + logp(asked, other)))
"""


def predictions_of(job: TrainingJob) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (job.folder / "predictions.jsonl").read_text().splitlines()]


def test_a_run_learns_what_is_preferred_and_leaves_everything(
    trained: tuple[TrainingJob, dict[str, Any], ListReport],
) -> None:
    job, results, report = trained
    assert (results["loss"], results["beta"], results["test_rows"]) == ("dpo", 0.1, 9)
    assert results["metrics"]["preference_accuracy"] == 1.0 and results["metrics"]["reward_margin"] > 0
    assert results["metrics"]["kl"] > 0
    low, high = results["intervals"]["preference_accuracy"]
    # Wilson's interval of 9 of 9.
    assert (low, high) == (pytest.approx(0.7008, abs=1e-4), 1.0)
    assert set(results["baseline"]) == {"longer_answer", "untouched"} == set(results["paired"])
    # "A latte, sir" is always longer than "No latte".
    assert results["baseline"]["longer_answer"]["preference_accuracy"] == 1.0
    losses = [value for _, value in report.curve("eval/loss")]
    # Before the first update every margin is 0, and the loss the logarithm of 2.
    assert losses[-1] < losses[0] < 0.6932
    rows = predictions_of(job)
    assert {row["expected"] for row in rows} == {"chosen"} and all(row["score"] > 0 for row in rows)
    assert "[chosen]\nA " in rows[0]["input"] and "[rejected]\nNo " in rows[0]["input"]
    assert report.samples, "what the model writes is shown at every check"
    card = (job.folder / "adapter" / "README.md").read_text()
    assert "DPO (direct preference optimisation" in card and "guessing reaches 50 %" in card


def test_a_stranger_gets_the_same_margins(
    trained: tuple[TrainingJob, dict[str, Any], ListReport],
    chat_base: tuple[BaseModelCard, Path],
    tmp_path: Path,
    libraries: LibraryProcess,
) -> None:
    job, _, _ = trained
    rows = predictions_of(job)[:3]
    script = tmp_path / "margins.py"
    script.write_text(MARGINS)
    asked = []
    for row in rows:
        request, _, rest = row["input"].partition("\n\n[chosen]\n")
        one, _, other = rest.partition("\n\n[rejected]\n")
        asked.append(json.dumps([[{"role": "user", "content": request}], one, other]))
    done = libraries.run(
        script, [str(job.folder / "adapter"), str(chat_base[1]), *asked], tmp_path, {"PATH": os.environ["PATH"]}
    )
    assert [float(line) for line in done.text.split()] == pytest.approx([row["score"] for row in rows], abs=1e-4)


@pytest.mark.parametrize("loss", ["ipo", "orpo", "simpo", "kto"])
def test_every_loss_learns(preference_job: MakeJob, loss: str) -> None:
    spec = preference_spec(epochs=2, preference_loss=loss, evaluations_per_epoch=2)
    report = ListReport()
    results = train(preference_job(spec), report)
    assert results["loss"] == loss and results["metrics"]["preference_accuracy"] == 1.0
    assert report.curve("eval/loss")[-1][1] < report.curve("eval/loss")[0][1]


def test_thumbs_are_learned_by_kto_and_tested_in_pairs(preference_job: MakeJob) -> None:
    job = preference_job(preference_spec(marks=True, epochs=2))
    results = train(job, ListReport())
    assert results["loss"] == "kto" and results["marked"]
    # Every request has one answer, so that likelihoods of the base model cannot be held against each other.
    assert results["unlike_pairs"] == results["test_rows"]
    assert results["paired"] == results["length_bias"] == {} and set(results["baseline"]) == {"untouched"}
    assert set(results["baseline"]["untouched"]) == {"chosen_perplexity"}
    assert {row["base_answer"] for row in predictions_of(job)} == {None}
    assert results["metrics"]["preference_accuracy"] > 0.5 and 1 <= results["test_rows"] <= 4
    with pytest.raises(StudioError, match="compares two answers"):
        train(preference_job(preference_spec(marks=True, preference_loss="dpo")), ListReport())


def test_portions_and_resumption_change_nothing(preference_job: MakeJob) -> None:
    def losses(**settings: Any) -> list[float]:
        report = ListReport()
        spec = preference_spec({"kind": "lora", "rank": 4, "dropout": 0}, epochs=1, preference_loss="kto", **settings)
        train(preference_job(spec), report)
        return [value for _, value in report.curve("train/loss")]

    assert losses(accumulation=4) == pytest.approx(losses(), rel=1e-4)


@pytest.mark.parametrize(
    "kind", [kind if kind == "lora" else pytest.param(kind, marks=pytest.mark.methods) for kind in CAUSAL]
)
def test_the_reference_is_the_model_before_it_learned(preference_job: MakeJob, kind: str) -> None:
    """What was measured before training is what the trained model says with its adapter switched off."""
    job = preference_job(preference_spec({"kind": kind}, epochs=1))
    family = Preferences(job, ListReport(), Accelerator(cpu=True))
    family.read()
    family.load()
    family.measure_base()
    family.adapt(8)
    before = family.reference
    assert before is not None
    parameters = [parameter for parameter in family.model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.SGD(parameters, lr=0.1)
    for _ in range(2):
        family.model.train()
        loss = family.training_data.loss(family.model, [0, 1, 2, 3])
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    assert torch.isfinite(loss)
    if isinstance(family.body, PeftModel) and can(job.spec.method, "switch_off"):
        family.model.eval()
        with family.body.disable_adapter():
            now = -family._read("test", exact=True).losses
        assert now.tolist() == pytest.approx(before.answers["test"].tolist(), abs=2e-2 if kind == "qlora" else 2e-3)

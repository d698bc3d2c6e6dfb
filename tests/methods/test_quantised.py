"""Base models in 4 and 8 bits: what claims to train on them does, also after an evaluation, and comes back."""

from pathlib import Path

import pytest
import torch
from torch import nn

from app.catalog.methods.base import RunContext
from app.catalog.methods.capabilities import CAUSAL, SEQUENCES
from tests.methods import models
from tests.methods.choice import make, pairs
from worker.engine.loop.gradient_check import GradientCheck
from worker.engine.modeling.quantization import keep_differentiable, loading_arguments

QUICK = {("lora", "nf4"), ("lora", "int8")}


def cases() -> list[object]:
    found = []
    for precision in ("nf4", "int8"):
        for pair in pairs((CAUSAL, SEQUENCES), precision):
            kind, model = pair.values
            if model in (CAUSAL, SEQUENCES) and kind not in ("full", "head-only", "qlora"):
                marks = () if (kind, precision) in QUICK else (pytest.mark.methods,)
                found.append(pytest.param(kind, model, precision, marks=marks, id=f"{kind}-{model}-{precision}"))
    return found


def load(folder: Path, kind: str, precision: str, head_seed: int) -> nn.Module:
    heads = models.KINDS[kind].heads
    original = models.make_model(kind, head_seed)
    original.save_pretrained(folder)
    return keep_differentiable(type(original).from_pretrained(folder, **loading_arguments(precision, heads)))


@pytest.mark.parametrize(("kind", "model", "precision"), cases())
def test_it_learns_through_evaluations_and_comes_back(tmp_path: Path, kind: str, model: str, precision: str) -> None:
    method = make(kind)
    quantised = load(tmp_path / "one", model, precision, 0)
    inputs = {name: entry for name, entry in models.make_batch(model).items() if name != "labels"}
    torch.manual_seed(3)
    tuned = method.apply(
        quantised, RunContext(total_steps=30, seed=3, heads=models.KINDS[model].heads, batches=[inputs])
    )
    rate = 2 * method.recommended_learning_rate(models.card(model))
    # The evaluation before learning is what ended it on processors with bf16 instructions.
    models.logits_of(tuned, model)
    losses = models.learn(method, tuned, model, rate, steps=10)
    models.logits_of(tuned, model)
    losses += models.learn(method, tuned, model, rate, steps=10, start=11)
    assert min(losses) < 0.97 * losses[0]
    wanted = models.logits_of(tuned, model)
    tuned.train()
    models.loss_of(tuned, model).backward()
    new = models.KINDS[model].heads
    added = [
        weight for name, weight in tuned.named_parameters() if weight.requires_grad and not any(n in name for n in new)
    ]
    assert any(entry.grad is not None and bool(entry.grad.any()) for entry in added)
    method.save(tuned, tmp_path / "adapter", "tests/tiny")
    again = method.load(load(tmp_path / "two", model, precision, 99), tmp_path / "adapter")
    torch.testing.assert_close(models.logits_of(again, model), wanted, rtol=0, atol=1e-4)


def test_a_method_that_learns_nothing_is_noticed_at_the_first_update() -> None:
    tuned = models.apply(make("lora"), CAUSAL)
    check = GradientCheck(tuned, start=0, last=30)
    with pytest.raises(Exception, match="received a gradient"):
        check.after_backward(1)


def test_a_method_that_does_not_move_is_noticed_after_some_updates() -> None:
    tuned = models.apply(make("lora"), CAUSAL)
    check = GradientCheck(tuned, start=0, last=30)
    models.loss_of(tuned, CAUSAL).backward()
    for step in range(1, 20):
        check.after_backward(step)
        check.after_update(step)
    with pytest.raises(Exception, match="has changed"):
        check.after_update(20)

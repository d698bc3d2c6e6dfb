"""Routed adapters: the numbers of peft's own Arrow, in a folder that anybody can load."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from peft import ArrowConfig, create_arrow_model
from peft.tuners.lora.arrow import ArrowLoraLinearLayer

from app.catalog.methods.routed import Routed
from app.errors import Rejected
from tests.methods import models
from tests.methods.choice import make
from tests.methods.models import CAUSAL
from worker.engine.merging.arrow_routing import prototype, route
from worker.engine.merging.combine import Recipe, combine

ALONE = """
import sys
import torch
sys.path.insert(0, sys.argv[1])
import arrow
from peft import PeftModel
from transformers import AutoModelForCausalLM
model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(sys.argv[2]), sys.argv[1]).eval()
with torch.no_grad():
    print(model(input_ids=torch.tensor([[2, 5, 6, 7, 3]])).logits.flatten().tolist())
"""


def logits(model: torch.nn.Module, ids: torch.Tensor | None = None) -> torch.Tensor:
    with torch.no_grad():
        return model(input_ids=torch.tensor([[2, 5, 6, 7, 3]]) if ids is None else ids).logits


def rows(half: int) -> torch.Tensor:
    """Eight sentences of one half of the vocabulary; each half follows a rule of its own."""
    rng = torch.Generator().manual_seed(7)
    start = torch.randint(0, 18, (8, 1), generator=rng)
    steps = torch.arange(10) * (1 if half == 0 else 5)
    return 2 + 19 * half + (start + steps) % 18


def learn(half: int, folder: Path, rank: int = 4, **settings: object) -> Path:
    """A LoRA that has learned one half by heart."""
    model = models.make_model(CAUSAL)
    torch.manual_seed(half)
    method = make("lora", rank=rank, alpha=8, dropout=0.0, **settings)
    tuned = method.apply(model)
    optimizer = torch.optim.AdamW([parameter for parameter in tuned.parameters() if parameter.requires_grad], lr=1e-2)
    for _ in range(20):
        tuned(input_ids=rows(half), labels=rows(half)).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    method.save(tuned, folder, "tests/tiny")
    return folder


@pytest.fixture(scope="module")
def halves(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return [learn(half, tmp_path_factory.mktemp("half")) for half in (0, 1)]


@pytest.mark.parametrize(("top_k", "temperature"), [(1, 1.0), (2, 1.0), (2, 0.2)])
def test_it_gives_the_logits_of_pefts_own_arrow_model(
    halves: list[Path], monkeypatch: pytest.MonkeyPatch, top_k: int, temperature: float
) -> None:
    # peft ends its power iteration after fifteen rounds; run to the end it finds the very same directions.
    monkeypatch.setattr(ArrowLoraLinearLayer.top_right_singular_vec_from_BA, "__defaults__", (600, 1e-12))
    config = ArrowConfig(top_k=top_k, router_temperature=temperature, rng_seed=1)
    theirs = create_arrow_model(models.make_model(CAUSAL), [str(halve) for halve in halves], config).eval()
    ours = route(models.make_model(CAUSAL), halves, top_k, temperature)
    torch.testing.assert_close(logits(ours), logits(theirs), rtol=0, atol=1e-4)


def test_choosing_all_alike_is_the_average_and_choosing_one_is_not(halves: list[Path]) -> None:
    average = logits(combine(models.make_model(CAUSAL), halves, Recipe()))
    alike = logits(route(models.make_model(CAUSAL), halves, 2, 1e6))
    torch.testing.assert_close(alike, average, rtol=0, atol=1e-3)
    assert float((logits(route(models.make_model(CAUSAL), halves, 1, 1.0)) - average).abs().max()) > 0.1


@pytest.mark.methods
def test_saved_it_loads_in_a_fresh_process_with_peft_and_one_file(halves: list[Path], tmp_path: Path) -> None:
    models.make_model(CAUSAL).save_pretrained(tmp_path / "base")
    # Ranks may differ from adapter to adapter.
    wide = learn(1, tmp_path / "wide", rank=6)
    routed = route(models.make_model(CAUSAL), [halves[0], wide], 2, 1.0)
    Routed().save(routed, tmp_path / "saved", "tests/tiny")
    assert routed.peft_config["default"].ranks == [4, 6]
    done = subprocess.run(
        [sys.executable, "-I", "-c", ALONE, str(tmp_path / "saved"), str(tmp_path / "base")],
        capture_output=True,
        text=True,
        check=True,
    )
    payload = torch.tensor(json.loads(done.stdout.splitlines()[-1]))
    torch.testing.assert_close(payload, logits(routed).flatten(), rtol=0, atol=1e-5)


def test_switched_off_it_is_the_untouched_model(halves: list[Path]) -> None:
    routed = route(models.make_model(CAUSAL), halves, 2, 1.0)
    with routed.disable_adapter():
        torch.testing.assert_close(logits(routed), logits(models.make_model(CAUSAL)), rtol=0, atol=1e-6)
    with pytest.raises(ValueError, match="cannot be merged"):
        routed.merge_and_unload()


def test_a_prototype_is_the_direction_that_a_change_amplifies_most() -> None:
    torch.manual_seed(0)
    narrow, wide = torch.randn(3, 12), torch.randn(7, 3)
    found = prototype(narrow, wide)
    assert float((wide @ narrow @ found).norm()) == pytest.approx(
        float(torch.linalg.svdvals(wide @ narrow)[0]), rel=1e-5
    )
    assert not prototype(narrow, torch.zeros(7, 3)).any()


def test_adapters_on_different_layers_are_refused(halves: list[Path], tmp_path: Path) -> None:
    elsewhere = learn(1, tmp_path, layers="last 1")
    with pytest.raises(Rejected, match="different layers"):
        route(models.make_model(CAUSAL), [halves[0], elsewhere], 2, 1.0)
    with pytest.raises(Rejected, match="1 model was chosen"):
        route(models.make_model(CAUSAL), halves[:1], 2, 1.0)

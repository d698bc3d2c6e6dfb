"""Adapters made of adapters, held against the arithmetic that they promise."""

import json
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file

from app.errors import Rejected
from tests.tiny import make_spec
from tests.worker.engine.merging.adapted import answer, changes
from worker.engine.loop.train import train
from worker.engine.merging.combine import Recipe, combine, combine_heads
from worker.engine.reporting.list_report import ListReport


@pytest.fixture
def parents(make_job) -> list[Path]:
    """Two LoRAs of the same labels, of different seeds, ranks and scales."""
    folders = []
    for seed, method in ((1, {"rank": 4, "alpha": 8}), (2, {"rank": 2, "alpha": 16})):
        job = make_job(make_spec({"kind": "lora", **method}, seed=seed, learning_rate=1e-2))
        train(job, ListReport())
        folders.append(job.folder / "adapter")
    return folders


def test_the_average_is_the_average_of_the_changes(parents: list[Path], body) -> None:
    parent_changes = [changes(PeftModel.from_pretrained(body(), str(folder))) for folder in parents]
    for recipe, weights in ((Recipe(), (0.5, 0.5)), (Recipe(weights=(3, 1)), (0.75, 0.25))):
        combined = combine(body(), parents, recipe)
        assert list(combined.peft_config) == ["default"]
        assert combined.peft_config["default"].r == 6
        for name, change in changes(combined).items():
            wanted = weights[0] * parent_changes[0][name] + weights[1] * parent_changes[1][name]
            assert torch.allclose(change, wanted, atol=1e-6)


def test_the_strongest_directions_come_as_near_as_their_rank_allows(parents: list[Path], body) -> None:
    whole = changes(combine(body(), parents, Recipe()))
    few = changes(combine(body(), parents, Recipe(how="average-svd", rank=3)))
    many = changes(combine(body(), parents, Recipe(how="average-svd", rank=6)))
    for name, change in whole.items():
        sizes = torch.linalg.svdvals(change)
        assert float((few[name] - change).norm()) == pytest.approx(float(sizes[3:].norm()), abs=1e-5)
        assert torch.allclose(many[name], change, atol=1e-5)


@pytest.mark.parametrize("how", ["ties", "dare"])
def test_votes_over_thinned_changes_give_a_usable_adapter(parents: list[Path], body, how: str, tmp_path: Path) -> None:
    recipe = Recipe(how=how, rank=8, density=0.5, seed=4)
    combined = combine(body(), parents, recipe)
    assert all(
        torch.equal(change, again)
        for change, again in zip(
            changes(combined).values(),
            changes(combine(body(), parents, recipe)).values(),
            strict=True,
        )
    )
    assert not torch.allclose(answer(combined), answer(body()), atol=1e-3)
    combined.save_pretrained(tmp_path)
    assert torch.allclose(answer(PeftModel.from_pretrained(body(), tmp_path)), answer(combined), atol=1e-6)


def test_the_answer_layers_are_averaged_with_the_same_weights(parents: list[Path]) -> None:
    heads = [load_file(folder / "head.safetensors") for folder in parents]
    mixed = combine_heads(parents, Recipe(weights=(1, 3)), "head.safetensors")
    assert torch.allclose(mixed["weight"], 0.25 * heads[0]["weight"] + 0.75 * heads[1]["weight"])
    (parents[1] / "labels.json").write_text(json.dumps(["rates", "cards", "transfers"]))
    with pytest.raises(Rejected, match="different labels"):
        combine_heads(parents, Recipe(), "head.safetensors")


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        (Recipe(weights=(1, 2, 3)), "do not fit 2 models"),
        (Recipe(weights=(0, 0)), "do not fit"),
        (Recipe(how="average-svd", rank=300), "rank 300"),
    ],
)
def test_a_recipe_that_cannot_work_is_refused(parents: list[Path], body, recipe: Recipe, words: str) -> None:
    with pytest.raises(Rejected, match=words):
        combine(body(), parents, recipe)


def test_one_adapter_or_another_kind_is_refused(make_job, parents: list[Path], body) -> None:
    with pytest.raises(Rejected, match="1 model was chosen"):
        combine(body(), parents[:1], Recipe())
    job = make_job(make_spec({"kind": "full"}))
    train(job, ListReport())
    with pytest.raises(Rejected, match="plain LoRA"):
        combine(body(), [parents[0], job.folder / "adapter"], Recipe())

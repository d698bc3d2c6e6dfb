"""Adapters made of adapters, and a full fine-tune made small: held against the arithmetic that they promise."""

import json
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file

from app.errors import Rejected
from tests.tiny import make_spec
from worker.engine.loop.train import train
from worker.engine.merging.combine import Recipe, combine, combine_heads
from worker.engine.merging.lora_extraction import extract_lora
from worker.engine.reporting.list_report import ListReport
from worker.engine.tasks.classification.model import load_encoder


def changes(model: PeftModel) -> dict[str, torch.Tensor]:
    """What the active adapter adds to each weight."""
    layers = {name: module for name, module in model.named_modules() if hasattr(module, "get_delta_weight")}
    return {name: layer.get_delta_weight(layer.active_adapters[0]).detach() for name, layer in layers.items()}


def answer(model: torch.nn.Module) -> torch.Tensor:
    with torch.no_grad():
        return model(input_ids=torch.tensor([[2, 5, 6, 7, 3]])).last_hidden_state


@pytest.fixture
def parents(make_job) -> list[Path]:
    """Two LoRAs of the same labels, of different seeds, ranks and scales."""
    folders = []
    for seed, method in ((1, {"rank": 4, "alpha": 8}), (2, {"rank": 2, "alpha": 16})):
        job = make_job(make_spec({"kind": "lora", **method}, seed=seed, learning_rate=1e-2))
        train(job, ListReport())
        folders.append(job.folder / "adapter")
    return folders


@pytest.fixture
def body(tiny_base):
    card, folder = tiny_base
    return lambda: load_encoder(folder, card).eval()


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


def test_a_full_fine_tune_becomes_a_lora_that_holds_what_its_rank_allows(make_job, body) -> None:
    job = make_job(make_spec({"kind": "full"}, epochs=6, learning_rate=5e-3))
    train(job, ListReport())
    tuned = type(body()).from_pretrained(job.folder / "adapter", add_pooling_layer=False).eval()
    far = (answer(tuned) - answer(body())).norm()
    small, large = extract_lora(body(), tuned, 2), extract_lora(body(), tuned, 32)
    assert 0 < small.linear_share < large.linear_share
    # Rank 32 is the whole of these layers; what stays away are offsets, norms and embeddings.
    assert large.linear_share == pytest.approx(1, abs=1e-5)
    assert small.total_share < large.total_share < 1
    for name, change in changes(large.model).items():
        name = name.removeprefix("base_model.model.")
        wanted = tuned.get_submodule(name).weight - body().get_submodule(name).weight
        assert torch.allclose(change, wanted, atol=1e-5)
    assert (answer(large.model) - answer(tuned)).norm() < (answer(small.model) - answer(tuned)).norm() < far


def test_shrinking_what_did_not_change_is_refused(body) -> None:
    with pytest.raises(Rejected, match="equals its base"):
        extract_lora(body(), body(), 4)

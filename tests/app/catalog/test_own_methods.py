"""The methods that peft does not bring under their name, on a tiny encoder and a tiny causal model of random weights."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
)

from app.catalog.card import BaseModelCard
from app.catalog.methods import METHODS, method_class
from app.catalog.methods.base import Method, RunContext
from app.errors import Rejected

WIDTH = 32
METHODS_HERE = [
    {"kind": "head-only"},
    {"kind": "bitfit"},
    {"kind": "chosen-layers", "layers": "last 1"},
    {"kind": "bottleneck-adapter", "placement": "houlsby", "reduction": 4},
    {"kind": "bottleneck-adapter", "placement": "pfeiffer", "reduction": 4, "activation": "gelu"},
    {"kind": "parallel-adapter", "reduction": 4},
    {"kind": "compacter", "reduction": 4},
]
SHAPES = {
    "encoder": ((32, 32), (32, 32), (32, 32), (32, 32), (32, 64), (64, 32)),
    "causal": ((32, 32), (32, 16), (32, 16), (32, 32), (32, 64), (32, 64), (64, 32)),
}


def make_model(family: str) -> PreTrainedModel:
    torch.manual_seed(0)
    sizes: dict[str, Any] = {
        "vocab_size": 40,
        "hidden_size": WIDTH,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 64,
        "attn_implementation": "eager",
    }
    if family == "encoder":
        return BertModel(BertConfig(**sizes), add_pooling_layer=False).eval()
    return LlamaForCausalLM(LlamaConfig(**sizes, num_key_value_heads=1)).eval()


def make_card(family: str, model: PreTrainedModel) -> BaseModelCard:
    block = next(module for module in model.modules() if isinstance(module, torch.nn.ModuleList))[0]
    return BaseModelCard(
        name="tiny",
        title="",
        summary="",
        licence="",
        source="",
        parameters=model.num_parameters(),
        hidden_size=WIDTH,
        layers=2,
        context_length=64,
        linear_shapes=SHAPES[family],
        package="",
        folder="",
        weights_sha256="",
        hub_id="tests/tiny",
        block_parameters=sum(parameter.numel() for parameter in block.parameters()),
    )


def make_method(settings: dict[str, Any]) -> Method:
    return method_class(settings["kind"]).model_validate(settings)


def answer(model: torch.nn.Module) -> torch.Tensor:
    """The model's first output for a fixed batch: hidden states of the encoder, logits of the causal model."""
    ids = torch.arange(24).reshape(3, 8) + 4
    return model(input_ids=ids)[0]


def learning(model: torch.nn.Module) -> dict[str, torch.nn.Parameter]:
    return {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}


def learn(model: torch.nn.Module, rate: float = 2e-2, steps: int = 20) -> list[float]:
    """Losses of drawing the answer towards a fixed random target."""
    target = torch.randn(answer(model).shape, generator=torch.Generator().manual_seed(1))
    optimizer = torch.optim.AdamW(learning(model).values(), lr=rate)
    losses = []
    for _ in range(steps):
        loss = (answer(model) - target).square().mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return losses


everywhere = pytest.mark.parametrize("family", list(SHAPES))
every_method = pytest.mark.parametrize("settings", METHODS_HERE, ids=lambda s: "-".join(map(str, s.values())))
learners = pytest.mark.parametrize("settings", METHODS_HERE[1:], ids=lambda s: "-".join(map(str, s.values())))


@everywhere
@every_method
def test_a_fresh_method_changes_no_answer_and_trains_exactly_what_its_card_counts(family: str, settings: dict) -> None:
    base, method = make_model(family), make_method(settings)
    card, before = make_card(family, base), answer(base)
    model = method.apply(base)
    assert torch.equal(answer(model), before)
    assert sum(item.numel() for item in learning(model).values()) == method.trainable_parameters(card)


@everywhere
@learners
def test_the_loss_falls_and_nothing_but_the_methods_own_weights_moves(family: str, settings: dict) -> None:
    model = make_method(settings).apply(make_model(family))
    frozen = {
        name: parameter.detach().clone() for name, parameter in model.named_parameters() if not parameter.requires_grad
    }
    started = {name: item.detach().clone() for name, item in learning(model).items()}
    losses = learn(model)
    assert losses[-1] < 0.98 * losses[0]
    assert all(torch.equal(dict(model.named_parameters())[name], value) for name, value in frozen.items())
    # Every tensor of the method takes part.
    still = [name for name, value in started.items() if torch.equal(learning(model)[name], value)]
    assert still == []


@everywhere
@every_method
def test_saved_and_loaded_it_answers_the_same_and_switched_off_it_is_the_base(
    family: str, settings: dict, tmp_path: Path
) -> None:
    base, method = make_model(family), make_method(settings)
    before = answer(base)
    model = method.apply(base)
    if learning(model):
        learn(model, steps=5)
    method.save(model, tmp_path, "tests/tiny")
    loaded = method.load(make_model(family), tmp_path)
    assert torch.equal(answer(loaded), answer(model))
    assert learning(loaded) == {}
    if settings["kind"] != "head-only":
        assert not torch.allclose(answer(loaded), before, atol=1e-3)
        with loaded.disable_adapter():
            assert torch.equal(answer(loaded), before)
    assert not [path for path in tmp_path.rglob("*") if path.suffix not in {".safetensors", ".json", ".py"}]


@everywhere
@pytest.mark.parametrize(
    ("settings", "place"),
    [(METHODS_HERE[3], ".dense|_proj"), (METHODS_HERE[5], ".output|mlp")],
    ids=["sequential", "parallel"],
)
def test_adapters_sit_where_the_papers_put_them(family: str, settings: dict, place: str) -> None:
    model = make_method(settings).apply(make_model(family))
    owners = {name.split(".bottleneck_")[0].removeprefix("base_model.model.") for name in learning(model)}
    ends = place.split("|")[0 if family == "encoder" else 1]
    assert all(owner.endswith(ends) for owner in owners)
    assert len(owners) == (4 if settings["kind"] == "bottleneck-adapter" else 2)


@everywhere
@learners
def test_recomputed_activations_give_the_same_gradients(family: str, settings: dict) -> None:
    def gradients(checkpointing: bool) -> dict[str, torch.Tensor]:
        base = make_model(family)
        torch.manual_seed(5)
        model = make_method(settings).apply(base)
        learn(model, steps=2)
        if checkpointing:
            base.gradient_checkpointing_enable({"use_reentrant": False})
        model.train()
        for module in model.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
        answer(model).square().mean().backward()
        return {name: item.grad for name, item in learning(model).items()}

    plain, again = gradients(False), gradients(True)
    assert all(torch.allclose(plain[name], again[name], atol=1e-6) for name in plain)


@everywhere
@learners
def test_two_adapters_of_one_base_switch_without_a_trace(family: str, settings: dict, tmp_path: Path) -> None:
    method, folders, answers = make_method(settings), [tmp_path / "a", tmp_path / "b"], []
    for seed, folder in enumerate(folders):
        torch.manual_seed(seed)
        model = method.apply(make_model(family))
        learn(model, rate=1e-2 * (seed + 1), steps=4)
        folder.mkdir()
        method.save(model, folder, "tests/tiny")
        answers.append(answer(model))
    model = method.load(make_model(family), folders[0])
    model.load_adapter(str(folders[1]), adapter_name="second")
    assert torch.equal(answer(model), answers[0])
    model.set_adapter("second")
    assert torch.equal(answer(model), answers[1])
    model.delete_adapter("second")
    model.set_adapter("default")
    assert torch.equal(answer(model), answers[0])


def test_a_causal_model_generates_the_same_with_and_without_cache(tmp_path: Path) -> None:
    for settings in METHODS_HERE[1:]:
        model = make_method(settings).apply(make_model("causal"))
        learn(model, steps=5)
        prompt = torch.tensor([[5, 6, 7]])
        how = {"max_new_tokens": 8, "do_sample": False, "pad_token_id": 0}
        assert torch.equal(
            model.generate(input_ids=prompt, use_cache=True, **how),
            model.generate(input_ids=prompt, use_cache=False, **how),
        )


def test_where_a_merge_is_possible_it_answers_as_the_adapter_does() -> None:
    for settings, family in ((METHODS_HERE[1], "encoder"), (METHODS_HERE[2], "encoder"), (METHODS_HERE[2], "causal")):
        model = make_method(settings).apply(make_model(family))
        learn(model, steps=5)
        wanted = answer(model)
        assert torch.allclose(answer(model.merge_and_unload()), wanted, atol=1e-5)


@pytest.mark.parametrize("kind", ["chosen-layers", "bottleneck-adapter", "compacter"])
def test_layers_that_the_model_does_not_have_are_refused(kind: str) -> None:
    method = make_method({"kind": kind, "layers": "last 3"})
    with pytest.raises(Rejected, match="last 3"):
        method.apply(make_model("encoder"))
    with pytest.raises(Rejected, match="last 3"):
        method.check(make_card("encoder", make_model("encoder")))


@learners
def test_layers_below_the_chosen_ones_stay_untouched(settings: dict) -> None:
    method = make_method({**settings, "layers": "last 1"})
    model = method.apply(make_model("encoder"))
    assert all(".layer.1." in name for name in learning(model))
    assert method.frozen_blocks(2) == 1
    card = make_card("encoder", make_model("encoder"))
    assert sum(item.numel() for item in learning(model).values()) == method.trainable_parameters(card)


def test_terms_that_do_not_divide_the_width_are_refused() -> None:
    card = replace(make_card("encoder", make_model("encoder")), hidden_size=30)
    with pytest.raises(Rejected, match="4 terms do not divide"):
        make_method({"kind": "compacter"}).check(card)


def test_head_only_keeps_new_parts_inside_a_model(tmp_path: Path) -> None:
    def make() -> PreTrainedModel:
        config = BertConfig(
            vocab_size=40, hidden_size=WIDTH, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64
        )
        return BertForSequenceClassification(config).eval()

    torch.manual_seed(1)
    base, method = make(), make_method({"kind": "head-only"})
    untouched = {name: item.clone() for name, item in base.state_dict().items()}
    model = method.apply(base, RunContext(heads=("classifier",)))
    assert set(learning(model)) == {"classifier.weight", "classifier.bias"}
    learn(model)
    method.save(model, tmp_path, "tests/tiny")
    fresh = make()
    body = {name: item for name, item in untouched.items() if not name.startswith("classifier")}
    fresh.load_state_dict(body, strict=False)
    assert torch.equal(answer(method.load(fresh, tmp_path)), answer(model))


def test_a_model_of_unknown_build_is_refused_by_name() -> None:
    with pytest.raises(Rejected, match="Sequential"):
        make_method({"kind": "bitfit"}).apply(torch.nn.Sequential(torch.nn.Linear(2, 2)))


def test_every_tuner_file_belongs_to_a_method() -> None:
    files = Path("app/catalog/tuners").glob("[a-z]*.py")
    # `arrow` belongs to `routed`, which is made of finished runs and therefore not in the menu.
    assert {file.stem for file in files} == {getattr(method, "tuner", "") for method in METHODS} - {""} | {"arrow"}

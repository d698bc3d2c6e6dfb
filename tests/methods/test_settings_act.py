"""Every setting of every method does something: changed, it changes what learns, where learning starts or how it goes."""

import copy
from typing import Any, get_args

import pytest
import torch
from torch import nn

from app.catalog.methods.base import Method, RunContext
from app.catalog.methods.capabilities import CAUSAL, SEQUENCES
from tests.methods import models
from tests.methods.choice import KINDS, make

# One of every way to attach; the others are run by `make test-methods` alone.
QUICK = ("lora", "sparse", "bottleneck-adapter", "prompt-tuning", "qlora")
# Where the general rule would choose a value that cannot be, or that a tiny model is too small for.
OTHERS: dict[tuple[str, str], list[Any]] = {("adalora", "start_rank"): [9], ("adalora", "rank"): [2]}


def others(kind: str, name: str) -> list[Any]:
    """Values to try instead of the one that stands."""
    if (kind, name) in OTHERS:
        return OTHERS[kind, name]
    about, now = type(make(kind)).model_fields[name], getattr(make(kind), name)
    if name == "layers":
        return ["last 1", "1-1"]
    if choices := get_args(about.annotation):
        return [choice for choice in choices if choice != now]
    if isinstance(now, str):
        return ["be brief"]
    low = max((entry.ge for entry in about.metadata if hasattr(entry, "ge")), default=0)
    return [max(low, 6 if now == 4 else 4)] if isinstance(now, int) else [now * 0.5 if now else 0.5]


CASES = [
    pytest.param(kind, name, value, marks=() if kind in QUICK else (pytest.mark.methods,), id=f"{kind}-{name}-{value}")
    for kind in KINDS
    for name in type(make(kind)).model_fields
    if name != "kind"
    for value in others(kind, name)
]


def tokenizer(text: str, add_special_tokens: bool = True) -> dict[str, list[int]]:
    return {"input_ids": [2 + ord(entry) % (models.VOCABULARY - 2) for entry in text]}


def apply(method: Method, model_kind: str, updates: int) -> nn.Module:
    model, batch = models.make_model(model_kind), models.make_batch(model_kind)
    inputs = {name: value for name, value in batch.items() if name != "labels"}
    torch.manual_seed(3)
    return method.apply(
        model,
        RunContext(
            total_steps=updates,
            seed=3,
            heads=models.KINDS[model_kind].heads,
            batches=[inputs] * 2,
            loss=lambda _: models.loss_of(model, model_kind),
            tokenizer=tokenizer,
        ),
    )


def story(method: Method, updates: int = 10) -> tuple[Any, ...]:
    """All that a setting can act on: how the base is held, what learns from where, and every loss on the way."""
    kind = CAUSAL if CAUSAL in method.capabilities.models else SEQUENCES
    model = apply(method, kind, updates)
    start = {name: copy.deepcopy(weight.detach()) for name, weight in model.named_parameters() if weight.requires_grad}
    torch.manual_seed(5)
    losses = models.learn(method, model, kind, method.recommended_learning_rate(models.card(kind)), steps=updates)
    shapes = [(name, tuple(entry.shape)) for name, entry in start.items()]
    return method.base_precision, shapes, [float(entry.double().sum()) for entry in start.values()], losses


@pytest.fixture(scope="module")
def usual() -> dict[str, tuple[Any, ...]]:
    return {}


@pytest.mark.parametrize(("kind", "name", "value"), CASES)
def test_a_setting_acts(usual: dict[str, tuple[Any, ...]], kind: str, name: str, value: Any) -> None:
    if kind not in usual:
        usual[kind] = story(make(kind))
        # Nothing else differs from one time to the next.
        assert story(make(kind)) == usual[kind]
    assert story(make(kind, **{name: value})) != usual[kind]


def changeable(method: Method) -> dict[str, torch.Tensor]:
    """For every layer the places (outputs, inputs) that a sparse method may change, as a mask."""
    found = {}
    for name, layer in apply(method, CAUSAL, 10).named_modules():
        if hasattr(layer, "shira_indices"):
            mask = torch.zeros_like(layer.get_base_layer().weight)
            rows, columns = layer.shira_indices["default"]
            mask[rows.long(), columns.long()] = 1
            found[name.removeprefix("base_model.model.")] = mask.bool()
    return found


def test_the_largest_weights_or_the_most_pulled_ones_learn() -> None:
    base = models.make_model(CAUSAL)
    models.loss_of(base, CAUSAL).backward()
    by_size, by_pull = (changeable(make("sparse", rank=2, mask=mask)) for mask in ("magnitude", "gradient"))
    assert by_size.keys() == by_pull.keys() and by_size
    for name in by_size:
        weight = base.get_submodule(name).weight
        for chosen, size in ((by_size[name], weight.detach().abs()), (by_pull[name], weight.grad.abs())):
            assert chosen.sum() == 2 * sum(weight.shape)
            assert size[chosen].min() >= size[~chosen].max()


def test_random_places_are_those_of_the_seed() -> None:
    one, again = changeable(make("sparse", rank=2)), changeable(make("sparse", rank=2))
    assert all(torch.equal(one[name], again[name]) for name in one)
    by_size = changeable(make("sparse", rank=2, mask="magnitude"))
    assert not any(torch.equal(one[name], by_size[name]) for name in one)


@pytest.mark.parametrize(
    ("model", "placement", "ends"),
    [
        (CAUSAL, "houlsby", {"o_proj", "down_proj"}),
        (CAUSAL, "pfeiffer", {"down_proj"}),
        (SEQUENCES, "houlsby", {"attention.output.dense", "output.dense"}),
        (SEQUENCES, "pfeiffer", {"output.dense"}),
    ],
)
def test_adapter_modules_are_where_the_placement_says(model: str, placement: str, ends: set[str]) -> None:
    tuned = apply(make("bottleneck-adapter", placement=placement), model, 10)
    names = [name for name, module in tuned.named_modules() if hasattr(module, "bottleneck_down")]
    assert len(names) == len(ends) * models.LAYERS
    assert all(any(name.endswith(f".{end}") for end in ends) for name in names)
    assert any("attention" in name or "attn" in name for name in names) == (placement == "houlsby")


def test_the_prompt_starts_from_the_words_of_the_instruction() -> None:
    tuned = apply(make("prompt-tuning", tokens=5, instruction="abc"), CAUSAL, 10)
    ids = tokenizer("abcab")["input_ids"]
    words = models.make_model(CAUSAL).get_input_embeddings().weight[ids]
    assert torch.equal(tuned.prompt_encoder["default"].embedding.weight, words)

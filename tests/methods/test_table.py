"""Every method on every kind of model that it allows: it learns, its size is as stated, and it comes back as it was."""

import copy
import math
from collections.abc import Callable

import pytest
import torch

from app.catalog.methods.capabilities import CAUSAL, SEQUENCES
from tests.methods import models
from tests.methods.choice import make, pairs
from tests.methods.conftest import Trained

Get = Callable[[str, str], Trained]
QUICK = (CAUSAL, SEQUENCES)


@pytest.mark.parametrize(("kind", "model"), pairs(QUICK))
def test_the_loss_falls(trained: Get, kind: str, model: str) -> None:
    losses = trained(kind, model).losses
    assert all(math.isfinite(loss) for loss in losses)
    assert losses[-1] < 0.97 * losses[0]


@pytest.mark.parametrize(("kind", "model"), pairs(QUICK))
def test_the_stated_size_is_exact_and_it_feels_the_data(trained: Get, kind: str, model: str) -> None:
    result = trained(kind, model)
    assert result.learning == result.method.trainable_parameters(models.card(model))
    assert math.isfinite(result.gradient)
    assert (result.gradient > 0) == (result.learning > 0)


@pytest.mark.parametrize(("kind", "model"), pairs(QUICK))
def test_saved_and_loaded_on_a_fresh_base_it_answers_the_same(trained: Get, kind: str, model: str) -> None:
    result = trained(kind, model)
    if kind == "head-only":
        pytest.skip("the head is kept beside the encoder; the engine's tests load it")
    torch.testing.assert_close(models.logits_of(result.reload(model), model), result.logits, rtol=0, atol=2e-5)


@pytest.mark.parametrize(("kind", "model"), pairs(QUICK, "merge"))
def test_merged_it_answers_as_the_adapter_does(trained: Get, kind: str, model: str) -> None:
    """In float64, where little but a mistake of the algebra is left; rounding in float32 depends on the processor.

    peft's C3A makes its Fourier transforms in float32 all the same, which leaves up to 1.1e-6.
    """
    loaded = trained(kind, model).reload(model).double()
    if hasattr(loaded, "merge_and_unload"):
        answers = models.logits_of(loaded, model)
        torch.testing.assert_close(models.logits_of(loaded.merge_and_unload(), model), answers, rtol=0, atol=1e-5)


@pytest.mark.parametrize(("kind", "model"), pairs((), "switch_off"))
def test_switched_off_it_is_the_untouched_model(trained: Get, kind: str, model: str) -> None:
    loaded = trained(kind, model).reload(model)
    if not hasattr(loaded, "disable_adapter"):
        pytest.skip("nothing to switch off: the weights themselves changed")
    with loaded.disable_adapter():
        answers = models.logits_of(loaded, model)
    torch.testing.assert_close(answers, models.logits_of(models.make_model(model, 99), model), rtol=0, atol=1e-5)


@pytest.mark.parametrize(("kind", "model"), pairs((), "gradient_checkpointing"))
def test_gradient_checkpointing_changes_no_gradient(trained: Get, kind: str, model: str) -> None:
    def gradients(checkpointing: bool) -> dict[str, torch.Tensor]:
        with_method = copy.deepcopy(models.apply(make(kind), model))
        with_method.train()
        for module in with_method.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
        if checkpointing:
            base = with_method.get_base_model() if hasattr(with_method, "get_base_model") else with_method
            base.gradient_checkpointing_enable({"use_reentrant": False})
            base.enable_input_require_grads()
        models.loss_of(with_method, model).backward()
        return {name: weight.grad for name, weight in with_method.named_parameters() if weight.grad is not None}

    plain, saving = gradients(False), gradients(True)
    assert plain.keys() == saving.keys()
    for name, gradient in plain.items():
        torch.testing.assert_close(saving[name], gradient, rtol=1e-4, atol=1e-6, msg=name)


@pytest.mark.parametrize(("kind", "model"), [pair for pair in pairs(()) if pair.values[1] == CAUSAL])
def test_writing_with_the_cache_gives_the_tokens_of_writing_without(trained: Get, kind: str, model: str) -> None:
    result = trained(kind, model)
    loaded = result.reload(model)
    ids = models.make_batch(model)["input_ids"][:2, :5]

    def write(cache: bool) -> list[list[int]]:
        return loaded.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=8,
            do_sample=False,
            use_cache=cache,
            min_new_tokens=8,
        )[:, -8:].tolist()

    loaded.eval()
    if result.method.capabilities.generate_without_cache:
        assert write(True) == write(False)
    else:
        assert len(write(True)[0]) == 8


@pytest.mark.parametrize(("kind", "model"), pairs((), "layers"))
def test_chosen_layers_are_the_only_ones_that_learn(kind: str, model: str) -> None:
    method = make(kind, layers="last 1")
    with_method = models.apply(method, model)
    new = models.KINDS[model].heads
    names = [
        name
        for name, weight in with_method.named_parameters()
        if weight.requires_grad and not any(part in name for part in new) and "token_adapter" not in name
    ]
    assert names
    assert all(".2." in name for name in names)
    learning = sum(dict(with_method.named_parameters())[name].numel() for name in names)
    extra = make(kind).tokens * models.WIDTH if kind == "trainable-tokens" else 0
    assert learning + extra == method.trainable_parameters(models.card(model))

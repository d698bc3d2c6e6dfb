"""The causal language model: logits of the tokens in the loss only, and examples in one row that cannot see each other."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from app.catalog.card import BaseModelCard
from tests.tiny_generation import make_chat_spec, talk
from worker.engine.batching.packing import IGNORED, make_batch
from worker.engine.tasks.generation.data import TokenizedExample
from worker.engine.tasks.generation.model import CausalLM, keeps_apart, load_decoder

ExamplesOf = Callable[..., list[TokenizedExample]]


def test_packed_examples_cannot_see_each_other(model: CausalLM, examples_of: ExamplesOf) -> None:
    """The gradient of one example's loss with respect to the other's tokens is exactly nothing."""
    examples = examples_of(talk("Hi", "Hello"), talk("Tea?", "Yes."), talk("Bye", "Bye!"))
    batch = make_batch(examples, 0)
    assert batch.ids.shape[0] == 1  # all three in one row
    vectors = model.decoder.get_input_embeddings()(batch.ids).detach().requires_grad_()
    handle = model.decoder.get_input_embeddings().register_forward_hook(lambda *_: vectors)
    try:
        logits = model(batch)
    finally:
        handle.remove()
    wanted = batch.targets != IGNORED
    for number in range(len(examples)):
        mine = batch.owners[wanted] == number
        loss = torch.nn.functional.cross_entropy(logits[mine], batch.targets[wanted][mine], reduction="sum")
        (gradient,) = torch.autograd.grad(loss, vectors, retain_graph=True)
        touched = gradient.abs().sum(-1) > 0
        assert touched[batch.owners == number].any()
        assert not touched[batch.owners != number].any()
    assert keeps_apart(model, torch.device("cpu"))


def test_logits_are_those_of_the_whole_model_at_the_tokens_in_the_loss(
    model: CausalLM, examples_of: ExamplesOf
) -> None:
    examples = examples_of(talk("Hi", "Hello", "More?", "No"), talk("Tea?", "Yes."))
    expected = []
    for example in examples:
        logits = model.decoder(input_ids=torch.tensor([example.ids])).logits[0]
        # The token at a position is predicted from the one before it.
        expected += [logits[at - 1] for at, learned in enumerate(example.loss_mask) if learned and at]
    for packed in (True, False):
        found = model(make_batch(examples, 0, packed=packed))
        assert found.dtype == torch.float32
        assert torch.allclose(found, torch.stack(expected), atol=1e-4)


def test_output_layer_computes_the_tokens_in_the_loss_alone_and_loses_its_hook(
    model: CausalLM, examples_of: ExamplesOf
) -> None:
    (example,) = examples_of(talk("A question of some length", "Hello"))
    seen: list[int] = []
    output = model.decoder.get_output_embeddings()
    handle = output.register_forward_hook(lambda *args: seen.append(args[2].shape[1]))
    model(make_batch([example], 0))
    model.decoder(input_ids=torch.tensor([example.ids]))
    handle.remove()
    assert seen == [example.weight, len(example.ids)]
    assert not output._forward_pre_hooks


def test_tokens_of_a_soft_prompt_are_left_out_of_the_logits(model: CausalLM, examples_of: ExamplesOf) -> None:
    examples = examples_of(talk("Hi", "Hello"))
    model.decoder = make_chat_spec({"kind": "prompt-tuning", "tokens": 3}).method.apply(model.decoder)
    logits = model.eval()(make_batch(examples, 0, packed=False))
    whole = model.decoder(input_ids=torch.tensor([examples[0].ids])).logits[0, 3:]
    wanted = [whole[at - 1] for at, learned in enumerate(examples[0].loss_mask) if learned]
    assert torch.allclose(logits, torch.stack(wanted), atol=1e-4)


def test_model_that_reads_across_examples_is_detected(model: CausalLM) -> None:
    assert keeps_apart(model, torch.device("cpu"))

    class CountsOn(GPT2LMHeadModel):
        """Ignores where an example begins, and attends to all tokens before."""

        def forward(self, position_ids: torch.Tensor | None = None, **kwargs: object) -> object:
            return super().forward(**kwargs)

    torch.manual_seed(0)
    config = GPT2Config(n_layer=2, n_embd=32, n_head=2, vocab_size=50, n_positions=64, initializer_range=0.3)
    assert not keeps_apart(CausalLM(CountsOn(config)), torch.device("cpu"))


def test_decoder_is_loaded_in_fp32_and_from_safetensors_only(
    chat_base: tuple[BaseModelCard, Path], tmp_path: Path
) -> None:
    card, base = chat_base
    decoder = load_decoder(base, card)
    assert {weight.dtype for weight in decoder.parameters()} == {torch.float32}
    assert sum(weight.numel() for weight in decoder.parameters()) == card.parameters
    decoder.config.save_pretrained(tmp_path)
    torch.save(decoder.state_dict(), tmp_path / "pytorch_model.bin")
    with pytest.raises(OSError, match="safetensors"):
        load_decoder(tmp_path, card)

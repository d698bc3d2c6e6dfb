"""Batched replies equal those of each model alone: mixed adapters, different lengths, sequences that join and leave."""

import gc
import random
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, GPT2Config, GPT2LMHeadModel

from app.catalog.methods.dora import Dora
from app.catalog.methods.lora import Lora
from tests.tiny_chat import make_chat_base
from worker.engine.serving.fair_lock import FairLock
from worker.engine.serving.kv_cache import BatchCache, prefill, supports_batching
from worker.engine.serving.mixed_adapters import MixedAdapters
from worker.engine.serving.sampler import SamplingParameters
from worker.engine.serving.scheduler import BatchScheduler, ModelHandle, SequenceState
from worker.engine.serving.shared_weights import load_tuned, share_weights

GREEDY = SamplingParameters(max_tokens=24, temperature=0)
PROMPTS = [[1, 5, 9], [4, 2, 6, 1, 7, 7, 3], [8], [3, 3, 9, 2, 1], [7, 1]]


def make_llama(folder: Path) -> torch.nn.Module:
    return AutoModelForCausalLM.from_pretrained(make_chat_base(folder), dtype=torch.float32).eval()


def make_gpt2(folder: Path) -> torch.nn.Module:
    torch.manual_seed(5)
    config = GPT2Config(n_layer=2, n_embd=32, n_head=2, vocab_size=100, n_positions=128, initializer_range=0.3)
    model = GPT2LMHeadModel(config)
    model.save_pretrained(folder)
    return model.eval()


@pytest.fixture(scope="module", params=[make_llama, make_gpt2], ids=["llama", "gpt2"])
def base(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> torch.nn.Module:
    model = request.param(tmp_path_factory.mktemp("base"))
    model.generation_config.eos_token_id = None
    return model


@pytest.fixture(scope="module")
def tuned(base: torch.nn.Module, tmp_path_factory: pytest.TempPathFactory) -> list[torch.nn.Module]:
    """Three adapters that differ in rank, scaling and target modules, and one of a kind that cannot be mixed."""
    last = "h.1.attn.c_attn" if "GPT2" in type(base).__name__ else "layers.1.self_attn.q_proj"
    configs = [
        LoraConfig(r=4, target_modules="all-linear", init_lora_weights=False),
        LoraConfig(r=9, lora_alpha=30, use_rslora=True, target_modules="all-linear", init_lora_weights=False),
        LoraConfig(r=2, lora_alpha=40, target_modules=[last], init_lora_weights=False),
        LoraConfig(r=4, target_modules="all-linear", init_lora_weights=False, use_dora=True),
    ]
    folder, made = tmp_path_factory.mktemp("adapters"), []
    for number, config in enumerate(configs):
        torch.manual_seed(number)
        get_peft_model(share_weights(base), config).save_pretrained(folder / str(number))
        made.append(load_tuned(base, Dora() if config.use_dora else Lora(), folder / str(number)).eval())
    return made


def make_handles(base: torch.nn.Module, tuned: list[torch.nn.Module]) -> list[ModelHandle]:
    mixed = MixedAdapters(base)
    assert [mixed.supports(model, Lora()) for model in tuned] == [True, True, True, False]
    assert not mixed.supports(tuned[0], Dora())
    return [ModelHandle(base, mixed), *(ModelHandle(model, mixed) for model in tuned[:3]), ModelHandle(tuned[3])]


def alone(model: torch.nn.Module, ids: list[int], sampling: SamplingParameters = GREEDY) -> list[int]:
    options = {"do_sample": False}
    if sampling.temperature:
        options = {"do_sample": True, "temperature": sampling.temperature, "top_p": sampling.top_p, "top_k": 0}
        torch.manual_seed(sampling.seed)
    input_ids = torch.tensor([ids])
    output = model.generate(
        input_ids=input_ids,
        attention_mask=torch.ones_like(input_ids),
        max_new_tokens=sampling.max_tokens,
        pad_token_id=0,
        **options,
    )
    return output[0, len(ids) :].tolist()


def generate(
    scheduler: BatchScheduler, requests: list[tuple[ModelHandle, list[int], SamplingParameters]]
) -> list[list[int]]:
    """The tokens of each sequence, all generated at once."""
    rows = [
        SequenceState(handle, ids, sampling, sampling.max_tokens, set(), lambda _: None)
        for handle, ids, sampling in requests
    ]
    for row in rows:
        scheduler.add(row)
    return [list(row.tokens()) for row in rows]


def test_mixed_batch_generates_the_tokens_of_each_model_alone(base, tuned, monkeypatch):
    handles, batch_models = make_handles(base, tuned), []
    model_for: Callable = MixedAdapters.model_for

    def record(self: MixedAdapters, models: list[torch.nn.Module]) -> torch.nn.Module:
        batch_models.append(len({id(model) for model in models}))
        return model_for(self, models)

    monkeypatch.setattr(MixedAdapters, "model_for", record)
    sampled = SamplingParameters(max_tokens=30, temperature=1.1, top_p=0.9, seed=7)
    requests = [(handle, ids, GREEDY) for handle, ids in zip(handles * 2, PROMPTS * 2, strict=True)]
    requests += [(handles[0], PROMPTS[1], sampled), (handles[2], PROMPTS[3], sampled)]
    replies = generate(BatchScheduler(FairLock()), requests)
    assert replies == [alone(handle.model, ids, sampling) for handle, ids, sampling in requests]
    assert max(batch_models) == 4 and len(batch_models) < 80
    assert len({tuple(reply) for reply in replies[:5]}) == 5


def test_logits_of_a_row_do_not_depend_on_other_adapters_in_the_batch(base, tuned):
    handles = make_handles(base, tuned)[:4]
    rows = BatchCache()
    with torch.no_grad():
        for handle, ids in zip(handles, PROMPTS, strict=False):
            rows.add(prefill(handle.model, torch.tensor([ids]))[0], len(ids))
        model = handles[0].mixed.model_for([handle.model for handle in handles])
        logits = rows.step(model, [6, 6, 6, 6])
        for row, (handle, ids) in enumerate(zip(handles, PROMPTS, strict=False)):
            expected = handle.model(torch.tensor([[*ids, 6]])).logits[0, -1]
            assert torch.allclose(logits[row], expected, atol=1e-5, rtol=1e-5), row
    assert not torch.allclose(base(torch.tensor([[*PROMPTS[1], 6]])).logits[0, -1], logits[1], atol=1e-2)


def test_rows_join_and_leave_in_any_order(base):
    rng, rows, texts = random.Random(3), BatchCache(), []
    with torch.no_grad():
        for _ in range(40):
            if texts and rng.random() < 0.25:
                stays = [at for at in range(len(texts)) if rng.random() < 0.6]
                rows.select(stays)
                texts = [texts[at] for at in stays]
            if len(texts) < 5 and rng.random() < 0.5:
                texts.append([rng.randrange(1, 90) for _ in range(rng.randrange(1, 12))])
                rows.add(prefill(base, torch.tensor([texts[-1]]))[0], len(texts[-1]))
            if texts and max(map(len, texts)) < 100:
                new = [rng.randrange(1, 90) for _ in texts]
                logits = rows.step(base, new)
                texts = [[*ids, token] for ids, token in zip(texts, new, strict=True)]
                expected = torch.stack([base(torch.tensor([ids])).logits[0, -1] for ids in texts])
                assert torch.allclose(logits, expected, atol=1e-4, rtol=1e-4)


def test_sequences_beyond_the_batch_size_are_generated_too_and_size_one_is_exact(base, tuned):
    handles = make_handles(base, tuned)
    requests = [(handles[number % 5], PROMPTS[number % 3], GREEDY) for number in range(20)]
    expected = [alone(handle.model, ids) for handle, ids, _ in requests]
    assert generate(BatchScheduler(FairLock(), 3), requests) == expected
    assert generate(BatchScheduler(FairLock(), 1), requests) == expected


def test_unused_adapter_is_deleted_when_a_new_one_is_added(base, tuned):
    handles = make_handles(base, tuned)
    mixed = handles[0].mixed
    mixed.model_for([base, tuned[0]])
    passing = share_weights(tuned[1])
    mixed.model_for([base, passing])
    assert len(mixed._mixed.peft_config) == 2
    del passing
    gc.collect()
    mixed.model_for([base, tuned[2]])
    assert len(mixed._mixed.peft_config) == 2
    requests = [(handle, PROMPTS[0], GREEDY) for handle in (handles[0], handles[1], handles[3])]
    assert generate(BatchScheduler(FairLock()), requests) == [alone(handle.model, ids) for handle, ids, _ in requests]


def test_failed_step_ends_the_sequences_of_its_batch_only(base, tuned):
    class Broken(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner, self.config, self.generation_config = base, base.config, base.generation_config

        def forward(self, **kwargs: object) -> object:
            if "position_ids" in kwargs:
                raise RuntimeError("the device is gone")
            return self.inner(**kwargs)

    scheduler, good = BatchScheduler(FairLock()), ModelHandle(base)
    bad = [SequenceState(ModelHandle(model), [4, 2], GREEDY, 24, set(), lambda _: None) for model in [Broken()] * 1]
    fine = SequenceState(good, PROMPTS[0], GREEDY, 24, set(), lambda _: None)
    for row in (*bad, fine):
        scheduler.add(row)
    with pytest.raises(RuntimeError, match="the device is gone"):
        list(bad[0].tokens())
    assert list(fine.tokens()) == alone(base, PROMPTS[0])
    assert generate(scheduler, [(good, PROMPTS[1], GREEDY)]) == [alone(base, PROMPTS[1])]


def test_cancelled_sequence_leaves_after_the_current_step(base):
    scheduler, first_token = BatchScheduler(FairLock()), threading.Event()
    row = SequenceState(
        ModelHandle(base), PROMPTS[0], SamplingParameters(100, 0.0), 100, set(), lambda _: first_token.set()
    )
    scheduler.add(row)
    assert first_token.wait(10)
    row.cancelled.set()
    assert row.finished.wait(10) and len(row.generated) < 100
    before = SequenceState(ModelHandle(base), PROMPTS[0], GREEDY, 24, set(), lambda _: None)
    before.cancelled.set()
    scheduler.add(before)
    assert before.finished.wait(10) and before.generated == []


def test_models_without_batching_are_detected(base):
    assert supports_batching(base)

    class IgnoresMask(torch.nn.Module):
        """Attends to masked tokens."""

        def __init__(self) -> None:
            super().__init__()
            self.inner, self.config, self.generation_config = base, base.config, base.generation_config

        def forward(self, attention_mask: torch.Tensor, **kwargs: object) -> object:
            return self.inner(attention_mask=torch.ones_like(attention_mask), **kwargs)

    assert not supports_batching(IgnoresMask())
    special = share_weights(base)
    special.generation_config = type(base.generation_config)(min_p=0.3)
    assert not supports_batching(special)


def test_repetition_penalty_of_the_model_is_applied(base):
    penalised = share_weights(base)
    penalised.generation_config = type(base.generation_config)(repetition_penalty=1.4)
    assert supports_batching(penalised)
    (tokens,) = generate(BatchScheduler(FairLock()), [(ModelHandle(penalised), PROMPTS[0], GREEDY)])
    assert tokens == alone(penalised, PROMPTS[0]) != alone(base, PROMPTS[0])


def test_mixed_adapters_share_all_weights(base, tuned):
    mixed = make_handles(base, tuned)[0].mixed
    inner = mixed.model_for([base, *tuned[:3]])
    known = {tensor.data_ptr() for model in (base, *tuned) for tensor in model.parameters()}
    assert {tensor.data_ptr() for tensor in inner.parameters()} <= known
    assert isinstance(tuned[0], PeftModel) and mixed.model_for([tuned[0], tuned[0]]) is tuned[0]

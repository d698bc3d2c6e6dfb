"""Answers that share steps are the answers that each model gives alone: mixed adapters, lengths, arrivals and leavings."""

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
from worker.engine.serving.kv_cache import SequenceBatch, can_share_steps, read
from worker.engine.serving.mixed_adapters import MixedAdapters
from worker.engine.serving.sampler import SamplingParameters
from worker.engine.serving.scheduler import BatchScheduler, ModelHandle, SequenceState
from worker.engine.serving.shared_weights import share, tune

GREEDY = SamplingParameters(max_tokens=24, temperature=0)
TALKS = [[1, 5, 9], [4, 2, 6, 1, 7, 7, 3], [8], [3, 3, 9, 2, 1], [7, 1]]


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
    """Three adapters that differ in rank, scaling and places, and one of a kind that cannot be mixed."""
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
        get_peft_model(share(base), config).save_pretrained(folder / str(number))
        made.append(tune(base, Dora() if config.use_dora else Lora(), folder / str(number)).eval())
    return made


def make_parts(base: torch.nn.Module, tuned: list[torch.nn.Module]) -> list[ModelHandle]:
    mixture = MixedAdapters(base)
    assert [mixture.takes(each, Lora()) for each in tuned] == [True, True, True, False]
    assert not mixture.takes(tuned[0], Dora())
    return [ModelHandle(base, mixture), *(ModelHandle(each, mixture) for each in tuned[:3]), ModelHandle(tuned[3])]


def alone(model: torch.nn.Module, ids: list[int], sampling: SamplingParameters = GREEDY) -> list[int]:
    how = {"do_sample": False}
    if sampling.temperature:
        how = {"do_sample": True, "temperature": sampling.temperature, "top_p": sampling.top_p, "top_k": 0}
        torch.manual_seed(sampling.seed)
    asked = torch.tensor([ids])
    told = model.generate(
        input_ids=asked,
        attention_mask=torch.ones_like(asked),
        max_new_tokens=sampling.max_tokens,
        pad_token_id=0,
        **how,
    )
    return told[0, len(ids) :].tolist()


def sing(choir: BatchScheduler, asked: list[tuple[ModelHandle, list[int], SamplingParameters]]) -> list[list[int]]:
    """All at once; what each row was told."""
    rows = [SequenceState(part, ids, how, how.max_tokens, set(), lambda _: None) for part, ids, how in asked]
    for row in rows:
        choir.add(row)
    return [list(row.tokens()) for row in rows]


def test_mixed_answers_are_token_for_token_those_of_each_model_alone(base, tuned, monkeypatch):
    parts, mixed = make_parts(base, tuned), []
    choose: Callable = MixedAdapters.model_for

    def note(self: MixedAdapters, models: list[torch.nn.Module]) -> torch.nn.Module:
        mixed.append(len({id(each) for each in models}))
        return choose(self, models)

    monkeypatch.setattr(MixedAdapters, "model_for", note)
    chance = SamplingParameters(max_tokens=30, temperature=1.1, top_p=0.9, seed=7)
    asked = [(part, ids, GREEDY) for part, ids in zip(parts * 2, TALKS * 2, strict=True)]
    asked += [(parts[0], TALKS[1], chance), (parts[2], TALKS[3], chance)]
    told = sing(BatchScheduler(FairLock()), asked)
    assert told == [alone(part.model, ids, how) for part, ids, how in asked]
    assert max(mixed) == 4 and len(mixed) < 80
    assert len({tuple(each) for each in told[:5]}) == 5


def test_a_row_of_the_base_model_has_its_scores_whatever_answers_beside_it(base, tuned):
    parts = make_parts(base, tuned)[:4]
    rows = SequenceBatch()
    with torch.no_grad():
        for part, ids in zip(parts, TALKS, strict=False):
            rows.join(read(part.model, torch.tensor([ids]))[0], len(ids))
        model = parts[0].mixture.model_for([part.model for part in parts])
        scores = rows.step(model, [6, 6, 6, 6])
        for row, (part, ids) in enumerate(zip(parts, TALKS, strict=False)):
            expected = part.model(torch.tensor([[*ids, 6]])).logits[0, -1]
            assert torch.allclose(scores[row], expected, atol=1e-5, rtol=1e-5), row
    assert not torch.allclose(base(torch.tensor([[*TALKS[1], 6]])).logits[0, -1], scores[1], atol=1e-2)


def test_rows_come_and_go_in_any_order(base):
    chance, rows, texts = random.Random(3), SequenceBatch(), []
    with torch.no_grad():
        for _ in range(40):
            if texts and chance.random() < 0.25:
                kept = [at for at in range(len(texts)) if chance.random() < 0.6]
                rows.keep(kept)
                texts = [texts[at] for at in kept]
            if len(texts) < 5 and chance.random() < 0.5:
                texts.append([chance.randrange(1, 90) for _ in range(chance.randrange(1, 12))])
                rows.join(read(base, torch.tensor([texts[-1]]))[0], len(texts[-1]))
            if texts and max(map(len, texts)) < 100:
                new = [chance.randrange(1, 90) for _ in texts]
                scores = rows.step(base, new)
                texts = [[*ids, token] for ids, token in zip(texts, new, strict=True)]
                expected = torch.stack([base(torch.tensor([ids])).logits[0, -1] for ids in texts])
                assert torch.allclose(scores, expected, atol=1e-4, rtol=1e-4)


def test_more_rows_than_a_batch_holds_are_all_answered_and_one_by_one_is_exact(base, tuned):
    parts = make_parts(base, tuned)
    asked = [(parts[number % 5], TALKS[number % 3], GREEDY) for number in range(20)]
    expected = [alone(part.model, ids) for part, ids, _ in asked]
    assert sing(BatchScheduler(FairLock(), 3), asked) == expected
    assert sing(BatchScheduler(FairLock(), 1), asked) == expected


def test_an_adapter_that_nobody_holds_is_forgotten_and_a_new_one_takes_its_place(base, tuned):
    parts = make_parts(base, tuned)
    mixture = parts[0].mixture
    mixture.model_for([base, tuned[0]])
    passing = share(tuned[1])
    mixture.model_for([base, passing])
    assert len(mixture._mixed.peft_config) == 2
    del passing
    gc.collect()
    mixture.model_for([base, tuned[2]])
    assert len(mixture._mixed.peft_config) == 2
    asked = [(part, TALKS[0], GREEDY) for part in (parts[0], parts[1], parts[3])]
    assert sing(BatchScheduler(FairLock()), asked) == [alone(part.model, ids) for part, ids, _ in asked]


def test_a_step_that_fails_ends_its_rows_and_nobody_elses(base, tuned):
    class Broken(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner, self.config, self.generation_config = base, base.config, base.generation_config

        def forward(self, **told: object) -> object:
            if "position_ids" in told:
                raise RuntimeError("the device is gone")
            return self.inner(**told)

    choir, good = BatchScheduler(FairLock()), ModelHandle(base)
    bad = [SequenceState(ModelHandle(model), [4, 2], GREEDY, 24, set(), lambda _: None) for model in [Broken()] * 1]
    fine = SequenceState(good, TALKS[0], GREEDY, 24, set(), lambda _: None)
    for row in (*bad, fine):
        choir.add(row)
    with pytest.raises(RuntimeError, match="the device is gone"):
        list(bad[0].tokens())
    assert list(fine.tokens()) == alone(base, TALKS[0])
    assert sing(choir, [(good, TALKS[1], GREEDY)]) == [alone(base, TALKS[1])]


def test_whoever_leaves_gives_the_place_up_after_the_step_at_hand(base):
    choir, heard = BatchScheduler(FairLock()), threading.Event()
    row = SequenceState(ModelHandle(base), TALKS[0], SamplingParameters(100, 0.0), 100, set(), lambda _: heard.set())
    choir.add(row)
    assert heard.wait(10)
    row.stop.set()
    assert row.gone.wait(10) and len(row.written) < 100
    before = SequenceState(ModelHandle(base), TALKS[0], GREEDY, 24, set(), lambda _: None)
    before.stop.set()
    choir.add(before)
    assert before.gone.wait(10) and before.written == []


def test_models_that_cannot_share_steps_are_found_out(base):
    assert can_share_steps(base)

    class Careless(torch.nn.Module):
        """Reads what is masked, as models do that know of no mask."""

        def __init__(self) -> None:
            super().__init__()
            self.inner, self.config, self.generation_config = base, base.config, base.generation_config

        def forward(self, attention_mask: torch.Tensor, **told: object) -> object:
            return self.inner(attention_mask=torch.ones_like(attention_mask), **told)

    assert not can_share_steps(Careless())
    special = share(base)
    special.generation_config = type(base.generation_config)(min_p=0.3)
    assert not can_share_steps(special)


def test_a_models_own_repetition_penalty_is_kept(base):
    careful = share(base)
    careful.generation_config = type(base.generation_config)(repetition_penalty=1.4)
    assert can_share_steps(careful)
    (told,) = sing(BatchScheduler(FairLock()), [(ModelHandle(careful), TALKS[0], GREEDY)])
    assert told == alone(careful, TALKS[0]) != alone(base, TALKS[0])


def test_a_mixture_holds_no_weights_of_its_own(base, tuned):
    mixture = make_parts(base, tuned)[0].mixture
    inner = mixture.model_for([base, *tuned[:3]])
    known = {each.data_ptr() for model in (base, *tuned) for each in model.parameters()}
    assert {each.data_ptr() for each in inner.parameters()} <= known
    assert isinstance(tuned[0], PeftModel) and mixture.model_for([tuned[0], tuned[0]]) is tuned[0]

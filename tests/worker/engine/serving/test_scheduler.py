"""Batched replies equal those of each model alone: mixed adapters, different lengths, sequences that join and leave."""

import threading
from collections.abc import Callable

import pytest
import torch

from tests.worker.engine.serving.decoding import GREEDY, PROMPTS, alone, make_handles
from worker.engine.serving.fair_lock import FairLock
from worker.engine.serving.kv_cache import supports_batching
from worker.engine.serving.mixed_adapters import MixedAdapters
from worker.engine.serving.sampler import SamplingParameters
from worker.engine.serving.scheduler import BatchScheduler, ModelHandle, SequenceState
from worker.engine.serving.shared_weights import share_weights


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


def test_sequences_beyond_the_batch_size_are_generated_too_and_size_one_is_exact(base, tuned):
    handles = make_handles(base, tuned)
    requests = [(handles[number % 5], PROMPTS[number % 3], GREEDY) for number in range(20)]
    expected = [alone(handle.model, ids) for handle, ids, _ in requests]
    assert generate(BatchScheduler(FairLock(), 3), requests) == expected
    assert generate(BatchScheduler(FairLock(), 1), requests) == expected


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


def test_repetition_penalty_of_the_model_is_applied(base):
    penalised = share_weights(base)
    penalised.generation_config = type(base.generation_config)(repetition_penalty=1.4)
    assert supports_batching(penalised)
    (tokens,) = generate(BatchScheduler(FairLock()), [(ModelHandle(penalised), PROMPTS[0], GREEDY)])
    assert tokens == alone(penalised, PROMPTS[0]) != alone(base, PROMPTS[0])

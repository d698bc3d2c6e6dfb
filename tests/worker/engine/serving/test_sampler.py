"""Sampling gives the tokens that transformers' own processors give."""

import pytest
import torch
from transformers import GenerationConfig

from worker.engine.serving.sampler import Sampler, SamplingParameters, supports_generation_config

CPU = torch.device("cpu")
LOGITS = torch.tensor([0.1, 2.0, 1.9, -1.0])


def draw(count: int, **options: float) -> list[int]:
    sampler = Sampler(SamplingParameters(**options), GenerationConfig(), CPU)
    return [sampler.sample([0], LOGITS) for _ in range(count)]


def test_temperature_zero_is_greedy() -> None:
    assert Sampler(SamplingParameters(temperature=0), GenerationConfig(), CPU).is_greedy
    assert draw(3, temperature=0) == [1, 1, 1]


def test_seed_repeats_the_tokens() -> None:
    assert draw(30, temperature=1.5, seed=3) == draw(30, temperature=1.5, seed=3) != draw(30, temperature=1.5, seed=4)


def test_top_p_leaves_only_the_most_probable_tokens() -> None:
    assert set(draw(50, temperature=1.0, top_p=0.6, seed=1)) == {1, 2}


def test_repetition_penalty_is_applied_to_greedy_decoding() -> None:
    sampler = Sampler(SamplingParameters(temperature=0), GenerationConfig(repetition_penalty=2.0), CPU)
    assert not sampler.is_greedy and sampler.sample([1], LOGITS) == 2


@pytest.mark.parametrize(("options", "supported"), [({}, True), ({"top_k": 5}, True), ({"min_p": 0.2}, False)])
def test_supported_generation_configurations(options: dict, supported: bool) -> None:
    assert supports_generation_config(GenerationConfig(**options)) is supported

"""What a decoder generates alone, and handles on the tiny decoders for batches."""

import torch

from app.catalog.methods.dora import Dora
from app.catalog.methods.lora import Lora
from worker.engine.serving.mixed_adapters import MixedAdapters
from worker.engine.serving.sampler import SamplingParameters
from worker.engine.serving.scheduler import ModelHandle

GREEDY = SamplingParameters(max_tokens=24, temperature=0)
PROMPTS = [[1, 5, 9], [4, 2, 6, 1, 7, 7, 3], [8], [3, 3, 9, 2, 1], [7, 1]]


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

"""Chooses the next token of one answer from the model's scores, as transformers' own ``generate`` does. Knows no model."""

from dataclasses import dataclass

import torch
from transformers import (
    GenerationConfig,
    LogitsProcessorList,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopPLogitsWarper,
)

# What a model's own generation settings may hold without changing more than this module knows of.
KNOWN = {
    "bos_token_id",
    "eos_token_id",
    "pad_token_id",
    "transformers_version",
    "temperature",
    "top_p",
    "top_k",
    "do_sample",
    "max_length",
    "max_new_tokens",
    "repetition_penalty",
    "_from_model_config",
    "use_cache",
}


@dataclass(frozen=True)
class SamplingParameters:
    """How the next token is chosen. ``temperature`` 0 takes the most probable one; ``seed`` makes chance repeatable."""

    max_tokens: int = 256
    temperature: float = 0.7
    top_p: float = 0.95
    seed: int | None = None
    stop: tuple[str, ...] = ()


class Sampler:
    """One answer's way to choose, with chance of its own: a seed repeats it, whoever is answered at the same time."""

    def __init__(self, sampling: SamplingParameters, config: GenerationConfig, device: torch.device) -> None:
        self._processors = LogitsProcessorList()
        self._chance: torch.Generator | None = None
        if config.repetition_penalty not in (None, 1.0):
            self._processors.append(RepetitionPenaltyLogitsProcessor(config.repetition_penalty))
        self.plain = not self._processors and sampling.temperature == 0
        if sampling.temperature == 0:
            return
        self._chance = torch.Generator(device)
        if sampling.seed is None:
            self._chance.seed()
        else:
            self._chance.manual_seed(sampling.seed)
        if sampling.temperature != 1.0:
            self._processors.append(TemperatureLogitsWarper(sampling.temperature))
        if sampling.top_p < 1.0:
            self._processors.append(TopPLogitsWarper(sampling.top_p))

    def choose(self, ids: list[int], scores: torch.Tensor) -> int:
        """The next token's id.

        Args:
            ids: the conversation and the answer so far.
            scores: the model's logits (vocabulary,) in fp32.
        """
        so_far = torch.tensor([ids], device=scores.device)
        weighed = self._processors(so_far, scores.unsqueeze(0))  # type: ignore[arg-type]
        if self._chance is None:
            return int(weighed.argmax(-1))
        return int(torch.multinomial(weighed.softmax(-1), 1, generator=self._chance))


def is_known(config: GenerationConfig) -> bool:
    """Whether a model asks for nothing in its generation settings that is not done here."""
    return {name for name, value in config.to_diff_dict().items() if value} <= KNOWN

"""Sampling of the next token from the logits, with transformers' own logits processors."""

from dataclasses import dataclass

import torch
from transformers import (
    GenerationConfig,
    LogitsProcessorList,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopPLogitsWarper,
)

# Fields of a model's generation configuration that :class:`Sampler` applies or that do not change the tokens.
SUPPORTED_SETTINGS = {
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
    """Limits and sampling of one reply; ``temperature`` 0 is greedy, ``seed`` makes sampling repeatable."""

    max_tokens: int = 256
    temperature: float = 0.7
    top_p: float = 0.95
    seed: int | None = None
    stop: tuple[str, ...] = ()


class Sampler:
    """Samples for one reply with a random generator of its own, so that a seed repeats it whatever else is in the batch."""

    def __init__(self, sampling: SamplingParameters, config: GenerationConfig, device: torch.device) -> None:
        self._processors = LogitsProcessorList()
        self._generator: torch.Generator | None = None
        if config.repetition_penalty not in (None, 1.0):
            self._processors.append(RepetitionPenaltyLogitsProcessor(config.repetition_penalty))
        self.is_greedy = not self._processors and sampling.temperature == 0
        if sampling.temperature == 0:
            return
        self._generator = torch.Generator(device)
        if sampling.seed is None:
            self._generator.seed()
        else:
            self._generator.manual_seed(sampling.seed)
        if sampling.temperature != 1.0:
            self._processors.append(TemperatureLogitsWarper(sampling.temperature))
        if sampling.top_p < 1.0:
            self._processors.append(TopPLogitsWarper(sampling.top_p))

    def sample(self, ids: list[int], logits: torch.Tensor) -> int:
        """The next token's id.

        Args:
            ids: tokens of the prompt and of the reply so far.
            logits: (vocabulary,) in fp32.
        """
        input_ids = torch.tensor([ids], device=logits.device)
        processed = self._processors(input_ids, logits.unsqueeze(0))  # type: ignore[arg-type]
        if self._generator is None:
            return int(processed.argmax(-1))
        return int(torch.multinomial(processed.softmax(-1), 1, generator=self._generator))


def supports_generation_config(config: GenerationConfig) -> bool:
    """Whether :class:`Sampler` applies everything that a model's generation configuration asks for."""
    return {name for name, value in config.to_diff_dict().items() if value} <= SUPPORTED_SETTINGS

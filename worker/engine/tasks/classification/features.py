"""Sentence vectors of the untouched encoder, kept between runs: the second run on the same rows starts at once.

Two runs share vectors only if rows, tokenizer, length, weights and precision are the same; that is the name they are
kept under. Must be used before a method is applied to the model.
"""

import hashlib
from pathlib import Path

import torch
from accelerate import Accelerator
from safetensors.torch import load_file, save_file

from app import files
from app.catalog.card import BaseModelCard
from app.run_report import Report
from worker.engine.tasks.classification.data import Encoded
from worker.engine.tasks.classification.evaluate import read_all
from worker.engine.tasks.classification.model import PooledClassifier
from worker.engine.tasks.linear_probe import Probe, fit_probe

# Beyond this the vectors of one split are computed anew instead of filling the disk.
MOST_BYTES = 512 * 1024**2


class Features:
    """Vectors of every split, and the linear probe fitted on those of the training rows."""

    def __init__(
        self,
        model: PooledClassifier,
        base: BaseModelCard,
        encoded: dict[str, Encoded],
        pad_id: int,
        accelerator: Accelerator,
        report: Report,
        cache: Path | None,
        base_precision: str = "full",
    ) -> None:
        self._model, self._base, self._encoded, self._pad_id = model.eval(), base, encoded, pad_id
        self._accelerator, self._report = accelerator, report
        self._folder = cache / "features" if cache else None
        self._base_precision = base_precision

    def of(self, split: str) -> torch.Tensor:
        """Vectors (rows, hidden) of one split, in its order."""
        kept = self._kept(split)
        if kept is not None and kept.exists():
            return load_file(kept)["vectors"]
        data = self._encoded[split]
        vectors = read_all(self._model, data, self._pad_id, self._accelerator, self._report, what="features")
        if kept is not None and vectors.nbytes <= MOST_BYTES:
            _keep({"vectors": vectors}, kept)
        return vectors

    def probe(self, label_count: int) -> Probe:
        """The probe for these labels, fitted or as it was fitted before."""
        labels = self._encoded["train"].labels
        kept = self._kept("train", repr((labels, label_count)))
        if kept is not None and kept.exists():
            return Probe(**load_file(kept))
        probe = fit_probe(self.of("train"), labels, label_count)
        if kept is not None:
            _keep({"weight": probe.weight, "bias": probe.bias}, kept)
        return probe

    def _kept(self, split: str, extra: str = "") -> Path | None:
        if self._folder is None:
            return None
        words = [self._base.weights_sha256, self._base.pooling, str(self._base.normalize)]
        words += [self._accelerator.mixed_precision, self._accelerator.device.type, extra]
        if self._base_precision != "full":
            words.append(self._base_precision)
        digest = hashlib.sha256("\0".join(words).encode())
        digest.update(repr(self._encoded[split].tokens).encode())
        return self._folder / f"{digest.hexdigest()}.safetensors"


def _keep(tensors: dict[str, torch.Tensor], final: Path) -> None:
    with files.atomic_file(final, durable=False) as temporary:
        save_file(tensors, temporary)

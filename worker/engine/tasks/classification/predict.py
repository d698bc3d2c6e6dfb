"""Classifies texts with an adapter folder: in the inference server, and in the check after saving."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from app.catalog.card import BaseModelCard
from app.catalog.task_types.text_pairs import TextInput
from worker.engine.batching.batches import collate, plan_reading
from worker.engine.modeling.adapter_files import HEAD, read_labels, read_spec
from worker.engine.modeling.tokenizer import load_tokenizer, tokenize
from worker.engine.tasks.classification.model import PooledClassifier, load_encoder, make_head


class HeadPredictor:
    """A tuned encoder with its head, in fp32; ``labels`` are the names of its outputs."""

    def __init__(self, folder: Path, base_folder: Path, base: BaseModelCard, device: str = "cpu") -> None:
        self.spec = read_spec(folder)
        self.labels = read_labels(folder)
        self._tokenizer = load_tokenizer(folder)
        weights = load_file(folder / HEAD)
        head = make_head(weights["weight"].shape[1], weights["weight"].shape[0])
        head.load_state_dict(weights)
        encoder = self.spec.method.load(load_encoder(base_folder, base, self.spec.base_precision), folder)
        self._model = PooledClassifier(encoder, head, base).eval().to(device)
        self._device = device

    @torch.no_grad()
    def logits(self, texts: Sequence[TextInput]) -> torch.Tensor:
        """Scores (inputs, outputs), in the order of the inputs, each a text or a pair of texts."""
        encoded = tokenize(self._tokenizer, texts, self.spec.training.max_length)
        tokens = encoded["input_ids"]
        self._model.tell_apart(tokens, encoded.get("token_type_ids"))
        answers = torch.empty((len(tokens), self._model.head.out_features))
        for rows in plan_reading([len(ids) for ids in tokens]):
            ids, mask = (tensor.to(self._device) for tensor in collate(tokens, rows, self._tokenizer.pad_token_id or 0))
            answers[rows] = self._model(ids, mask).cpu()
        return answers


class Predictor(HeadPredictor):
    """A tuned classifier: one label for each text."""

    def predict(self, texts: Sequence[TextInput]) -> list[dict[str, Any]]:
        """``[{"label", "probabilities": {label: probability}}]``, labels from likely to unlikely."""
        predictions: list[dict[str, Any]] = []
        for row in self.logits(texts).softmax(-1).tolist():
            ranked = sorted(zip(self.labels, row, strict=True), key=lambda pair: -pair[1])
            predictions.append({"label": ranked[0][0], "probabilities": dict(ranked)})
        return predictions

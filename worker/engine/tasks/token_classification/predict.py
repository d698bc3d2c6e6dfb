"""Marks words with a saved adapter folder, as the inference server and the check after saving do. Knows no training."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from app.catalog.task_types.tagged_text import Sentence, word_places
from worker.engine.batching.batches import collate, plan_reading
from worker.engine.modeling.adapter_files import read_labels, read_spec
from worker.engine.modeling.tokenizer import load_tokenizer
from worker.engine.tasks.token_classification.data import Pieces, Tagged, cut_up
from worker.engine.tasks.token_classification.evaluate import answer
from worker.engine.tasks.token_classification.model import load_tagger

Text = tuple[str, Sequence[tuple[int, int]]]


class TagPredictor:
    """One tuned tagger in fp32, ready to answer."""

    def __init__(self, folder: Path, base_folder: Path, device: str = "cpu") -> None:
        self.spec = read_spec(folder)
        tags = read_labels(folder)
        self._tokenizer = load_tokenizer(folder)
        tagger = load_tagger(base_folder, tags, self.spec.base_precision)
        tagger.network = self.spec.method.load(tagger.network, folder)
        self._model = tagger.eval().to(device)
        self._device = device

    def logits(self, texts: Sequence[Text]) -> list[np.ndarray]:
        """Scores (words that are read, tags) of each text, given with the places of its words."""
        return self._read(self._cut_up(texts))

    def predict(self, texts: Sequence[str]) -> list[dict[str, object]]:
        """``[{"entities": [{"start", "end", "label", "score", "text"}], "read_to"}]``, places in characters.

        ``read_to`` is the character up to which the text was read; less than its length when it is too long.
        """
        sentences = [Sentence(text, word_places(text), ()) for text in texts]
        pieces = self._cut_up([(each.text, each.places) for each in sentences])
        data = Tagged(list(range(len(texts))), sentences, pieces, [])
        found = answer(data, self._read(pieces), self.spec.labels)
        return [
            {
                "entities": [
                    {"start": start, "end": end, "label": label, "score": sure, "text": sentence.text[start:end]}
                    for (start, end, label), sure in zip(each.spans, each.certainties, strict=True)
                ],
                "read_to": _read_to(sentence, cut),
            }
            for sentence, cut, each in zip(sentences, pieces, found, strict=True)
        ]

    def _cut_up(self, texts: Sequence[Text]) -> list[Pieces]:
        return cut_up(texts, self._tokenizer, self.spec.training.max_length - self.spec.method.virtual_tokens)

    @torch.no_grad()
    def _read(self, pieces: Sequence[Pieces]) -> list[np.ndarray]:
        tokens = [each.ids for each in pieces]
        found: dict[int, np.ndarray] = {}
        for rows in plan_reading([len(ids) for ids in tokens]):
            ids, mask = (each.to(self._device) for each in collate(tokens, rows, self._tokenizer.pad_token_id or 0))
            told = self._model(ids, mask).cpu()
            for at, row in enumerate(rows):
                found[row] = told[at, list(pieces[row].firsts.values())].numpy()
        return [found[row] for row in range(len(tokens))]


def _read_to(sentence: Sentence, pieces: Pieces) -> int:
    if not pieces.cut:
        return len(sentence.text)
    return sentence.places[max(pieces.firsts, default=0)][1] if sentence.places else 0

"""Marks entities with an adapter folder: in the inference server, and in the check after saving."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from app.catalog.task_types.tagged_text import Sentence, word_places
from app.catalog.task_types.text_pairs import TextInput
from worker.engine.batching.batches import collate, plan_reading
from worker.engine.modeling.adapter_files import read_labels, read_spec
from worker.engine.modeling.tokenizer import load_tokenizer
from worker.engine.tasks.token_classification.data import TaggedSplit, WordTokens, tokenize_words
from worker.engine.tasks.token_classification.evaluate import answer
from worker.engine.tasks.token_classification.model import load_tagger

Text = tuple[str, Sequence[tuple[int, int]]]


class TagPredictor:
    """A tuned tagger in fp32."""

    def __init__(self, folder: Path, base_folder: Path, device: str = "cpu") -> None:
        self.spec = read_spec(folder)
        tags = read_labels(folder)
        self._tokenizer = load_tokenizer(folder)
        tagger = load_tagger(base_folder, tags, self.spec.base_precision)
        tagger.network = self.spec.method.load(tagger.network, folder)
        self._model = tagger.eval().to(device)
        self._device = device

    def logits(self, texts: Sequence[Text]) -> list[np.ndarray]:
        """Scores (words that are read, tags) of each text, given with the character ranges of its words."""
        return self._read(self._tokenize(texts))

    def predict(self, texts: Sequence[TextInput]) -> list[dict[str, Any]]:
        """``[{"entities": [{"start", "end", "label", "score", "text"}], "read_to"}]``, positions in characters.

        ``read_to`` is the character up to which the text was read; less than its length when it is too long.
        """
        sentences = [Sentence(text, word_places(text), ()) for text in texts if isinstance(text, str)]
        encodings = self._tokenize([(sentence.text, sentence.places) for sentence in sentences])
        data = TaggedSplit(list(range(len(texts))), sentences, encodings, [])
        answers = answer(data, self._read(encodings), self.spec.labels)
        return [
            {
                "entities": [
                    {"start": start, "end": end, "label": label, "score": score, "text": sentence.text[start:end]}
                    for (start, end, label), score in zip(tagged.spans, tagged.span_probabilities, strict=True)
                ],
                "read_to": _read_to(sentence, encoding),
            }
            for sentence, encoding, tagged in zip(sentences, encodings, answers, strict=True)
        ]

    def _tokenize(self, texts: Sequence[Text]) -> list[WordTokens]:
        return tokenize_words(texts, self._tokenizer, self.spec.training.max_length - self.spec.method.virtual_tokens)

    @torch.no_grad()
    def _read(self, encodings: Sequence[WordTokens]) -> list[np.ndarray]:
        tokens = [encoding.ids for encoding in encodings]
        logits: dict[int, np.ndarray] = {}
        for rows in plan_reading([len(ids) for ids in tokens]):
            ids, mask = (tensor.to(self._device) for tensor in collate(tokens, rows, self._tokenizer.pad_token_id or 0))
            batch = self._model(ids, mask).cpu()
            for number, row in enumerate(rows):
                logits[row] = batch[number, list(encodings[row].first_tokens.values())].numpy()
        return [logits[row] for row in range(len(tokens))]


def _read_to(sentence: Sentence, encoding: WordTokens) -> int:
    if not encoding.cut:
        return len(sentence.text)
    return sentence.places[max(encoding.first_tokens, default=0)][1] if sentence.places else 0

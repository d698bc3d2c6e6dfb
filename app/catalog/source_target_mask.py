"""What an encoder-decoder sees of an example: the tokens of the source, which it reads, and those of the target, which it writes.

Serves training and the preview in the browser, as :mod:`app.catalog.loss_mask` does for decoders; needs only ``tokenizers``.
"""

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.catalog.masked_example import MaskedExample
from app.catalog.task_types.generative import Example, Turn

if TYPE_CHECKING:
    from tokenizers import Tokenizer


class SourceTargetMasker:
    """Turns sources and targets into tokens; all tokens of the target are learned, its end mark among them.

    Special tokens stand where the tokenizer itself puts them, so that a download reads a source as any program would.
    """

    # There is no chat template: encoder-decoders are asked with the source as it is.
    template_name = ""

    def __init__(self, tokenizer: "Tokenizer", end: int | None) -> None:
        self._tokenizer = tokenizer
        self._end = end
        # Special tokens after a text, which stay when its end is cut.
        self.tail = _tail(tokenizer)

    @property
    def identity(self) -> str:
        """Everything that the tokens of an example depend on besides the example itself."""
        return hashlib.sha256(f"{self._tokenizer.to_str()}\0{self._end}\0source-target".encode()).hexdigest()

    def mask(self, example: Example) -> MaskedExample:
        """Tokens of the source and, after them, of the target."""
        source, target = example.turns[-2].content, example.turns[-1].content
        read, written = self._tokenizer.encode(source), self._tokenizer.encode(target)
        offset = len(source) + 1
        spans = [*read.offsets, *((start + offset, end + offset) for start, end in written.offsets)]
        ids, learned = [*read.ids, *written.ids], [False] * len(read.ids) + [True] * len(written.ids)
        if self._end is not None and (not written.ids or self._end not in written.ids[-2:]):
            ids, learned, spans = [*ids, self._end], [*learned, True], [*spans, (offset + len(target),) * 2]
        return MaskedExample(f"{source}\n{target}", ids, learned, spans, source_tokens=len(read.ids))

    def ask(self, turns: tuple[Turn, ...]) -> list[int]:
        """Tokens of a source."""
        return list(self._tokenizer.encode(turns[-1].content).ids)

    def cut(self, ids: Sequence[int], length: int) -> list[int]:
        """At most so many tokens of a source or a target; the special tokens after it stay."""
        if len(ids) <= length:
            return list(ids)
        tail = min(length, self.tail)
        return [*ids[: length - tail], *ids[len(ids) - tail :]]


def _tail(tokenizer: "Tokenizer") -> int:
    mask = tokenizer.encode("a").special_tokens_mask
    return next((number for number, special in enumerate(reversed(mask)) if not special), 0) or 1

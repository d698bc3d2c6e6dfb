"""An example as tokens, with those that a model is to predict."""

from dataclasses import dataclass

from app.catalog.chat_templates import Span


@dataclass(frozen=True)
class MaskedExample:
    """An example as tokens, none cut yet: ``learned`` says which of them the model is to predict.

    ``spans`` are the characters of ``text`` that each token stands for. The first ``source_tokens`` are read by an encoder, and the
    rest written by a decoder, each up to a length of its own; 0 where one model reads and writes in one row.
    """

    text: str
    ids: list[int]
    learned: list[bool]
    spans: list[Span]
    source_tokens: int = 0

    def is_cut(self, position: int, max_length: int) -> bool:
        """Whether the token at a position lies beyond the maximum length."""
        start = self.source_tokens if position >= self.source_tokens else 0
        return position - start >= max_length

    @property
    def longest(self) -> int:
        """Tokens that must fit into the maximum length."""
        return max(self.source_tokens, len(self.ids) - self.source_tokens)

"""What a model sees of an example and what it learns from: tokens, which of them count in the loss, what is cut.

The same code serves training and the preview in the browser, so the preview shows exactly what the model will see. Needs
only ``tokenizers`` and jinja; imports no torch and no transformers.
"""

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from app.catalog.chat_templates import ChatTemplate, Span, read_template
from app.catalog.masked_example import MaskedExample
from app.catalog.model_facts import ENCODER_DECODER
from app.catalog.source_target_mask import SourceTargetMasker
from app.catalog.task_types.generative import Example, Turn
from app.errors import Rejected
from app.languages import gettext as _

if TYPE_CHECKING:
    from tokenizers import Tokenizer

ANSWERS, EVERYTHING = "answers", "everything"


class Masker(Protocol):
    """Makes tokens with a loss mask of examples."""

    @property
    def template_name(self) -> str:
        """What the chat template is called; empty where there is none."""

    @property
    def identity(self) -> str:
        """Everything that the tokens of an example depend on besides the example itself."""

    def mask(self, example: Example) -> MaskedExample:
        """Tokens of an example."""

    def ask(self, turns: tuple[Turn, ...]) -> list[int]:
        """Tokens of a question, up to where the model begins its answer."""


class LossMasker:
    """Turns examples into tokens with a loss mask, with the template and tokenizer of one model."""

    def __init__(self, tokenizer: "Tokenizer", template: ChatTemplate, learn_from: str = ANSWERS) -> None:
        self.template = template
        self._tokenizer = tokenizer
        self._learn_from = learn_from
        self._end = end_of(tokenizer, template)

    @property
    def template_name(self) -> str:
        """What the chat template is called."""
        return self.template.name

    @property
    def identity(self) -> str:
        """Everything that the tokens of an example depend on besides the example itself."""
        template = self.template
        words = [self._tokenizer.to_str(), template.source, repr(template.specials), self._learn_from]
        return hashlib.sha256("\0".join(words).encode()).hexdigest()

    def mask(self, example: Example) -> MaskedExample:
        """Tokens of a conversation by its template, or of running text with the end mark after it."""
        return self._conversation(example) if example.turns else self._passage(example.text)

    def ask(self, turns: tuple[Turn, ...]) -> list[int]:
        """Tokens of a question, up to where the model begins its answer."""
        return list(self._encode(self.template.render(turns, ask=True)).ids)

    def _conversation(self, example: Example) -> MaskedExample:
        text, answers = self.template.answers(example.turns)
        made = self._encode(text)
        learned = self._everything(example, made) if self._learn_from == EVERYTHING else _inside(made.offsets, answers)
        return MaskedExample(text, list(made.ids), learned, list(made.offsets))

    def _everything(self, example: Example, made: Any) -> list[bool]:
        """All tokens but those of answers that are marked as not to be learned."""
        others = tuple(turn._replace(learned=not turn.learned) for turn in example.turns)
        _, skipped = self.template.answers(others)
        return [not inside for inside in _inside(made.offsets, skipped)]

    def _passage(self, text: str) -> MaskedExample:
        made = self._encode(text)
        end = [] if self._end is None else [self._end]
        offsets = [*made.offsets, *((len(text), len(text)) for _ in end)]
        return MaskedExample(text, [*made.ids, *end], [True] * (len(made.ids) + len(end)), offsets)

    def _encode(self, text: str) -> Any:
        return self._tokenizer.encode(text, add_special_tokens=False)


def _inside(offsets: list[Span], answers: list[Span]) -> list[bool]:
    """Whether each token begins in an answer; a token across the border belongs to what it began with."""
    learned = []
    at = 0
    for start, end in offsets:
        while at < len(answers) and answers[at][1] <= start:
            at += 1
        learned.append(at < len(answers) and answers[at][0] <= start and end > start)
    return learned


def open_masker(folder: Path, learn_from: str = ANSWERS) -> Masker:
    """The masker of a model folder, by whether its model is an encoder-decoder.

    Raises:
        Rejected: ``no_tokenizer_file``; the folder has no ``tokenizer.json``.
    """
    from tokenizers import Tokenizer

    path = folder / "tokenizer.json"
    if not path.is_file():
        raise Rejected(
            "no_tokenizer_file",
            _("The base model has no file tokenizer.json."),
            _("Choose another base model, or save its tokenizer again with transformers."),
        )
    tokenizer, template = plain(Tokenizer.from_file(str(path))), read_template(folder)
    if _has_encoder(folder):
        return SourceTargetMasker(tokenizer, end_of(tokenizer, template))
    return LossMasker(tokenizer, template, learn_from)


def _has_encoder(folder: Path) -> bool:
    """Whether a folder holds an encoder-decoder: by the card of a fetched model, or by what its configuration says."""
    card, config = (
        json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        for path in (folder / "card.json", folder / "config.json")
    )
    return card.get("architecture") == ENCODER_DECODER or bool(config.get("is_encoder_decoder"))


def end_of(tokenizer: "Tokenizer", template: ChatTemplate) -> int | None:
    """The token that ends a text; None where the tokenizer names none."""
    eos = dict(template.specials).get("eos_token") or ""
    return tokenizer.token_to_id(eos) if eos else None


def plain(tokenizer: "Tokenizer") -> "Tokenizer":
    """The tokenizer without cutting and padding, which some models' files ask for; changes it in place."""
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer

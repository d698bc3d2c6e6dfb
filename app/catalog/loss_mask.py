"""What a model sees of an example and what it learns from: tokens, which of them count in the loss, what is cut.

The same code serves training and the preview in the browser, so the preview shows exactly what the model will see. Needs
only ``tokenizers`` and jinja; imports no torch and no transformers.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.catalog.chat_templates import ChatTemplate, Span, read_template
from app.catalog.task_types.generative import Example, Turn
from app.errors import Rejected
from app.languages import gettext as _

if TYPE_CHECKING:
    from tokenizers import Tokenizer

ANSWERS, EVERYTHING = "answers", "everything"


@dataclass(frozen=True)
class MaskedExample:
    """An example as tokens, none cut yet: ``learned`` says which of them the model is to predict.

    ``spans`` are the characters of ``text`` that each token stands for.
    """

    text: str
    ids: list[int]
    learned: list[bool]
    spans: list[Span]


class LossMasker:
    """Turns examples into tokens with a loss mask, with the template and tokenizer of one model."""

    def __init__(self, tokenizer: "Tokenizer", template: ChatTemplate, learn_from: str = ANSWERS) -> None:
        self.template = template
        self._tokenizer = tokenizer
        self._learn_from = learn_from
        eos = dict(template.specials).get("eos_token") or ""
        self._end = tokenizer.token_to_id(eos) if eos else None

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


def open_masker(folder: Path, learn_from: str = ANSWERS) -> LossMasker:
    """The masker of a model folder.

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
    return LossMasker(plain(Tokenizer.from_file(str(path))), read_template(folder), learn_from)


def plain(tokenizer: "Tokenizer") -> "Tokenizer":
    """The tokenizer without cutting and padding, which some models' files ask for; changes it in place."""
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer

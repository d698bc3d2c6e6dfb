"""Paraphrases of the topics' questions: carriers such as "Could you tell me ..." around a phrase, and lead-ins.

The texts are in ``wordings.json``. ``{}`` in a carrier stands for the phrase: a name of what is asked for ("the price of
tea"), an indirect question ("where a cat lives"), something to do ("write a poem about the sea") or a whole statement ("I
feel sad"). Phrases are templates with the topic's slots.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from random import Random

_TEXTS = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
_CARRIERS: dict[str, tuple[str, ...]] = {kind: tuple(texts) for kind, texts in _TEXTS["carriers"].items()}
_LEAD_INS: tuple[str, ...] = tuple(_TEXTS["lead_ins"])


@dataclass(frozen=True)
class Wordings:
    """Phrases of one topic, by the kind of carrier that they fit."""

    nouns: tuple[str, ...] = ()
    clauses: tuple[str, ...] = ()
    requests: tuple[str, ...] = ()
    statements: tuple[str, ...] = ()

    def draw(self, rng: Random) -> str:
        """One wording, still with slots."""
        kinds = {
            "nouns": self.nouns,
            "clauses": self.clauses,
            "requests": self.requests,
            "statements": self.statements,
        }
        choices = [(phrase, _CARRIERS[kind]) for kind, phrases in kinds.items() for phrase in phrases]
        phrase, carriers = rng.choice(choices)
        return rng.choice(carriers).replace("{}", phrase)


WORDINGS: dict[str, Wordings] = {
    topic: Wordings(**{kind: tuple(phrases) for kind, phrases in kinds.items()})
    for topic, kinds in _TEXTS["wordings"].items()
}


def lead_in(text: str, rng: Random) -> str:
    """The text, in 15 % of the cases after a lead-in."""
    return f"{rng.choice(_LEAD_INS)} {text}" if rng.random() < 0.15 else text

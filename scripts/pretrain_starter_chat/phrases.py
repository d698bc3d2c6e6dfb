"""Templates with ``{slots}`` and ``[one|other]`` wordings, and what is kept from training."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from scripts.pretrain_starter_chat.wordings import WORDINGS, lead_in

Row = dict[str, str]

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_HELD_OUT_OF = 20


def fill(template: str, slots: Row, random: Random) -> str:
    """Pick one of each ``[one|other]``, then put the slot values in."""
    while _CHOICE.search(template):
        template = _CHOICE.sub(lambda found: random.choice(found[1].split("|")), template, count=1)
    text = re.sub(r"\{(\w+)\}", lambda found: slots[found[1]], template)
    text = re.sub(r"(?<=[.!?] )[a-z]|(?<=^\d\. )[a-z]", lambda found: found[0].upper(), text, flags=re.MULTILINE)
    return re.sub(r" {2,}", " ", text).strip()


def capital(text: str) -> str:
    """The same text with a capital first letter."""
    return text[:1].upper() + text[1:]


def _as_typed(text: str, random: Random) -> str:
    """Now and then people type without capital and without the mark at the end."""
    return text.rstrip("?.!") if random.random() < 0.08 else capital(text)


def table(names: str, text: str) -> tuple[Row, ...]:
    """Rows from lines such as ``kettle | boils water``; ``names`` are the columns, apart by spaces."""
    lines = (line for line in text.strip().splitlines() if line.strip())
    return tuple(dict(zip(names.split(), (cell.strip() for cell in line.split("|")), strict=True)) for line in lines)


def pool(name: str, text: str) -> tuple[Row, ...]:
    """Rows of one column from values apart by commas."""
    return tuple({name: value.strip()} for value in text.split(",") if value.strip())


def is_held_out(topic: str, combination: tuple[str, ...]) -> bool:
    """Whether a combination of slot values is kept from training; one in twenty is, by its SHA-256."""
    digest = hashlib.sha256("\x1f".join((topic, *combination)).encode()).digest()
    return int.from_bytes(digest[:4], "big") % _HELD_OUT_OF == 0


class Speaker(Random):
    """A source of chance whose questions come in many more wordings; a plain ``Random`` keeps to the topic's own."""


class Pupil(Speaker):
    """A speaker who practises: a ``share`` of the conversations are rows of small tasks, most with numbers up to ten."""

    share = 0.3


@dataclass(frozen=True)
class Exchange:
    """One question and its answer, with the facts (for the system message) that the answer needs."""

    topic: str
    user: str
    assistant: str
    wording: str
    combination: tuple[str, ...]
    facts: str = ""
    follow_ups: tuple[tuple[str, str], ...] = ()
    styled: bool = True


@dataclass(frozen=True)
class Topic:
    """What people ask about one subject, and what is answered.

    Each of ``pools`` gives one row of slot values; ``derive`` adds slots that follow from them. ``asks`` are the wordings
    for training, ``unseen`` those that only held-out prompts use. A topic with several pools or a ``derive`` keeps
    some combinations of the slots in ``key`` (all, if empty) from training; with one pool, or with ``open_key``, the
    answer is known by heart and only the wording is new. ``facts`` goes into the system
    message. ``follow_ups`` are (question, answer) pairs about the same row. ``weight`` is the share among topics.
    """

    name: str
    pools: tuple[tuple[Row, ...], ...]
    asks: tuple[str, ...]
    unseen: tuple[str, ...]
    answers: tuple[str, ...]
    derive: Callable[[Row, Random], Row] | None = None
    facts: tuple[str, ...] = ()
    follow_ups: tuple[tuple[str, str], ...] = ()
    weight: float = 1.0
    styled: bool = True
    key: tuple[str, ...] = ()
    open_key: bool = False

    def draw(self, random: Random, held_out: bool = False) -> Exchange:
        """One exchange; from the held-out wordings and combinations if asked for."""
        slots, combination = self._combination(random, held_out)
        wording = self._wording(random, held_out)
        questions = [(ask, answer) for ask, answer in self.follow_ups if random.random() < 0.5]
        return Exchange(
            self.name,
            self._question(wording, slots, random, held_out),
            capital(fill(random.choice(self.answers), slots, random)),
            wording,
            combination,
            fill(random.choice(self.facts), slots, random) if self.facts else "",
            tuple((capital(fill(a, slots, random)), capital(fill(b, slots, random))) for a, b in questions),
            self.styled,
        )

    def _wording(self, random: Random, held_out: bool) -> str:
        if not held_out and isinstance(random, Speaker) and random.random() < 0.6:
            wording = WORDINGS[self.name].draw(random)
            while wording in self.unseen:
                wording = WORDINGS[self.name].draw(random)
            return wording
        return random.choice(self.unseen if held_out else self.asks)

    def _question(self, wording: str, slots: Row, random: Random, held_out: bool) -> str:
        # A carrier ends with a mark, even around a sentence that has one.
        text = _as_typed(re.sub(r"([?!.])[?!.]+$", r"\1", fill(wording, slots, random)), random)
        return lead_in(text, random) if isinstance(random, Speaker) and not held_out else text

    def _combination(self, random: Random, held_out: bool) -> tuple[Row, tuple[str, ...]]:
        chooses = (len(self.pools) > 1 or self.derive is not None) and not self.open_key
        for _ in range(2000):
            slots: Row = {}
            for rows in self.pools:
                slots |= random.choice(rows)
            if self.derive:
                slots |= self.derive(slots, random)
            combination = tuple(slots[name] for name in self.key or sorted(slots))
            if not chooses or is_held_out(self.name, combination) == held_out:
                return slots, combination
        raise ValueError(f"Topic {self.name!r} has too few combinations to keep one in {_HELD_OUT_OF} apart.")

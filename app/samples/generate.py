"""Writes the sample files: ``python -m app.samples.generate``. The same seed gives the same bytes.

Sentences are put together from the phrases in ``phrases.py``; nothing is taken from other data.
"""

import csv
import io
import random
import re
from pathlib import Path

from app.samples.itineraries import make_conll
from app.samples.phrases import CLINIC, SHOP, Phrases

SEED = 7
# How often a settled topic stands before the matter itself, and how often after it.
ASIDE_SHARE = 0.5
FILES = {"support_requests.csv": (SHOP, 70), "clinic_messages.csv": (CLINIC, 60)}
CONLL_FILES = {"travel_notes.conll": 320}


def write_samples(folder: Path) -> None:
    """Write every sample into a folder."""
    for name, (phrases, per_label) in FILES.items():
        (folder / name).write_bytes(make_csv(phrases, per_label, SEED).encode())
    for name, sentences in CONLL_FILES.items():
        (folder / name).write_bytes(make_conll(sentences, SEED).encode())


def make_csv(phrases: Phrases, per_label: int, seed: int) -> str:
    """CSV with the columns ``text`` and ``label``: ``per_label`` different texts for each label, shuffled."""
    rng = random.Random(seed)
    rows: list[tuple[str, str]] = []
    for label in sorted(phrases.cores):
        texts: dict[str, str] = {}
        while len(texts) < per_label:
            matter, text = _sentence(phrases, label, rng)
            texts.setdefault(matter.casefold().rstrip("."), text)
        rows += [(text, label) for text in texts.values()]
    rng.shuffle(rows)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("text", "label"))
    writer.writerows(rows)
    return out.getvalue()


def _sentence(phrases: Phrases, label: str, rng: random.Random) -> tuple[str, str]:
    """What the message is about, and the message: a greeting or a thank-you does not make it another one."""
    opening = rng.choice(phrases.openings) if rng.random() < 0.5 else ""
    closing = rng.choice(phrases.closings) if rng.random() < 0.4 else ""
    core = _fill(rng.choice(phrases.cores[label]), phrases, rng)
    before, after = _asides(phrases, label, rng)
    first = f"{before} {_capital(core)}" if before else core
    if not opening.endswith(","):
        first = _capital(first)
    matter = " ".join(part for part in (first, after) if part)
    text = " ".join(part for part in (opening, matter, closing) if part)
    # Some people write in a hurry.
    return matter, text.lower().rstrip(".") if rng.random() < 0.15 else text


def _asides(phrases: Phrases, label: str, rng: random.Random) -> tuple[str, str]:
    """Settled topics of other labels, before and after the matter itself: what makes the labels hard to tell apart."""
    others = [other for other in sorted(phrases.asides) if other != label]
    chosen = rng.sample(others, 2)
    filled = [_fill(rng.choice(phrases.asides[other]), phrases, rng) for other in chosen]
    before, after = rng.random() < ASIDE_SHARE, rng.random() < ASIDE_SHARE
    return filled[0] if before else "", _capital(filled[1]) if after else ""


def _fill(text: str, phrases: Phrases, rng: random.Random) -> str:
    while slot := re.search(r"\{(\w+)\}", text):
        text = text[: slot.start()] + rng.choice(phrases.slots[slot.group(1)]) + text[slot.end() :]
    return text


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


if __name__ == "__main__":
    write_samples(Path(__file__).parent)

"""A file of 2,000 labelled rows with 40 defects of ten kinds, four rows of each; the lines are known."""

import csv
import random
from pathlib import Path

ROWS = 2000
LABELS = ("card lost", "refund", "opening hours", "loan")
KINDS = (
    "empty_text",
    "empty_label",
    "duplicate_rows",
    "conflicting_labels",
    "near_duplicates",
    "personal_data",
    "hidden_characters",
    "special_tokens",
    "label_spelling",
    "short_text",
)
FIRST, STEP = 20, 47


def places(kind: str) -> list[int]:
    """Places of the four defective rows of a kind; the line in the file is two more."""
    return [FIRST + KINDS.index(kind) + STEP * n for n in range(4)]


def write_defects(path: Path) -> None:
    """Write the file; rows without a defect are unlike each other."""
    rng = random.Random(4)
    words = ["".join(rng.choice("bcdfghjklmnprstvw") + rng.choice("aeiou") for _ in range(3)) for _ in range(900)]
    rows = [
        [" ".join(rng.choices(words, k=rng.randint(8, 24))) + f" about {LABELS[n % 4]}", LABELS[n % 4]]
        for n in range(ROWS)
    ]
    for kind in KINDS:
        for place in places(kind):
            _spoil(rows, place, kind)
    with path.open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([["text", "label"], *rows])


def _spoil(rows: list[list[str]], place: int, kind: str) -> None:
    text, label = rows[place]
    # A row that is spoiled nowhere else lends its text to copies.
    lender = rows[place - 10]
    other = next(item for item in LABELS if item != lender[1])
    rows[place] = {
        "empty_text": ["", label],
        "empty_label": [text, ""],
        "duplicate_rows": list(lender),
        "conflicting_labels": [lender[0], other],
        "near_duplicates": [lender[0] + " please", lender[1]],
        "personal_data": [f"{text} write to jo.doe@example.org", label],
        "hidden_characters": [text.replace(" ", " \u200b", 2), label],
        "special_tokens": [f"{text} [SEP] next", label],
        "label_spelling": [text, "Card  Lost"],
        "short_text": ["?!", label],
    }[kind]

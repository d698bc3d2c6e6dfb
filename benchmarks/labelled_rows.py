"""Short texts with labels for measurements of the engine: from given files, or made up. Knows no method and no loop."""

import csv
import json
import random
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

Examples = dict[str, list[str]]

# Synthetic customer requests: a label is a pair of a thing and a wish, which share their words with other labels.
THINGS = {
    "card": ("my card", "the new card", "the plastic card"),
    "transfer": ("a transfer", "the money I sent", "my bank transfer"),
    "account": ("my account", "the savings account", "my profile"),
    "fee": ("the fee", "this charge", "what you took from me"),
    "refund": ("a refund", "my money back", "the returned payment"),
}
WISHES = {
    "missing": ("has not arrived", "never came", "is still not there", "is late by days"),
    "wrong": ("shows the wrong amount", "is not what I agreed to", "looks false to me", "does not match"),
    "blocked": ("was declined", "cannot be used any more", "has stopped working", "is refused everywhere"),
    "question": ("how does it work", "what do I have to do for it", "where do I find it", "when can I get it"),
}
OPENINGS = ("hello", "please help", "I wonder", "sorry to ask again", "good morning", "it is urgent", "")
ENDINGS = (
    "since Monday",
    "as I wrote you last week",
    "and nobody answers",
    "thank you",
    "while I am abroad",
    "again",
    "",
)


@dataclass(frozen=True)
class Amounts:
    """How many labels, and rows of each label in each part."""

    labels: int = 20
    train: int = 50
    validation: int = 10
    test: int = 40


def write_rows(home: Path, train: Examples, test: Examples, amounts: Amounts = Amounts()) -> list[str]:
    """Write ``rows.parquet`` and ``splits.json`` with the columns ``text`` and ``category``; returns the labels."""
    import pyarrow as pa
    from pyarrow import parquet

    labels = sorted(train)[: amounts.labels]
    rows: list[tuple[str, str]] = []
    splits: dict[str, list[int]] = {"train": [], "validation": [], "test": []}
    for label in labels:
        parts = {
            "train": train[label][: amounts.train],
            "validation": train[label][amounts.train : amounts.train + amounts.validation],
            "test": test[label][: amounts.test],
        }
        for name, texts in parts.items():
            splits[name] += range(len(rows), len(rows) + len(texts))
            rows += [(text, label) for text in texts]
    columns = {"_id": range(len(rows)), "_line": range(2, len(rows) + 2)}
    texts, answers = zip(*rows, strict=True)
    table = {name: list(values) for name, values in {**columns, "text": texts, "category": answers}.items()}
    parquet.write_table(pa.table(table), home / "rows.parquet")
    (home / "splits.json").write_text(json.dumps(splits))
    return labels


def read(path: Path) -> Examples:
    """Texts by label, in the order of a CSV file with the columns ``text`` and ``category``, or ``text`` and ``label``."""
    found: Examples = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as source:
        for row in csv.DictReader(source):
            found[row["category"] if "category" in row else row["label"]].append(row["text"])
    return found


def given_or_made_up(files: list[Path]) -> tuple[Examples, Examples]:
    """(training, test) rows of two files; without files made-up ones, always the same."""
    if files:
        train, test = files
        return read(train), read(test)
    return make_up(100, seed=1), make_up(60, seed=2)


def make_up(per_label: int, seed: int) -> Examples:
    """``per_label`` different texts of 5 to 40 words for every pair of a thing and a wish."""
    rng = random.Random(seed)
    found: Examples = defaultdict(list)
    for thing, things in THINGS.items():
        for wish, wishes in WISHES.items():
            while len(found[f"{thing} {wish}"]) < per_label:
                other = [rng.choice(rng.choice(list(THINGS.values()))) for _ in range(rng.choice((0, 0, 0, 1, 2, 4)))]
                parts = [rng.choice(OPENINGS), *(f"I had {one} before" for one in other)]
                parts += [f"{rng.choice(things)} {rng.choice(wishes)}", rng.choice(ENDINGS)]
                text = ", ".join(part for part in parts if part)
                if text not in found[f"{thing} {wish}"]:
                    found[f"{thing} {wish}"].append(text)
    return found

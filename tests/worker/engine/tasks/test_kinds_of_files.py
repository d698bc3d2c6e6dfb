"""Ten kinds of files, read as a person gives them and learned with the smallest settings: the test answers show the right column."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from app.catalog.card import BaseModelCard
from app.readers import Choices
from app.services.datasets.data_reports import ReportOptions
from app.services.datasets.row_tables import store_rows
from app.services.datasets.versions import write_report
from tests import tiny
from tests.tiny import CLUES, WORDS
from tests.tiny_generation import make_chat_card
from worker.engine.loop.train import train
from worker.engine.reporting.list_report import ListReport
from worker.engine.runtime.training_job import TrainingJob

TEAMS, AGENTS, ROWS = list(CLUES), ("ann", "bo", "cy"), 60
SORTED, MARKED = "text-classification", "token-classification"
FIRST_WORD = "gladly,"


@dataclass(frozen=True)
class Kind:
    """A file, what has to be chosen about it, and what must be learned: the task, and the answers that its tests may expect."""

    name: str
    content: bytes
    task: str
    expected: frozenset[str]
    answer: str | None = None
    repairs: dict[str, bool] = field(default_factory=dict)


def text(n: int) -> str:
    """Some words, the team's clue among them."""
    clues = CLUES[TEAMS[n % 3]]
    words = [WORDS[(n * 7 + k * 3) % 2] for k in range(2)]
    return " ".join([*words, clues[n % len(clues)], "please", ("help", "my", "new")[n // 3 % 3], str(n)])


def reply(n: int) -> str:
    """An answer of free text that always begins in the same way."""
    return f"{FIRST_WORD} we look after {n} of them"


def as_csv(head: list[str], rows: list[list[Any]], delimiter: str = ",") -> bytes:
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter).writerows([head, *rows] if head else rows)
    return written.getvalue().encode()


def as_lines(rows: list[dict[str, Any]]) -> bytes:
    return "\n".join(json.dumps(row) for row in rows).encode()


def spans(n: int) -> dict[str, Any]:
    words = text(n)
    clue = next(word for word in words.split() if word in CLUES[TEAMS[n % 3]])
    start = words.index(clue)
    span = {"start": start, "end": start + len(clue), "label": TEAMS[n % 3]}
    wrong = n % 4 == 0
    return {
        "text": words,
        "spans": [{**span, "label": "wrong"} if wrong else span],
        "answer": "reject" if wrong else "accept",
    }


def conll(n: int) -> str:
    clues = CLUES[TEAMS[n % 3]]
    return "\n".join(f"{word} NN _ {f'B-{TEAMS[n % 3]}' if word in clues else 'O'}" for word in text(n).split())


IDS = range(ROWS)
TEAM = frozenset(TEAMS)
KINDS = (
    Kind(
        "tickets.csv",
        as_csv(["Ticket text", "Team", "Agent"], [[text(n), TEAMS[n % 3], AGENTS[n * 7 % 11 % 3]] for n in IDS]),
        SORTED,
        TEAM,
        answer=f"{SORTED}:text=Ticket text,label=Team",
    ),
    Kind("no-names.csv", as_csv([], [[text(n), TEAMS[n % 3]] for n in IDS]), SORTED, TEAM),
    Kind(
        "filled-down.csv",
        as_csv(
            ["text", "category"],
            [
                [text(n), TEAMS[n % 3] if n == n % 3 or at == 0 else ""]
                for team in range(3)
                for at, n in enumerate(IDS[team::3])
            ],
        ),
        SORTED,
        TEAM,
        repairs={"fill_down": True},
    ),
    Kind("pandas.csv", as_csv(["", "text", "label"], [[n, text(n), TEAMS[n % 3]] for n in IDS]), SORTED, TEAM),
    Kind(
        "nested.json",
        json.dumps({"data": {"items": [{"body": {"text": text(n)}, "label": TEAMS[n % 3]} for n in IDS]}}).encode(),
        SORTED,
        TEAM,
    ),
    Kind("doccano.jsonl", as_lines([{"id": n, "text": text(n), "label": [TEAMS[n % 3]]} for n in IDS]), SORTED, TEAM),
    Kind("prodigy.jsonl", as_lines([spans(n) for n in IDS]), MARKED, TEAM),
    Kind("tags.conll", "\n\n".join(map(conll, IDS)).encode(), MARKED, TEAM),
    Kind(
        "dolly.jsonl",
        as_lines(
            [{"instruction": text(n), "context": "", "response": reply(n), "category": TEAMS[n % 3]} for n in IDS]
        ),
        "instruction",
        frozenset({FIRST_WORD}),
    ),
    Kind(
        "talks.jsonl",
        as_lines(
            [
                {
                    "messages": [{"role": "user", "content": text(n)}, {"role": "assistant", "content": reply(n)}],
                    "source": AGENTS[n % 3],
                }
                for n in IDS
            ]
        ),
        "chat",
        frozenset({FIRST_WORD}),
    ),
)


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[BaseModelCard, Path]]:
    """The tiny base model of a task."""
    encoder, chat = tmp_path_factory.mktemp("encoder"), tmp_path_factory.mktemp("chat")
    cards = {encoder: tiny.make_base(encoder), chat: make_chat_card(chat)}

    def choose(task: str) -> tuple[BaseModelCard, Path]:
        folder = encoder if task in (SORTED, MARKED) else chat
        return cards[folder], folder

    return choose


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_right_column_is_learned(studio_home: Path, tmp_path: Path, bases: Any, kind: Kind) -> None:
    rows, attempt = tmp_path / "rows", tmp_path / "attempt-1"
    rows.mkdir(), attempt.mkdir()
    (tmp_path / kind.name).write_bytes(kind.content)
    reading = store_rows(rows, (tmp_path / kind.name, kind.name), None, Choices(repairs=kind.repairs))
    report = write_report(rows, reading, ReportOptions(answer=kind.answer, obey_marks=True))
    assert report.task.kind == kind.task
    card, folder = bases(kind.task)
    learned = {"task_type": kind.task, "columns": report.summary.columns, "labels": sorted(report.summary.labels)}
    spec = tiny.make_spec(
        {"kind": "full"}, learned, epochs=6, learning_rate=5e-3, max_length=64, evaluations_per_epoch=1
    )
    job = TrainingJob(spec, card, folder, rows / "rows.parquet", rows / "splits.json", attempt, None, None)
    results = train(job, ListReport())
    answers = [json.loads(line) for line in (attempt / "predictions.jsonl").read_text().splitlines()]
    pairs = [(said(row["expected"]), said(row["answer"])) for row in answers]
    assert set().union(*(expected for expected, _ in pairs)) <= kind.expected
    if kind.task in (SORTED, MARKED):
        # Three labels: a third would be right by chance.
        assert sum(expected == answer for expected, answer in pairs) >= 0.8 * len(pairs), pairs
    else:
        # The tiny model learns the bytes of the answers, not yet to write them; other columns hold other bytes.
        assert results["metrics"]["perplexity"] < results["baseline"]["untouched"]["perplexity"] / 8


def said(cell: str) -> frozenset[str]:
    """The labels of an expected or given answer, or its first word."""
    if cell.startswith("["):
        return frozenset(label for _, _, label in json.loads(cell))
    return frozenset(cell.split()[:1])

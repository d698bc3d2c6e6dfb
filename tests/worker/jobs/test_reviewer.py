"""The search for doubtful labels: which rows are read, and what is found in them."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from accelerate.state import AcceleratorState

from app.catalog.fetched_models import CARD
from tests.tiny import make_base, write_rows
from worker.jobs import reviewer
from worker.jobs.reviewer import FolderReport, ReviewRequest, read_labelled, review

FLIPPED = 10


@pytest.fixture(autouse=True)
def fresh_process_state() -> Iterator[None]:
    """A review has a process of its own; accelerate keeps its settings for the life of one."""
    AcceleratorState._reset_state(reset_partial_state=True)
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)
    AcceleratorState._reset_state(reset_partial_state=True)


@pytest.fixture
def request_of(tmp_path: Path) -> ReviewRequest:
    """Sixty texts of two kinds, one of them with the label of the other, and one that is in no split."""
    base = tmp_path / "base"
    card = make_base(base)
    (base / CARD).write_text(json.dumps(asdict(card)))
    kinds = [("card stolen", "blocked card"), ("rate open", "close rate")]
    titles = [kinds[n % 2][0] for n in range(60)]
    texts = [None if n == 1 else f"{kinds[n % 2][1]} {'my ' * (n % 5)}" for n in range(60)]
    labels = [f" {'ab'[n % 2]} " for n in range(60)]
    labels[FLIPPED] = "b"
    write_rows(tmp_path, {"title": titles, "text": texts, "label": labels})
    splits = json.loads((tmp_path / "splits.json").read_text())
    splits["test"].remove(59)
    (tmp_path / "splits.json").write_text(json.dumps(splits))
    return ReviewRequest(
        tmp_path / "rows.parquet", tmp_path / "splits.json", ("title", "text"), "label", base, "tiny", 1
    )


def test_usable_rows_are_read_with_joined_columns_and_bare_labels(request_of: ReviewRequest) -> None:
    rows = read_labelled(request_of)
    assert rows.ids == list(range(59)) and rows.lines == list(range(2, 61))
    assert rows.texts[:2] == ["card stolen blocked card ", "rate open "]
    assert rows.labels[:2] == ["a", "b"]


def test_planted_error_is_the_worst_suspect(request_of: ReviewRequest, tmp_path: Path) -> None:
    found = review(request_of, tmp_path)
    assert found["rows"] == 59 and found["doubtful"] == len(found["suspects"]) >= 1
    worst = found["suspects"][0]
    assert (worst["row_id"], worst["line"]) == (FLIPPED, FLIPPED + 2)
    assert (worst["given"], worst["suggested"]) == ("b", "a") and worst["margin"] < 0
    phase = json.loads((tmp_path / "progress.json").read_text())["phase"]
    assert phase == "Comparing labels with those of similar rows"


def test_list_of_suspects_is_bounded_and_the_number_is_not(
    request_of: ReviewRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reviewer, "MAX_SUSPECTS", 0)
    found = review(request_of, tmp_path)
    assert found["suspects"] == [] and found["doubtful"] >= 1


def test_request_is_read_from_the_folder_of_its_job(request_of: ReviewRequest, tmp_path: Path) -> None:
    content = {name: str(value) if isinstance(value, Path) else value for name, value in vars(request_of).items()}
    (tmp_path / "job.json").write_text(json.dumps(content))
    assert ReviewRequest.read(tmp_path) == request_of


def test_phase_is_written_for_the_worker(tmp_path: Path) -> None:
    FolderReport(tmp_path).phase("Reading the rows")
    assert json.loads((tmp_path / "progress.json").read_text()) == {"phase": "Reading the rows"}

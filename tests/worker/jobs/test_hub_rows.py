"""Rows of a split, streamed into one Parquet file within limits."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyarrow import parquet

from app.errors import Rejected, StudioError, TooLarge
from app.services.datasets.hub_listing import HubRequest, HubSplit, choose, list_dataset
from tests.conftest import forget_settings
from tests.hub_data import as_parquet, letters, letters_repo, sharded
from tests.standin_hub import Hub, Repo
from worker.jobs.hub_rows import RowLimits, check_size, chosen_splits, fetch_split, too_large

NAME = "tests/rows"
LIMITS = RowLimits(wanted=0, rows=1000, bytes=10**6)


@pytest.fixture
def hub(studio_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with Hub({f"datasets/{NAME}": letters_repo()}) as served:
        monkeypatch.setenv("HF_ENDPOINT", served.url)
        forget_settings()
        yield served
    forget_settings()


def fetch(target: Path, limits: RowLimits = LIMITS, split: str = "train") -> tuple[int, list[tuple[int, int]]]:
    seen: list[tuple[int, int]] = []
    listing = list_dataset(NAME, "main")
    rows = fetch_split(listing, choose(listing, "", split), target, limits, lambda *counted: seen.append(counted))
    return rows, seen


def test_rows_and_names_of_classes_arrive(hub: Hub, tmp_path: Path) -> None:
    hub.repos[f"datasets/{NAME}"] = Repo(
        {"data/train-00000-of-00002.parquet": letters(70), "data/train-00001-of-00002.parquet": letters(50, 70)}
    )
    rows, seen = fetch(tmp_path / "rows.parquet")
    table = parquet.read_table(tmp_path / "rows.parquet")
    assert rows == table.num_rows == 120 and seen[-1] == (120, 120)
    assert table["text"][119].as_py().startswith("My account question number 119")
    assert b"ClassLabel" in table.schema.metadata[b"huggingface"]


def test_first_rows_are_taken_only_where_they_are_asked_for(hub: Hub, tmp_path: Path) -> None:
    assert fetch(tmp_path / "few.parquet", RowLimits(7, 1000, 10**6))[0] == 7
    with pytest.raises(TooLarge, match="120 rows or more; at most 100 are taken"):
        fetch(tmp_path / "all.parquet", RowLimits(0, 100, 10**6))


def test_split_with_too_many_bytes_is_refused_before_and_while_it_comes(hub: Hub, tmp_path: Path) -> None:
    split = HubSplit("default", "train", {"a.parquet": 5_000_000})
    with pytest.raises(TooLarge, match="5 MB; at most 1 MB"):
        check_size(split, LIMITS)
    check_size(split, RowLimits(10, 1000, 10**6))
    assert too_large(split, LIMITS).details == {"bytes": 5_000_000, "limit_bytes": 10**6}
    with pytest.raises(TooLarge):
        fetch(tmp_path / "rows.parquet", RowLimits(50, 1000, 100))


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"train.parquet": b"PAR1 and then nothing"}, "hub_damaged"),
        ({"train.parquet": as_parquet({"text": []})}, "no_rows"),
        (
            {"train/a.parquet": as_parquet({"text": ["a"]}), "train/b.parquet": as_parquet({"words": ["b"]})},
            "hub_columns_differ",
        ),
    ],
)
def test_damaged_empty_and_differing_files_are_told(
    hub: Hub, tmp_path: Path, files: dict[str, bytes], code: str
) -> None:
    hub.repos[f"datasets/{NAME}"] = Repo(files)
    with pytest.raises(Rejected) as caught:
        fetch(tmp_path / "rows.parquet")
    assert caught.value.code == code


def test_redirect_into_a_private_network_is_refused(hub: Hub, tmp_path: Path) -> None:
    hub.repos[f"datasets/{NAME}"] = Repo(sharded(train=letters(5)), redirects="http://127.0.0.1:9/rows.parquet")
    with pytest.raises(StudioError) as caught:
        fetch(tmp_path / "rows.parquet")
    assert caught.value.code == "hub_inward"


def test_second_split_becomes_the_test_and_cannot_be_the_first(hub: Hub) -> None:
    listing = list_dataset(NAME, "main")
    found = chosen_splits(listing, HubRequest(NAME, "train", test_split="test"))
    assert [split.name for split in found] == ["train", "test"]
    with pytest.raises(Rejected, match="both learned and tested"):
        chosen_splits(listing, HubRequest(NAME, "train", test_split="train"))

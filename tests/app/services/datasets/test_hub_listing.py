"""What a data set of the hub holds, from its card or the names of its files, and every reason for a refusal."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.errors import StudioError
from app.services.datasets.hub_listing import (
    CONVERTED,
    HubListing,
    HubRequest,
    choose,
    clean_request,
    hub_errors,
    list_dataset,
)
from tests.conftest import forget_settings
from tests.hub_data import letters_repo
from tests.standin_hub import COMMIT, Hub, Repo

NAME = "tests/set"
FEW = b"PAR1 looked at later"


@pytest.fixture
def hub(studio_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with Hub({f"datasets/{NAME}": letters_repo()}) as served:
        monkeypatch.setenv("HF_ENDPOINT", served.url)
        forget_settings()
        yield served
    forget_settings()


def listing(hub: Hub, files: list[str], card: dict[str, Any] | None = None) -> HubListing:
    hub.repos[f"datasets/{NAME}"] = Repo(dict.fromkeys(files, FEW), card=card or {})
    return list_dataset(NAME, "main")


def refusal(hub: Hub, repo: Repo, revision: str = "main") -> StudioError:
    hub.repos[f"datasets/{NAME}"] = repo
    with pytest.raises(StudioError) as caught:
        list_dataset(NAME, revision)
    assert caught.value.message and caught.value.hint
    return caught.value


def test_splits_are_told_by_the_names_that_push_to_hub_writes(hub: Hub) -> None:
    found = list_dataset(NAME, "main")
    assert (found.commit, found.licence, found.default) == (COMMIT, "apache-2.0", "default")
    assert list(found.splits["default"]) == ["train", "test"]
    assert choose(found, "", "test").files == {
        "data/test-00000-of-00001.parquet": found.sizes["data/test-00000-of-00001.parquet"]
    }


@pytest.mark.parametrize(
    ("files", "splits"),
    [
        (["train.parquet", "dev.parquet"], {"train": 1, "validation": 1}),
        (["my_training_rows.parquet", "eval/rows.parquet"], {"train": 1, "test": 1}),
        (["a.parquet", "b.parquet", ".hidden/c.parquet", "_tmp/d.parquet"], {"train": 2}),
        (["data/seen-00000-of-00002.parquet", "data/seen-00001-of-00002.parquet"], {"seen": 2}),
    ],
)
def test_words_in_names_tell_splits(hub: Hub, files: list[str], splits: dict[str, int]) -> None:
    assert {name: len(paths) for name, paths in listing(hub, files).splits["default"].items()} == splits


def test_card_declares_configurations_and_patterns(hub: Hub) -> None:
    card = {
        "configs": [
            {"config_name": "de", "data_files": [{"split": "train", "path": "de/*.parquet"}]},
            {"config_name": "fr", "default": True, "data_dir": "fr", "data_files": "**/rows*.parquet"},
            {"config_name": "csv", "data_files": "tables/*.csv"},
        ]
    }
    found = listing(hub, ["de/a.parquet", "de/deep/b.parquet", "fr/x/rows1.parquet"], card)
    assert found.splits == {"de": {"train": ("de/a.parquet",)}, "fr": {"train": ("fr/x/rows1.parquet",)}}
    assert found.default == "fr"


def test_card_names_folders_only_and_ranges_of_characters(hub: Hub) -> None:
    folders = {"configs": [{"config_name": name, "data_dir": name} for name in ("en", "./de/")]}
    found = listing(hub, ["en/train.parquet", "en/test.parquet", "de/0001.parquet", "x.parquet"], folders)
    assert found.splits == {
        "en": {"train": ("en/train.parquet",), "test": ("en/test.parquet",)},
        "./de/": {"train": ("de/0001.parquet",)},
    }
    files = ["data/en-0.parquet", "data/en-x.parquet", "data/[a].parquet"]
    for pattern, matched in (
        ("data/en-[0-9]*.parquet", files[0]),
        ("data/en-[!0-9].parquet", files[1]),
        ("data/[[]a].parquet", files[2]),
    ):
        found = listing(hub, files, {"configs": [{"config_name": "en", "data_files": pattern}]})
        assert found.splits == {"en": {"train": (matched,)}}
    backwards = {"configs": [{"config_name": "en", "data_files": "data/en-[9-0].parquet"}]}
    assert refusal(hub, Repo(dict.fromkeys(files, FEW), card=backwards)).code == "hub_no_match"


def test_card_whose_patterns_match_no_file_is_refused(hub: Hub) -> None:
    card = {"configs": [{"config_name": "en", "data_files": "en/*.parquet"}]}
    error = refusal(hub, Repo({"de/rows.parquet": FEW}, card=card))
    assert error.code == "hub_no_match" and "none of its Parquet files" in error.message
    assert listing(hub, ["rows.parquet"], {"configs": [{"config_name": "en"}]}).default == "default"


def test_parquet_copy_of_the_hub_has_a_folder_for_each_configuration(hub: Hub) -> None:
    copy = Repo(dict.fromkeys(["en/train/0000.parquet", "en/partial-test/0000.parquet", "de/train/0000.parquet"], FEW))
    error = refusal(hub, Repo({"rows.csv": b"a,b"}, revisions={CONVERTED: copy}))
    assert error.code == "hub_no_parquet" and error.details == {"revision": CONVERTED} and ".csv" in error.message
    found = list_dataset(NAME, CONVERTED)
    assert {config: list(splits) for config, splits in found.splits.items()} == {
        "en": ["train", "test"],
        "de": ["train"],
    }
    with pytest.raises(StudioError, match="several configurations") as caught:
        choose(found, "", "train")
    assert caught.value.details == {"configs": ["de", "en"]}


def test_missing_configuration_or_split_is_named_with_those_there_are(hub: Hub) -> None:
    found = list_dataset(NAME, "main")
    for config, split, code, names in (
        ("x", "", "hub_no_config", "default"),
        ("", "dev", "hub_no_split", "train, test"),
        ("", "", "hub_which_split", "train, test"),
    ):
        with pytest.raises(StudioError) as caught:
            choose(found, config, split)
        assert caught.value.code == code and names in caught.value.hint


def test_data_made_by_a_program_is_refused_in_words(hub: Hub) -> None:
    error = refusal(hub, Repo({"set.py": b"import os", "README.md": b""}))
    assert error.code == "hub_script" and "runs no code" in error.message


@pytest.mark.parametrize("path", ["/etc/rows.parquet", "../other/rows.parquet", "http://127.0.0.1/rows.parquet"])
def test_card_that_names_rows_elsewhere_is_refused(hub: Hub, path: str) -> None:
    card = {"configs": [{"config_name": "default", "data_files": path}]}
    assert refusal(hub, Repo({"rows.parquet": FEW}, card=card)).code == "hub_outside"


def test_renamed_gated_missing_and_unknown_revisions_are_told(hub: Hub) -> None:
    hub.repos["datasets/tests/new"] = letters_repo()
    assert refusal(hub, Repo({}, renamed="datasets/tests/new")).details == {"repo": "tests/new"}
    assert refusal(hub, Repo(letters_repo().files, gated=True)).code == "hub_gated"
    assert refusal(hub, letters_repo(), "v9").code == "hub_revision"
    hub.repos.clear()
    with pytest.raises(StudioError) as caught:
        list_dataset(NAME, "main")
    assert caught.value.code == "hub_not_found" and "private" in caught.value.message


def test_hub_that_is_away_is_named(studio_home: Path) -> None:
    with (
        pytest.raises(StudioError, match="cannot be reached from here") as caught,
        hub_errors(NAME, "main"),
    ):
        raise ConnectionRefusedError
    assert caught.value.code == "hub_unreachable"


def test_defects_are_not_taken_for_failures_of_the_hub() -> None:
    with pytest.raises(ZeroDivisionError), hub_errors(NAME, "main"):
        raise ZeroDivisionError


def test_request_is_cleaned_and_refused_where_it_cannot_be_one(studio_home: Path) -> None:
    cleaned = clean_request(HubRequest(" https://huggingface.co/datasets/tests/set/ ", " train ", "", rows=3))
    assert cleaned == HubRequest("tests/set", "train", "main", rows=3)
    for bad in (HubRequest("no such id"), HubRequest("a/b/c"), HubRequest(NAME, "x" * 101), HubRequest(NAME, rows=-1)):
        with pytest.raises(StudioError):
            clean_request(bad)

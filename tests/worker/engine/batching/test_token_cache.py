"""Cached tokens are used for the same content, tokenizer and rows only."""

from pathlib import Path
from typing import Any

import pytest

from worker.engine.batching.token_cache import NO_CACHE, TokenCache


class Maker:
    """Makes a table and counts how often."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> dict[str, list[Any]]:
        self.calls += 1
        return {"ids": [[1, 2], [3]]}


def test_the_same_key_is_made_once(tmp_path: Path) -> None:
    make, cache = Maker(), TokenCache(tmp_path, "sha/train")
    first, second = (cache.load_or_make(["tokenizer", "64"], make) for _ in range(2))
    assert make.calls == 1 and first["ids"] == second["ids"] == [[1, 2], [3]]
    assert not list(tmp_path.rglob(".aside-*"))


def test_another_content_or_key_is_made_anew(tmp_path: Path) -> None:
    make = Maker()
    for content, key in (("sha/train", "64"), ("sha/test", "64"), ("sha/train", "32")):
        TokenCache(tmp_path, content).load_or_make([key], make)
    assert make.calls == 3


@pytest.mark.parametrize("named", [True, False])
def test_without_folder_or_content_nothing_is_stored(tmp_path: Path, named: bool) -> None:
    make = Maker()
    cache = TokenCache(None, "sha/train") if named else TokenCache(tmp_path)
    for uncached in (cache, NO_CACHE):
        uncached.load_or_make(["64"], make)
        uncached.load_or_make(["64"], make)
    assert make.calls == 4 and list(tmp_path.iterdir()) == []

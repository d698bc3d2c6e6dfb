"""Tokenizers in formats of their own."""

import json
from pathlib import Path

import pytest

from app.catalog.tokenizer_reading import read_tokenizer
from app.errors import Rejected


def test_list_of_words_becomes_a_file_of_the_library(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    (tmp_path / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "bank", "card"]))
    assert json.loads(read_tokenizer(tmp_path))["model"]["vocab"]["bank"] == 5


def test_file_that_is_none_is_refused_with_the_words_of_the_library(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "t5"}')
    (tmp_path / "spiece.model").write_bytes(b"no sentence pieces")
    with pytest.raises(Rejected, match="cannot be converted") as refused:
        read_tokenizer(tmp_path)
    assert refused.value.code == "no_tokenizer"

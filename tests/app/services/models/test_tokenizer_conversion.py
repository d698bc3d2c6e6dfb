"""Tokenizers that come in a format of their own are converted in a process of their own."""

import json
from pathlib import Path

import pytest

from app.services.models.limited_process import convert_tokenizer

pytestmark = pytest.mark.usefixtures("studio_home")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text('{"model_type": "bert"}')
    return tmp_path / "model"


def test_list_of_words_becomes_a_file_of_the_library(model: Path) -> None:
    (model / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "bank", "card"]))
    assert json.loads(convert_tokenizer(model))["model"]["vocab"]["card"] == 6

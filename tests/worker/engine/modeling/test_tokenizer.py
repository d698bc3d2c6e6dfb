"""The tokenizer of a folder is loaded from that folder alone."""

from pathlib import Path

import pytest

from worker.engine.modeling.tokenizer import load_tokenizer


def test_tokenizer_of_a_folder_reads_as_it_was_saved(tiny_base: tuple[object, Path]) -> None:
    # [CLS], "my" (17th of the words, after four special tokens), [UNK], [SEP].
    assert load_tokenizer(tiny_base[1])("my zebra")["input_ids"] == [2, 20, 1, 3]


def test_folder_without_a_tokenizer_is_refused_without_asking_the_network(tmp_path: Path) -> None:
    with pytest.raises((OSError, ValueError)):
        load_tokenizer(tmp_path)

"""Files of models: what makes a library run code, and headers of weights that lie."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from app.errors import Rejected
from app.services.models.file_checks import check_config, check_files, check_weights


def write(path: Path, header: object, data: bytes) -> Path:
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return path


def test_weights_that_the_library_wrote_are_sound(tmp_path: Path) -> None:
    tensors = {"a": torch.zeros(3, 2), "b": torch.ones(4, dtype=torch.bfloat16), "c": torch.zeros(0, 5)}
    save_file(tensors, tmp_path / "model.safetensors", metadata={"format": "pt"})
    check_weights(tmp_path / "model.safetensors")


@pytest.mark.parametrize(
    "entries",
    [
        {
            "a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
            "b": {"dtype": "F32", "shape": [2], "data_offsets": [4, 12]},
        },
        {"a": {"dtype": "F32", "shape": [2], "data_offsets": [4, 12]}},
        {"a": {"dtype": "F32", "shape": [10**9, 10**9], "data_offsets": [0, 12]}},
        {"a": {"dtype": "F32", "shape": [-3, -1], "data_offsets": [0, 12]}},
        {"a": {"dtype": "F32", "shape": [True, 3], "data_offsets": [0, 12]}},
        {"a": {"dtype": "OBJECT", "shape": [3], "data_offsets": [0, 12]}},
        {"a": {"dtype": "F32", "shape": [3], "data_offsets": [0, 10**20]}},
        {"a": {"dtype": "F32"}},
        {"a": 7},
        [],
    ],
)
def test_header_that_lies_is_refused(tmp_path: Path, entries: object) -> None:
    with pytest.raises(Rejected) as refused:
        check_weights(write(tmp_path / "x.safetensors", entries, bytes(12)))
    assert refused.value.code == "safetensors"


def test_file_shorter_than_its_header_says_is_refused(tmp_path: Path) -> None:
    for content in (b"", b"1234", (100).to_bytes(8, "little") + b"{}", b"\xff" * 8 + b"{}"):
        (tmp_path / "x.safetensors").write_bytes(content)
        with pytest.raises(Rejected):
            check_weights(tmp_path / "x.safetensors")


def test_keys_that_say_no_are_no_fault() -> None:
    check_config("config.json", {"auto_map": None, "trust_remote_code": False, "_attn_implementation": "sdpa"})


def test_words_of_a_vocabulary_are_not_settings(tmp_path: Path) -> None:
    (tmp_path / "vocab.json").write_text(json.dumps({"auto_map": 1, "trust_remote_code": 2}))
    check_files(tmp_path)

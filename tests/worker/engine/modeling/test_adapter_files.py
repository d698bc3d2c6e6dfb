"""Files of an adapter folder come back as they were written."""

from pathlib import Path

import torch
from safetensors.torch import load_file

from tests.tiny import make_spec
from worker.engine.modeling import adapter_files


def test_labels_and_spec_come_back(tmp_path: Path) -> None:
    labels = ["Überweisung", "b", "a"]
    adapter_files.write_labels(tmp_path, labels)
    assert adapter_files.read_labels(tmp_path) == labels
    assert "Überweisung" in (tmp_path / "labels.json").read_text(encoding="utf-8")
    spec = make_spec({"kind": "qlora", "bits": "8"}, seed=5)
    adapter_files.write_spec(tmp_path, spec)
    assert adapter_files.read_spec(tmp_path) == spec


def test_head_is_saved_in_fp32_whatever_it_was_held_in(tmp_path: Path) -> None:
    head = torch.nn.Linear(3, 2).to(torch.bfloat16)
    adapter_files.write_head(tmp_path, head)
    saved = load_file(tmp_path / "head.safetensors")
    assert {name: value.dtype for name, value in saved.items()} == {"weight": torch.float32, "bias": torch.float32}
    assert torch.equal(saved["weight"].bfloat16(), head.weight)


def test_card_and_script_have_the_names_that_the_hub_and_the_card_state(tmp_path: Path) -> None:
    adapter_files.write_card(tmp_path, "# A card", "print('hello')")
    assert (tmp_path / "README.md").read_text() == "# A card"
    assert (tmp_path / "use_me.py").read_text() == "print('hello')"

"""Previews of the loss mask: which tokens are learned from, read, and cut."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.errors import NotFound, Rejected
from app.models import Dataset
from app.services.datasets import datasets
from app.services.runs import loss_mask_previews
from tests.factories import make_user


def test_no_torch_is_needed() -> None:
    code = (
        "import sys, app.services.runs.loss_mask_previews, app.api.supervision, app.catalog.loss_mask as s; "
        "assert not {'torch', 'transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.fixture
def chats(owner: str, tmp_path: Path) -> Dataset:
    path = tmp_path / "chats.jsonl"
    rows = [
        {"messages": [{"role": "user", "content": f"Say {n}"}, {"role": "assistant", "content": f"It is {n}."}]}
        for n in range(40)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return datasets.import_file(owner, (path, path.name))


def look(owner: str, dataset: Dataset, **training: Any) -> loss_mask_previews.LossMaskPreview:
    return loss_mask_previews.preview(
        owner, dataset.id, base_model="starter-chat", method={"kind": "lora"}, training=training
    )


def test_only_the_answers_of_the_assistant_have_a_loss(owner: str, chats: Dataset) -> None:
    preview = look(owner, chats)
    assert (preview.learn_from, preview.cut_rows, len(preview.examples)) == ("answers", 0, 3)
    for example in preview.examples:
        learned = "".join(part.text for part in example.parts if part.kind == "learned")
        assert learned.startswith(f"It is {example.line - 1}.")
        assert f"Say {example.line - 1}" in "".join(part.text for part in example.parts if part.kind == "read")
    assert {part.kind for part in look(owner, chats, learn_from="everything").examples[0].parts} == {"learned"}


def test_truncated_rows_and_rows_without_a_loss_are_counted(owner: str, chats: Dataset) -> None:
    preview = look(owner, chats, max_length=8)
    assert preview.cut_rows == preview.counted_rows == preview.rows == sum(bar.rows for bar in preview.lengths.bars)
    assert all(bar.cut for bar in preview.lengths.bars if bar.rows)
    version = datasets.latest_version(chats)
    whole = loss_mask_previews.count_learned(version, "starter-chat")
    assert preview.left_out_rows > 0 and whole > 3 * version.split_sizes["train"]


def test_preview_of_labels_or_of_another_users_rows_is_refused(owner: str, chats: Dataset) -> None:
    labelled = datasets.import_sample(owner, "clinic-messages")
    with pytest.raises(Rejected) as refused:
        look(owner, labelled)
    assert refused.value.code == "no_supervision"
    assert loss_mask_previews.count_learned(datasets.latest_version(labelled), "starter-encoder") == 0
    with pytest.raises(NotFound):
        look(make_user(), chats)

"""The loss mask preview over HTTP, with the tokenizer of a tiny model."""

import json
from pathlib import Path

import pytest

from app.catalog.loss_mask import open_masker
from app.catalog.task_types import task_type
from tests.app.conftest import Person
from tests.tiny_generation import conversation, install_chat_model


@pytest.fixture
def model(studio_home: Path) -> str:
    return install_chat_model()


def upload(person: Person, rows: list[dict], **fields: str) -> str:
    content = "".join(json.dumps(row) + "\n" for row in rows).encode()
    parts = [("file", "rows.jsonl", content), *((name, None, value.encode()) for name, value in fields.items())]
    answer = person.upload(parts)
    assert answer.status == 201, answer.json
    return answer.json["id"]


def chats(count: int = 40) -> list[dict]:
    return [{"messages": conversation(number)} for number in range(count)]


def look(person: Person, dataset: str, model: str, **training: object) -> dict:
    path = f"/api/v1/datasets/{dataset}/supervision"
    answer = person.post(path, json_body={"base_model": model, "method": {"kind": "lora"}, "training": training})
    assert answer.status == 200, answer.json
    return answer.json


def test_loss_mask_preview_has_three_examples(ann: Person, model: str) -> None:
    payload = look(ann, upload(ann, chats()), model)
    assert (payload["template"], payload["learn_from"], payload["max_length"]) == ("the model's own", "answers", 256)
    assert len(payload["examples"]) == 3
    for example in payload["examples"]:
        turns = conversation(example["line"] - 1)
        learned = "".join(part["text"] for part in example["parts"] if part["kind"] == "learned")
        assert learned == "".join(f"{turn['content']}<|end|>" for turn in turns if turn["role"] == "assistant")
        whole = "".join(part["text"] for part in example["parts"])
        assert whole == "".join(f"<|{turn['role']}|>{turn['content']}<|end|>" for turn in turns)


def test_loss_mask_preview_equals_the_mask_of_training(ann: Person, model: str) -> None:
    from app.catalog.base_models import base_model_path

    payload = look(ann, upload(ann, chats()), model)
    shown = payload["examples"][0]
    example = task_type("chat").read_example(
        {"messages": json.dumps(conversation(shown["line"] - 1))}, {"messages": "messages"}
    )
    marked = open_masker(base_model_path(model)).mask(example)
    assert (shown["tokens"], shown["learned_tokens"]) == (len(marked.ids), sum(marked.learned[1:]))


def test_truncated_and_lost_rows_are_counted_and_shown(ann: Person, model: str) -> None:
    payload = look(ann, upload(ann, chats()), model, max_length=16)
    assert payload["cut_rows"] == payload["counted_rows"] == payload["rows"]
    assert payload["left_out_rows"] == 0
    cut = [part for part in payload["examples"][2]["parts"] if part["kind"] == "cut"]
    assert len(cut) == 1 and cut[0]["text"].endswith("<|end|>")
    assert sum(bar["rows"] for bar in payload["lengths"]["bars"]) == payload["counted_rows"]
    assert look(ann, upload(ann, chats()), model, max_length=8)["left_out_rows"] > 0


def test_loss_over_everything_masks_nothing(ann: Person, model: str) -> None:
    payload = look(ann, upload(ann, chats()), model, learn_from="everything")
    assert {part["kind"] for example in payload["examples"] for part in example["parts"]} == {"learned"}


def test_task_with_labels_has_no_preview(ann: Person, model: str) -> None:
    rows = [{"text": f"row {n} of many", "label": ("a", "b")[n % 2]} for n in range(40)]
    dataset = upload(ann, rows)
    answer = ann.post(f"/api/v1/datasets/{dataset}/supervision", json_body={"base_model": model})
    assert (answer.status, answer.json["error"]["code"]) == (422, "no_supervision")


def test_preview_of_another_users_rows_is_refused(ann: Person, bob: Person, model: str) -> None:
    dataset = upload(ann, chats())
    assert bob.post(f"/api/v1/datasets/{dataset}/supervision", json_body={"base_model": model}).status == 404


def test_setting_out_of_bounds_is_named(ann: Person, model: str) -> None:
    dataset = upload(ann, chats())
    body = {"base_model": model, "training": {"max_length": 3}}
    answer = ann.post(f"/api/v1/datasets/{dataset}/supervision", json_body=body)
    assert answer.status == 422 and "max_length" in json.dumps(answer.json)

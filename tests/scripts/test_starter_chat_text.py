"""The text that `starter-chat` is trained on: the same from a seed, and without what is kept for the test."""

import hashlib
import json
from itertools import islice
from random import Random

import pytest

from app.catalog.base_models import base_model_path
from scripts.pretrain_starter_chat.conversations import conversation, held_out_prompts
from scripts.pretrain_starter_chat.phrases import Pupil, Speaker, is_held_out
from scripts.pretrain_starter_chat.rows import batches, documents
from scripts.pretrain_starter_chat.texts import text
from scripts.pretrain_starter_chat.topics import TOPICS

# Of the text that the shipped weights were trained on. Whoever changes a phrase must train again and ship new weights.
TRAINED_ON = "165183ed5589d8da1b9354239f6a719cacd7c2e273bfd15b911be72ae7a26939"


def test_the_generator_still_writes_what_the_shipped_model_learned() -> None:
    digest = hashlib.sha256()
    for random in (Random(7), Speaker(7), Pupil(7)):
        for _ in range(2000):
            digest.update(json.dumps(conversation(random)).encode())
            digest.update(text(random).encode())
    for prompt, exchange in held_out_prompts(200):
        digest.update(json.dumps(prompt).encode() + exchange.assistant.encode())
    assert digest.hexdigest() == TRAINED_ON


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_training_never_meets_a_held_out_wording_or_combination(topic) -> None:
    assert topic.unseen and not set(topic.unseen) & set(topic.asks)
    plain, varied = Random(3), Speaker(3)
    own = [topic.draw(plain) for _ in range(100)]
    seen = own + [topic.draw(varied) for _ in range(300)]
    kept = [topic.draw(varied, held_out=True) for _ in range(60)]
    assert {item.wording for item in own} <= set(topic.asks)
    assert not {item.wording for item in seen} & set(topic.unseen)
    assert {item.wording for item in kept} <= set(topic.unseen)
    if (len(topic.pools) > 1 or topic.derive) and not topic.open_key:
        assert not any(is_held_out(topic.name, item.combination) for item in seen)
        assert all(is_held_out(topic.name, item.combination) for item in kept)
        assert not {item.combination for item in seen} & {item.combination for item in kept}


def test_no_held_out_prompt_is_ever_asked_in_a_conversation() -> None:
    kept = {exchange.user.lower().rstrip("?.!") for _, exchange in held_out_prompts(500)}
    sources = [Random(11), Speaker(11), Pupil(11)]
    asked = {
        item["content"].lower().rstrip("?.!")
        for random in sources
        for _ in range(10_000)
        for item in conversation(random)
    }
    assert not kept & asked


def test_conversations_alternate_and_end_with_an_answer() -> None:
    random = Speaker(5)
    for _ in range(2000):
        roles = [item["role"] for item in conversation(random)]
        turns = roles[1:] if roles[0] == "system" else roles
        assert turns == ["user", "assistant"] * (len(turns) // 2) and turns


def test_no_sentence_carries_an_unfilled_slot() -> None:
    random = Speaker(6)
    texts = [item["content"] for _ in range(3000) for item in conversation(random)] + [
        text(random) for _ in range(2000)
    ]
    assert [entry for entry in texts if set(entry) & set("{}[]|") or "  " in entry] == []


def test_rows_hold_whole_documents_and_questions_count_less() -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(base_model_path("starter-chat")))
    written = [item.ids for item in islice(documents(Speaker(2), tokenizer), 400)]
    ids, weights = next(batches(documents(Speaker(2), tokenizer), 8, 256, tokenizer.pad_token_id))
    packed: list[list[int]] = []
    for row in ids.tolist():
        assert row[0] == tokenizer.bos_token_id
        for token in row:
            if token == tokenizer.bos_token_id:
                packed.append([])
            if token != tokenizer.pad_token_id:
                packed[-1].append(token)
    assert packed == [item for item in written if len(item) <= 256][: len(packed)]
    assert set(weights.unique().tolist()) == {0.0, 0.25, 1.0}
    assert not weights[ids == tokenizer.pad_token_id].any()

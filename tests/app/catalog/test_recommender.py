"""The recommendation: what changes it, what it says, and that every rule names its source."""

import itertools

import pytest

from app.catalog.base_models import STARTER_ENCODER
from app.catalog.card import BaseModelCard
from app.catalog.methods import METHODS, method_class
from app.catalog.recommender import RULES, WISHES, Facts, recommend


def facts(rows: int = 1000, **more: object) -> Facts:
    known = {
        "task_type": "text-classification",
        "family": "classification",
        "base": STARTER_ENCODER,
        "labels": 20,
        "least_per_label": rows // 20,
        "memory_bytes": 8 * 10**9,
    }
    return Facts(rows=rows, **{**known, **more})  # type: ignore[arg-type]


def first(**more: object) -> str:
    return recommend(facts(**more))["ranked"][0]["kind"]  # type: ignore[arg-type]


def large_model(parameters: int) -> BaseModelCard:
    return BaseModelCard(**{**vars(STARTER_ENCODER), "parameters": parameters, "layers": 32, "hidden_size": 4096})


def test_ordinary_data_gets_lora_with_the_facts_in_the_sentence():
    result = recommend(facts())["ranked"][0]
    assert result["kind"] == "lora"
    assert result["sentence"].startswith("1,000 training rows, 20 labels, an encoder of 23 million weights: ")


def test_few_rows_get_few_learning_numbers():
    assert first(rows=60) == "ia3"
    assert first(rows=60) != first(rows=5000)


@pytest.mark.parametrize(
    ("wish", "allowed"),
    [
        ("keep_abilities", {"sparse", "prompt-tuning", "head-only"}),
        ("fast_answer", {"head-only"}),
        ("many_variants", {"lora"}),
    ],
)
def test_a_wish_changes_the_answer(wish: str, allowed: set[str]):
    assert first(wishes=frozenset({wish})) in allowed


def test_one_plain_model_leaves_out_what_cannot_be_merged():
    ranked = recommend(facts(wishes=frozenset({"one_model"})))["ranked"]
    fitting = [method_class(item["kind"]).capabilities.merge for item in ranked]
    assert fitting == sorted(fitting, reverse=True) and False in fitting


def test_a_model_that_does_not_fit_is_compressed():
    result = recommend(
        facts(task_type="instruction", family="generation", base=large_model(7_000_000_000), labels=0, has_gpu=True)
    )["ranked"]
    assert result[0]["kind"] == "qlora"
    assert "GB" in result[0]["sentence"]


def test_small_writing_models_are_kept_from_soft_prompts():
    ranked = recommend(facts(task_type="chat", family="generation", base=large_model(300_000_000), labels=0))["ranked"]
    places = {item["kind"]: at for at, item in enumerate(ranked)}
    assert places["prompt-tuning"] > places["lora"] and places["prompt-tuning"] > len(ranked) // 2
    assert "head-only" not in places


def test_every_method_is_ranked_once_and_every_reason_has_a_source():
    for rows, wish in itertools.product((20, 100, 3000, 50_000), [None, *WISHES]):
        ranked = recommend(facts(rows=rows, wishes=frozenset({wish} if wish else ())))["ranked"]
        kinds = [item["kind"] for item in ranked]
        serving = [m.model_fields["kind"].default for m in METHODS if "text-classification" in m.task_types]
        assert sorted(kinds) == sorted(serving)
        assert all(reason["source"] and reason["words"] for item in ranked for reason in item["reasons"])


def test_rules_name_only_methods_that_exist():
    cases = [facts(rows=rows, wishes=frozenset(WISHES)) for rows in (20, 50_000)]
    cases.append(facts(task_type="chat", family="generation", base=large_model(7_000_000_000), answer_tokens=10**9))
    known = {method.model_fields["kind"].default for method in METHODS}
    for case in cases:
        for rule in RULES:
            advice = rule(case)
            assert advice is None or set(advice.points) <= known


def test_the_rank_follows_the_answers_to_learn():
    base = large_model(1_000_000_000)
    per_rank = base.layers * sum(inputs + outputs for inputs, outputs in base.linear_shapes)
    chat = {"task_type": "chat", "family": "generation", "base": base, "labels": 0, "has_gpu": True}
    few = recommend(facts(**chat, answer_tokens=5 * per_rank))["ranked"][0]
    assert few["kind"] == "lora" and few["settings"] == {"rank": 8, "alpha": 16} and "rank 8" in few["sentence"]
    usual = recommend(facts(**chat, answer_tokens=12 * per_rank))["ranked"][0]
    assert usual["settings"] == {} and usual["kind"] == "lora"
    many = recommend(facts(**chat, answer_tokens=90 * per_rank))["ranked"][0]
    assert many["kind"] == "rslora" and many["settings"] == {"rank": 64, "alpha": 64}


def test_keeping_abilities_means_the_feed_forward_part_for_models_that_write():
    result = recommend(
        facts(
            task_type="chat",
            family="generation",
            base=large_model(1_000_000_000),
            labels=0,
            has_gpu=True,
            wishes=frozenset({"keep_abilities"}),
        )
    )["ranked"]
    lora = next(item for item in result if item["kind"] == "lora")
    assert lora["settings"] == {"targets": "feed-forward"}
    places = {item["kind"]: at for at, item in enumerate(result)}
    assert (
        places["lora"] < places["prefix-tuning"] and places["lora"] < places["miss"] and places["lora"] < places["full"]
    )


def test_a_compressed_model_is_not_offered_what_fails_on_one():
    result = recommend(
        facts(task_type="chat", family="generation", base=large_model(7_000_000_000), labels=0, has_gpu=True)
    )["ranked"]
    able = [method_class(item["kind"]).capabilities.nf4 for item in result]
    assert able == sorted(able, reverse=True) and False in able


def test_models_that_write_are_asked_before_they_are_trained_and_a_giant_is_refused_in_words():
    assert recommend(facts())["before"] == []
    chat = {"task_type": "chat", "family": "generation", "labels": 0}
    (ask,) = recommend(facts(**chat, base=large_model(300_000_000)))["before"]
    assert "three to five examples" in ask["words"] and ask["source"]
    hints = recommend(facts(**chat, base=large_model(70_000_000_000)))["before"]
    assert "choose a smaller base model" in hints[1]["words"]

"""The modules of a loaded model that its checkpoint did not have."""

from pathlib import Path

from transformers import AutoModelForSequenceClassification

from worker.engine.modeling.new_parts import find_new_parts


def test_module_is_named_once_for_all_its_missing_weights() -> None:
    assert find_new_parts(["score.weight", "bert.pooler.dense.bias", "bert.pooler.dense.weight"]) == (
        "bert.pooler.dense",
        "score",
    )


def test_weight_outside_of_any_module_is_left_out() -> None:
    assert find_new_parts(["scale"]) == () == find_new_parts([])


def test_classification_head_and_pooler_of_an_encoder_without_them_are_found(tiny_base: tuple[object, Path]) -> None:
    _, loading = AutoModelForSequenceClassification.from_pretrained(tiny_base[1], output_loading_info=True)
    assert find_new_parts(loading["missing_keys"]) == ("bert.pooler.dense", "classifier")

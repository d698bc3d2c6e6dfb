"""The card and the script of a tagger's download; that the script marks right is tested in ``test_token_classification``."""

from dataclasses import replace

import pytest

from tests.tiny_tokens import make_spec
from tests.worker.engine.reporting.test_results import RUN, TASK
from worker.engine.reporting.results import TokenResults
from worker.engine.tasks.token_classification.card import example, model_card

SCORES = {"f1": 0.8, "precision": 0.75, "recall": 0.85, "token_accuracy": 0.95}
FOUND = TokenResults(
    **{
        **vars(TASK),
        "metrics": SCORES,
        "intervals": {"f1": [0.7, 0.9]},
        "baseline": {
            "linear_probe": {**SCORES, "f1": 0.6},
            "word_list": {**SCORES, "f1": 0.4},
            "majority": {**SCORES, "f1": 0.0},
        },
        "per_class": [{"label": "ITEM", "f1": 0.5, "precision": 0.25, "recall": 0.75, "count": 1234}],
    },
    test_entities=5678,
    cut_test_rows=0,
)


def test_card_states_scores_beside_the_baselines_and_of_each_type(tiny_base) -> None:
    text = model_card(make_spec(), tiny_base[0], replace(RUN, task=FOUND))
    assert "pipeline_tag: token-classification" in text
    assert "Marks words of 2 types: ITEM, STATE." in text
    assert "20 held-out sentences that took no part in training" in text and "They hold 5,678 entities." in text
    assert "| this model (95 % interval of F1 0.7000-0.9000) | 0.8000 | 0.7500 | 0.8500 | 0.9500 |" in text
    assert "| linear probe on the base model | 0.6000 |" in text
    assert "| word list | 0.4000 |" in text and "| majority class | 0.0000 |" in text
    assert "| ITEM | 0.5000 | 0.2500 | 0.7500 | 1,234 |" in text


@pytest.mark.parametrize(
    ("kind", "there", "absent"),
    [
        ("lora", ["model = PeftModel.from_pretrained(model, here).eval()"], ["BitsAndBytes"]),
        ("full", ["from_pretrained(here", "model.eval()"], ["PeftModel", "BASE_MODEL"]),
        ("head-only", ["load_state_dict(load_file(", "strict=False"], ["PeftModel"]),
        ("qlora", ["llm_int8_skip_modules=['classifier', 'extra']", "load_in_4bit=True"], []),
    ],
)
def test_script_loads_what_the_method_left(tiny_base, kind: str, there: list[str], absent: list[str]) -> None:
    script = example(make_spec({"kind": kind}), tiny_base[0], ("classifier", "extra"))
    compile(script, "use_me.py", "exec")
    assert all(words in script for words in there) and not any(words in script for words in absent)
    # Arguments for the bare encoder do not fit a class with a head.
    assert "add_pooling_layer" not in script

"""The card and the script of a classifier's download; that the script answers right is tested in ``test_usage_example``."""

from dataclasses import replace

import pytest

from tests.tiny import LABELS, make_spec
from tests.worker.engine.reporting.test_results import RUN, TASK
from worker.engine.tasks.classification.card import example, model_card

SCORES = {"accuracy": 0.9, "macro_f1": 0.8, "loss": 0.3}
RESULTS = replace(
    RUN,
    task=replace(
        TASK,
        metrics=SCORES,
        baseline={
            "linear_probe": {"accuracy": 0.7, "macro_f1": 0.6, "loss": 0.9},
            "majority": {"accuracy": 0.5, "macro_f1": 0.25},
        },
        test_rows=1234,
        cut_rows=56,
    ),
)


def test_card_states_scores_beside_the_baselines(tiny_base) -> None:
    text = model_card(make_spec(max_length=24), tiny_base[0], RESULTS)
    assert "pipeline_tag: text-classification" in text
    assert f"Gives a text one of {len(LABELS)} labels." in text
    assert "1,234 held-out rows" in text
    assert "| this model | 0.9000 (95 % interval 0.8000-0.9500) | 0.8000 | 0.3000 |" in text
    assert "| linear probe on the base model | 0.7000 | 0.6000 | 0.9000 |" in text
    assert "| majority class | 0.5000 | 0.2500 | |" in text
    assert "cut after 24 tokens (56 training rows were)" in text


@pytest.mark.parametrize(
    ("method", "there", "absent"),
    [
        ({"kind": "lora"}, ["PeftModel.from_pretrained", 'os.environ.get("BASE_MODEL"'], ["BitsAndBytes"]),
        ({"kind": "full"}, ["from_pretrained(here"], ["PeftModel", "BASE_MODEL"]),
        ({"kind": "qlora"}, ["BitsAndBytesConfig(load_in_4bit=True", "support_avx512bf16_for_cpu"], []),
        ({"kind": "prefix-tuning", "tokens": 5}, ["PeftModel"], ["[:, 5:]"]),
        ({"kind": "prompt-tuning", "tokens": 5}, ["last_hidden_state[:, 5:]"], []),
    ],
    ids=lambda value: value.get("kind") if isinstance(value, dict) else None,
)
def test_script_loads_what_the_method_left(tiny_base, method: dict, there: list[str], absent: list[str]) -> None:
    script = example(make_spec(method, max_length=24), tiny_base[0])
    compile(script, "use_me.py", "exec")
    assert "max_length=24" in script
    assert all(words in script for words in there) and not any(words in script for words in absent)


def test_script_pools_as_the_base_model_does(tiny_base) -> None:
    first = example(make_spec(), replace(tiny_base[0], pooling="first", normalize=False))
    assert "vectors = tokens[:, 0]  #" in first
    mean = example(make_spec(), tiny_base[0])
    assert "normalize((tokens * mask).sum(1) / mask.sum(1), dim=-1)" in mean

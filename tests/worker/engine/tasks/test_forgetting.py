"""Forgetting: fixed questions without hints, asked before and after a run that wants it, judged by fixed limits."""

from collections import Counter

import pytest
import torch

from app.catalog.training import TrainingSettings
from tests.tiny import make_spec
from worker.engine.loop.train import train
from worker.engine.reporting.list_report import ListReport
from worker.engine.tasks import forgetting
from worker.engine.tasks.forgetting_limits import LOSS_LIMITS, SHARE_LIMITS, is_wanted, level


def test_no_word_gives_the_answer_away() -> None:
    texts, labels, held_out = forgetting.sentences()
    bags = [tuple(sorted(text.rstrip(".").split())) for text in texts]
    assert Counter(zip(bags, labels, strict=True)).most_common(1)[0][1] == 1
    assert {bag for bag, label in zip(bags, labels, strict=True) if label} == {
        bag for bag, label in zip(bags, labels, strict=True) if not label
    }
    fitted = {bag for bag, out in zip(bags, held_out, strict=True) if not out}
    tested = {bag for bag, out in zip(bags, held_out, strict=True) if out}
    assert fitted.isdisjoint(tested) and sum(held_out) == 160


@pytest.mark.parametrize(
    ("harm", "limits", "expected"),
    [
        (-0.1, SHARE_LIMITS, "kept"),
        (0.03, SHARE_LIMITS, "amber"),
        (0.08, SHARE_LIMITS, "red"),
        (0.049, LOSS_LIMITS, "kept"),
        (0.05, LOSS_LIMITS, "amber"),
        (0.2, LOSS_LIMITS, "red"),
    ],
)
def test_the_limits_are_those_of_the_note(harm: float, limits: tuple[float, float], expected: str) -> None:
    assert level(harm, limits) == expected
    assert level(harm, limits, by_chance=True) == "kept"


def test_a_loss_that_chance_makes_is_not_called_one() -> None:
    before = torch.ones(160, dtype=torch.bool)
    few, many = before.clone(), before.clone()
    few[:6], many[:20] = False, False
    assert forgetting.compare(before, few).level == "amber" and forgetting.compare(before, many).level == "red"
    shuffled = few.clone()
    before[154:] = False
    shuffled_result = forgetting.compare(before, shuffled)
    assert shuffled_result.change == 0 and shuffled_result.level == "kept"
    mixed = before.clone()
    mixed[:12], mixed[155:] = False, True
    assert forgetting.compare(before, mixed).change < -SHARE_LIMITS[0]
    assert forgetting.compare(before, mixed).level == "kept"


def test_left_alone_it_is_measured_where_it_takes_a_twentieth_at_most() -> None:
    assert not is_wanted("auto", 1000, [10] * 100, epochs=1) and is_wanted("auto", 1000, [10] * 2000, epochs=3)
    assert is_wanted("yes", 1000, [1], epochs=1) and not is_wanted("no", 1, [10] * 9999, epochs=9)
    stored = [
        TrainingSettings.model_validate({"measure_forgetting": entry}).measure_forgetting for entry in (True, False)
    ]
    assert stored == ["yes", "no"]


def test_a_run_that_asks_for_it_tells_before_and_after(make_job) -> None:
    silent = train(make_job(make_spec({"kind": "head-only"})), ListReport())
    assert "forgetting" not in silent
    report = train(make_job(make_spec({"kind": "head-only"}, measure_forgetting="yes")), ListReport())["forgetting"]
    # The encoder does not change when only the head learns, so nothing can be forgotten.
    assert report["before"] == report["after"] and 0 <= report["before"] <= 1 and report["rows"] == 160
    assert report["level"] == "kept"

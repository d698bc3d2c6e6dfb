"""Forgetting: fixed questions without hints, asked before and after a run that wants it, judged by fixed limits."""

from collections import Counter

import torch

from tests.tiny import make_spec
from worker.engine.loop.train import train
from worker.engine.reporting.list_report import ListReport
from worker.engine.tasks import forgetting
from worker.engine.tasks.forgetting_limits import SHARE_LIMITS


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


def test_a_run_that_asks_for_it_tells_before_and_after(make_job) -> None:
    silent = train(make_job(make_spec({"kind": "head-only"})), ListReport())
    assert "forgetting" not in silent
    report = train(make_job(make_spec({"kind": "head-only"}, measure_forgetting="yes")), ListReport())["forgetting"]
    # The encoder does not change when only the head learns, so nothing can be forgotten.
    assert report["before"] == report["after"] and 0 <= report["before"] <= 1 and report["rows"] == 160
    assert report["level"] == "kept"

"""The forgetting probe: a question without hints in its words, answered before and after a run that asks for it."""

from collections import Counter

from tests.tiny import make_spec
from worker.engine import forgetting
from worker.engine.report import ListReport
from worker.engine.train import train


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


def test_a_run_that_asks_for_it_tells_before_and_after(make_order) -> None:
    silent = train(make_order(make_spec({"kind": "head-only"})), ListReport())
    assert "forgetting" not in silent
    spec = make_spec({"kind": "head-only"})
    asking = spec.model_copy(update={"training": spec.training.model_copy(update={"measure_forgetting": True})})
    told = train(make_order(asking), ListReport())["forgetting"]
    # The encoder does not change when only the head learns, so nothing can be forgotten.
    assert told["before"] == told["after"] and 0 <= told["before"] <= 1 and told["rows"] == 160

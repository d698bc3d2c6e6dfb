"""The comparison with a plain script counts what it says, and its rows are good for learning."""

import pytest

from benchmarks.labelled_rows import given_or_made_up
from benchmarks.whole_job import Done, summary


@pytest.mark.parametrize(
    ("seconds", "loss", "code"), [(4.0, 0.2, 0), (5.0, 0.2, 1), (4.0, 0.4, 1)], ids=["met", "too slow", "worse"]
)
def test_benchmark_fails_when_the_studio_is_slower_or_worse(
    seconds: float, loss: float, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    ours = Done(seconds=99.0, processor=seconds, accuracy=0.9, loss=loss, phases={})
    theirs = Done(seconds=1.0, processor=10.0, accuracy=0.9, loss=0.3, phases={})
    assert summary([(ours, theirs)] * 3, "processor") == code
    assert f"{seconds / 10:.2f} of its time" in capsys.readouterr().out


def test_made_up_rows_are_the_same_each_time_and_none_is_there_twice() -> None:
    train, test = given_or_made_up([])
    assert given_or_made_up([]) == (train, test)
    assert sorted(train) == sorted(test)
    assert all(len(set(texts)) == 100 for texts in train.values())

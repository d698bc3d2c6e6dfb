"""When a loss of knowledge is amber or red, and when measuring it is cheap enough to be done by default."""

import pytest

from app.catalog.training import TrainingSettings
from worker.engine.tasks.forgetting_limits import LOSS_LIMITS, SHARE_LIMITS, is_wanted, level


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


def test_left_alone_it_is_measured_where_it_takes_a_twentieth_at_most() -> None:
    assert not is_wanted("auto", 1000, [10] * 100, epochs=1) and is_wanted("auto", 1000, [10] * 2000, epochs=3)
    assert is_wanted("yes", 1000, [1], epochs=1) and not is_wanted("no", 1, [10] * 9999, epochs=9)
    stored = [
        TrainingSettings.model_validate({"measure_forgetting": entry}).measure_forgetting for entry in (True, False)
    ]
    assert stored == ["yes", "no"]

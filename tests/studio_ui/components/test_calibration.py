"""What the Calibration tab says of confidence and accuracy."""

import pytest

from app.services.evaluation.calibration import Calibration
from studio_ui.components.calibration import calibration_nodes
from tests.studio_ui.pages.test_run import words


@pytest.mark.parametrize(
    ("confidence", "accuracy", "interval", "said"),
    [
        (0.90, 0.80, [0.75, 0.85], "Overconfident"),
        (0.60, 0.80, [0.75, 0.85], "Underconfident"),
        (0.805, 0.80, [0.75, 0.85], "Well calibrated on average"),
        (0.68, 0.707, [0.589, 0.802], "Too few rows to call it over- or underconfident"),
    ],
)
def test_confidence_outside_the_interval_of_the_accuracy_is_called_so(
    confidence: float, accuracy: float, interval: list[float], said: str
) -> None:
    found = Calibration(150, 0.04, confidence, accuracy, interval, [], [])
    assert words(calibration_nodes(found)).startswith(f"{said}. ")

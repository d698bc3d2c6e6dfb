"""Each doubt about a model that writes is found on its numbers alone; see the table in ``test_headline``."""

import pytest

from app.models import Run
from app.services.evaluation import text_doubts
from tests.app.services.evaluation.runs_of_all_kinds import text

RED = {"level": "red", "unit": "loss", "before": 2.0, "after": 2.6, "rows": 40}
BETTER = (-0.8, -0.6)

CASES: list[tuple[Run, list[str]]] = [
    (text(12.3, 25.1, BETTER), []),
    (text(12.0, 9.0, (0.2, 0.4)), ["worse"]),
    (text(12.3, 25.1, BETTER, language=(0.2, 0.5)), ["not_language"]),
    (text(12.3, 25.1, BETTER, language=(0.2, 0.5), answered_rows=3), []),
    (text(12.3, 25.1, BETTER, repeating=7), ["repeats"]),
    (text(12.3, 25.1, BETTER, repeating=6), []),
    (text(120, 2510, BETTER), ["hopeless"]),
    (text(60, 2510, BETTER, counting_perplexity=100.0), ["hopeless"]),
    (text(12.3, 25.1, BETTER, accuracy=(0.38, 0.4)), ["less_right"]),
    (text(12.3, 25.1, BETTER, accuracy=(0.398, 0.4)), []),
    (text(12.3, 25.1, BETTER, forgetting=RED), ["forgot"]),
    (text(1.04, 25.1, BETTER), ["memorised"]),
    (text(12.3, 25.1, BETTER, leaking_rows=2), ["leaking"]),
]


@pytest.mark.parametrize(("run", "codes"), CASES, ids=[f"{number}-{codes}" for number, (_, codes) in enumerate(CASES)])
def test_doubts(run: Run, codes: list[str]) -> None:
    assert [doubt.code for doubt in text_doubts.find(run.results or {})] == codes


def test_older_results_without_the_checks_raise_no_doubt() -> None:
    results = {"metrics": {"perplexity": 5.0}, "baseline": {"untouched": {"perplexity": 9.0}}, "test_rows": 100}
    assert text_doubts.find(results) == []

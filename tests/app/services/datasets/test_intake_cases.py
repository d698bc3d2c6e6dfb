"""Every file of the collection of intake cases, where it lies beside the checkout, is understood as its note expects."""

from pathlib import Path

import pytest

from benchmarks.intake_cases import differences, understood
from tests.layers import ROOT

PLACES = (ROOT.parent / "shared" / "intake_cases", ROOT.parent.parent / "shared" / "intake_cases")
CASES = sorted(path for folder in PLACES for path in folder.rglob("*") if path.is_file() and path.name != "expect.md")


@pytest.mark.skipif(not CASES, reason="the collection of intake cases does not lie beside this checkout")
@pytest.mark.parametrize("path", CASES, ids=lambda path: path.name)
def test_file_is_understood_as_expected(path: Path) -> None:
    found = differences(path, understood(path))
    if found is None:
        pytest.skip("nothing is expected of this file yet")
    assert found == []

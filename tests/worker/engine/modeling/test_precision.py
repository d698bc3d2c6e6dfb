"""The number format follows the hardware, and a format that it does not have is refused."""

import pytest
import torch

from app.errors import StudioError
from worker.engine.modeling import precision
from worker.engine.modeling.precision import choose_precision


@pytest.mark.parametrize(
    ("wanted", "supported", "chosen"),
    [("auto", True, "bf16"), ("auto", False, "no"), ("fp32", True, "no"), ("bf16", True, "bf16")],
)
def test_bf16_is_used_where_the_hardware_has_it(monkeypatch, wanted: str, supported: bool, chosen: str) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(precision, "_cpu_supports_bf16", lambda: supported)
    assert choose_precision(wanted) == chosen


def test_bf16_by_name_is_refused_without_hardware_for_it(monkeypatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(precision, "_cpu_supports_bf16", lambda: False)
    with pytest.raises(StudioError) as refusal:
        choose_precision("bf16")
    assert refusal.value.code == "no_bf16"

"""Failed sign-ins: so many within a while, and waiting helps."""

import pytest

from app.errors import StudioError
from app.services.accounts import attempts


def test_refused_tries_do_not_make_the_wait_longer_and_other_keys_are_free(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(attempts.time, "monotonic", lambda: now[0])
    tries = attempts.Attempts(3, 60.0)
    for _ in range(3):
        tries.check("a")
        tries.note_failure("a")
    for second in range(0, 60, 5):
        now[0] = float(second)
        with pytest.raises(StudioError) as refused:
            tries.check("a")
        assert refused.value.details["retry_after"] == max(1, 60 - second)
        tries.check("b")
    now[0] = 61.0
    tries.check("a")

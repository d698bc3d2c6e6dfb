"""Settings of single methods that cannot be, refused before anything runs."""

import pytest

from app.catalog.base_models import STARTER_ENCODER
from app.errors import Rejected
from tests.methods.choice import make


def test_ranks_that_cannot_be_are_refused():
    with pytest.raises(Rejected, match="start"):
        make("adalora", start_rank=4, rank=8).check(STARTER_ENCODER)
    with pytest.raises(Rejected, match="rank of GraLoRA"):
        make("gralora", rank=3).check(STARTER_ENCODER)

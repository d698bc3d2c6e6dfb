"""Fit of models by their size alone."""

import pytest

from app.services.models.shelf_fit import FITS, FITS_COMPRESSED, TOO_LARGE, fit
from app.services.queue.machine_speeds import TrainingMachine


@pytest.mark.parametrize(
    ("millions", "gpu", "gigabytes", "words"),
    [
        (110, False, 8, FITS),
        # 8 B in fp32 take 32 GB, in 4 bits less than 5.
        (8000, True, 24, FITS_COMPRESSED),
        (8000, True, 40, FITS),
        (1500, False, 8, FITS_COMPRESSED),
        (30_000, False, 24, TOO_LARGE),
    ],
)
def test_fit_follows_size_and_machine(millions: int, gpu: bool, gigabytes: int, words: str) -> None:
    assert fit(millions, TrainingMachine("here", gpu, gigabytes * 10**9)) == words

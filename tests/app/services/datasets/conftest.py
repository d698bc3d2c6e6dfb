"""A file of letters, and a dataset whose last rows need repair."""

from pathlib import Path

import pytest

from app.models import Dataset
from app.services.datasets import datasets
from tests.app.services.datasets.letters import BAD_ROWS, ROWS, write


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write(tmp_path / "letters.csv", ROWS)


@pytest.fixture
def dataset(owner: str, tmp_path: Path) -> Dataset:
    """A dataset of good rows, followed by bad ones from line 102 on."""
    return datasets.import_file(owner, (write(tmp_path / "x.csv", [*ROWS, *BAD_ROWS]), "x.csv"))

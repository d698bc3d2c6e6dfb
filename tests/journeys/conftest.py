"""A whole studio with its real trainer, and a browser beside it."""

from collections.abc import Iterator

import pytest

from tests.studio.processes import Up, start_up, stop
from tests.studio_ui.conftest import browser  # noqa: F401 - a fixture, used by name


@pytest.fixture(scope="module")
def studio_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """`studio up` as a newcomer starts it; interrupted at the end."""
    up = start_up(tmp_path_factory.mktemp("journey") / "data", STUDIO_TRAINER_MODULE="worker.trainer")
    yield up
    stop(up)

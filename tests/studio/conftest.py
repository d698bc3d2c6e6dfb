"""Commands in this process, on a machine without a data folder, and a good file to give them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import forget_settings

GOOD = "text,label\n" + "".join(
    f"letter {n} says that the {subject} {ending},{label}\n"
    for n, (subject, ending, label) in enumerate(
        [("card", "is lost", "cards"), ("invoice", "is wrong", "money"), ("parcel", "is late", "parcels")] * 20
    )
)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A file with sixty rows and three labels."""
    path = tmp_path / "letters.csv"
    path.write_text(GOOD, encoding="utf-8")
    return path


@pytest.fixture
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The path of a data folder that does not exist yet."""
    monkeypatch.setenv("STUDIO_DATA_DIR", str(tmp_path / "data"))
    forget_settings()
    yield tmp_path / "data"
    forget_settings()

"""`studio data import`: a split of the hub in the foreground."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import forget_settings
from tests.hub_data import letters_repo
from tests.standin_hub import Hub
from tests.studio.processes import run


@pytest.fixture
def hub(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with Hub({"datasets/tests/letters": letters_repo()}) as served:
        monkeypatch.setenv("HF_ENDPOINT", served.url)
        forget_settings()
        yield served
    forget_settings()


def test_split_is_imported_and_a_wrong_id_refused(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("data", "import", "tests/letters", "--split", "test", "--rows", "20", "--name", "Letters", "--json") == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["name"], result["rows"], result["task_type"]) == ("Letters", 20, "text-classification")
    assert result["source"]["repo"] == "tests/letters" and result["source"]["first_rows"] == 20
    assert run("data", "import", "no such id") == 2
    assert "is not the id of a data set" in capsys.readouterr().err

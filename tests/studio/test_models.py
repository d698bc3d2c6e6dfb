"""``studio model``: what is here, adding a folder, fetching from a hub, removing."""

import json
from pathlib import Path

import pytest

from app.catalog.model_reading import read_facts
from app.services.models import limited_process
from tests.conftest import forget_settings
from tests.standin_hub import COMMIT, Hub, Repo
from tests.studio.processes import run
from tests.tiny_chat import make_chat_base

pytestmark = pytest.mark.usefixtures("data_folder")


def test_model_is_added_fetched_listed_and_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_chat_base(tmp_path / "our-model")
    limited_process.remember(folder, read_facts(folder))
    assert run("model", "add", str(folder)) == 0
    added = capsys.readouterr().out.split()[-1]
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    with Hub({"tests/tiny-chat": Repo(files)}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        forget_settings()
        assert run("model", "fetch", "tests/tiny-chat") == 0
        fetched = capsys.readouterr().out.split()[-1]
        assert run("model", "fetch", "tests/nowhere") == 1
        assert "tests/nowhere" in capsys.readouterr().err
    assert (fetched, added.startswith("local/our-model@")) == (f"tests/tiny-chat@{COMMIT[:8]}", True)
    assert run("model", "list", "--json") == 0
    names = {model["name"] for model in json.loads(capsys.readouterr().out)["models"]}
    assert {added, fetched, "starter-encoder"} <= names
    assert run("model", "remove", fetched) == 0
    capsys.readouterr()
    assert run("model", "list") == 0
    assert fetched not in capsys.readouterr().out

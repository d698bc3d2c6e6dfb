"""A model in a folder of this machine becomes a base model; what could not be fetched cannot be added either."""

from pathlib import Path

import pytest

from app.catalog.base_models import base_model, base_model_path
from app.catalog.model_reading import read_facts
from app.db import transaction
from app.errors import Conflict, NotAllowed, Rejected
from app.models import User
from app.services.accounts import accounts
from app.services.models import limited_process, local_models, model_fetches
from tests.tiny_chat import make_chat_base


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = make_chat_base(tmp_path / "cache" / "our-model")
    (made / "train.py").write_text("import os")
    limited_process.remember(made, read_facts(made))
    return made


def test_folder_is_registered_once_and_can_be_removed(owner: str, folder: Path) -> None:
    card = local_models.add(owner, folder)
    assert card.name.startswith("local/our-model@") and base_model(card.name) == card
    inside = base_model_path(card.name)
    assert not (inside / "train.py").exists() and (inside / "model.safetensors").exists()
    with pytest.raises(Conflict, match="registered already"):
        local_models.add(owner, folder)
    model_fetches.remove_model(owner, card.name)
    assert (folder / "model.safetensors").exists()


def test_links_of_another_programs_cache_are_followed(owner: str, folder: Path, tmp_path: Path) -> None:
    snapshot = tmp_path / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    for path in folder.iterdir():
        (snapshot / path.name).symlink_to(path)
    card = local_models.add(owner, snapshot, "cached")
    assert card.name.startswith("local/cached@") and not (base_model_path(card.name) / "config.json").is_symlink()


def test_only_administrators_and_only_models(owner: str, folder: Path, tmp_path: Path) -> None:
    editor = accounts.add_user("editor").id
    with transaction() as session:
        session.get_one(User, editor).role = "editor"
    with pytest.raises(NotAllowed):
        local_models.add(editor, folder)
    with pytest.raises(Rejected) as missing:
        local_models.add(owner, tmp_path / "nowhere")
    assert missing.value.code == "folder_not_found"
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(b"cos")
    with pytest.raises(Rejected) as pickled:
        local_models.add(owner, folder)
    assert pickled.value.code == "hub_only_pickled"

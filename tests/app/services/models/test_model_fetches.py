"""Fetches of base models: requested, cancelled, resumed, dismissed, by whom, and what is refused."""

import json

import pytest

from app import storage
from app.catalog import fetched_models
from app.catalog.model_reading import read_facts
from app.db import transaction
from app.errors import Conflict, NotAllowed, NotFound, Rejected
from app.models import CANCELLED, QUEUED, Run, User
from app.services.accounts import accounts
from app.services.models import model_fetches
from tests.factories import SPEC, make_run

TINY = "tests/tiny-chat"
COMMIT = "0123456789abcdef" * 2 + "01234567"
CONFIG = {
    "model_type": "llama",
    "hidden_size": 8,
    "intermediate_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 1,
    "vocab_size": 64,
    "max_position_embeddings": 256,
}


def test_stopped_fetch_can_be_resumed_or_dismissed(owner):
    fetch = model_fetches.submit(owner, TINY)
    assert model_fetches.cancel(owner, fetch.id).state == CANCELLED
    again = model_fetches.resume(owner, fetch.id)
    assert again.state == QUEUED
    with pytest.raises(Conflict, match="is being fetched"):
        model_fetches.dismiss(owner, fetch.id)
    model_fetches.cancel(owner, fetch.id)
    model_fetches.dismiss(owner, fetch.id)
    assert model_fetches.list_fetches() == []


def test_only_administrators_may_fetch_models(owner):
    editor = accounts.add_user("editor").id
    with transaction() as session:
        session.get_one(User, editor).role = "editor"
    with pytest.raises(NotAllowed, match="administrator"):
        model_fetches.submit(editor, TINY)


def test_active_fetch_is_returned_instead_of_a_second_one(owner):
    fetch = model_fetches.submit(owner, f" https://huggingface.co/{TINY}/ ")
    assert (fetch.repo, fetch.revision, fetch.state) == (TINY, "main", QUEUED)
    assert model_fetches.submit(owner, TINY).id == fetch.id != model_fetches.submit(owner, TINY, "v2").id
    with pytest.raises(Conflict, match="being fetched already"):
        model_fetches.resume(owner, fetch.id)


@pytest.mark.parametrize(("repo", "revision"), [("no slash", "main"), ("../etc", "main"), (TINY, "r" * 101)])
def test_invalid_id_or_revision_is_refused(owner, repo, revision):
    with pytest.raises(Rejected):
        model_fetches.submit(owner, repo, revision)
    assert model_fetches.list_fetches() == []


def test_fetches_of_others_and_models_that_were_not_fetched_are_not_found(owner):
    fetch = model_fetches.submit(owner, TINY)
    with pytest.raises(NotFound):
        model_fetches.cancel(accounts.add_user("bob").id, fetch.id)
    with pytest.raises(NotFound, match="no fetched model"):
        model_fetches.remove_model(owner, "starter-chat")


def test_model_of_a_run_is_removed_only_when_the_run_is_archived(owner):
    name = fetched_models.model_name(TINY, COMMIT)
    folder = storage.model_dir(name)
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(CONFIG))
    (folder / "model.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}")
    weights = {"model.safetensors": "0" * 64}
    fetched_models.write_card(
        folder, repo=TINY, commit=COMMIT, licence="mit", facts=read_facts(folder), weights=weights
    )
    run = make_run(owner, name="Letters", spec={**SPEC, "base_model": name})
    with transaction() as session:
        session.get_one(Run, run.id).base_model = name
    with pytest.raises(Conflict, match="Letters") as refused:
        model_fetches.remove_model(owner, name)
    other = accounts.add_user("admin", role="admin").id
    with pytest.raises(Conflict, match="1 run that you do not see") as unseen:
        model_fetches.remove_model(other, name)
    assert "Letters" not in unseen.value.message
    assert refused.value.code == "model_in_use" and folder.is_dir()
    with transaction() as session:
        session.get_one(Run, run.id).archived = True
    model_fetches.remove_model(owner, name)
    assert not folder.exists() and fetched_models.fetched_cards() == ()

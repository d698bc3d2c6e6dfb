"""Which models a person can chat with."""

import pytest

from app.db import transaction
from app.errors import NotFound, Rejected
from app.models import SUCCEEDED, Job, Run
from app.services.inference import chat
from tests.factories import make_run, make_user


def finished_chat_run(owner: str) -> Run:
    run = make_run(owner, name="Tuned")
    with transaction() as session:
        stored = session.get_one(Run, run.id)
        stored.task_type, stored.base_model = "chat", "starter-chat"
        stored.results = {"system_prompt": "Be kind."}
        session.get_one(Job, run.job_id).state = SUCCEEDED
    return run


def test_base_models_that_generate_text_come_first(owner: str) -> None:
    listed = chat.list_chat_targets(owner)
    assert {target.kind for target in listed} == {"base"}
    assert "base:starter-chat" in [target.id for target in listed]
    assert "base:starter-encoder" not in [target.id for target in listed]


def test_finished_run_is_listed_for_its_owner_only(owner: str) -> None:
    run = finished_chat_run(owner)
    (target,) = [target for target in chat.list_chat_targets(owner) if target.kind == "run"]
    assert (target.id, target.name, target.base, target.system) == (run.id, "Tuned", "starter-chat", "Be kind.")
    assert all(target.kind == "base" for target in chat.list_chat_targets(make_user()))


def test_base_model_is_found_by_its_prefix() -> None:
    target = chat.find_chat_target("nobody", "base:starter-chat")
    assert (target.model, target.base, target.adapter) == ("base:starter-chat", "starter-chat", None)


def test_classifiers_and_strangers_are_refused(owner: str) -> None:
    with pytest.raises(Rejected) as refused:
        chat.find_chat_target("nobody", "base:starter-encoder")
    assert refused.value.code == "cannot_talk"
    with pytest.raises(Rejected) as refused:
        chat.find_chat_target(owner, make_run(owner).id)
    assert refused.value.code == "cannot_talk"
    with pytest.raises(NotFound):
        chat.find_chat_target(make_user(), finished_chat_run(owner).id)


@pytest.mark.parametrize("step", ["last", "-1", "9" * 16])
def test_step_of_a_checkpoint_must_be_a_number(owner: str, step: str) -> None:
    with pytest.raises(Rejected) as refused:
        chat.find_chat_target(owner, f"{finished_chat_run(owner).id}@{step}")
    assert refused.value.code == "not_a_step"

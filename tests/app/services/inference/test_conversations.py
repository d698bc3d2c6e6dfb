"""Conversations are kept for their owner alone, and every pane hears only its own replies."""

import pytest

from app.errors import NotFound, Rejected
from app.services.accounts import accounts
from app.services.inference import conversations, prompt_suites

BASE = "base:starter-chat"


@pytest.fixture
def talk(owner):
    made = conversations.start(owner, [BASE, "run-1"], system="Be kind.", sampling={"temperature": 0})
    conversations.ask(owner, made["id"], "When do you open?")
    return made["id"]


def test_a_pane_hears_the_system_prompt_the_questions_and_its_own_replies(owner, talk):
    conversations.keep_reply(owner, talk, 0, "At nine.", {"finish": "stop"})
    conversations.keep_reply(owner, talk, 1, "At ten.", {"finish": "stop"})
    conversations.ask(owner, talk, "And on Sunday?")
    assert conversations.history(owner, talk, 1) == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "When do you open?"},
        {"role": "assistant", "content": "At ten."},
        {"role": "user", "content": "And on Sunday?"},
    ]


def test_another_reply_replaces_the_first_and_both_are_kept(owner, talk):
    conversations.keep_reply(owner, talk, 0, "At nine.", {})
    conversations.keep_reply(owner, talk, 1, "At ten.", {})
    conversations.keep_reply(owner, talk, 0, "At eight.", {})
    said = [(m["pane"], m["content"], m["replaced"]) for m in conversations.read(owner, talk)["messages"]]
    assert said == [
        (None, "When do you open?", False),
        (0, "At nine.", True),
        (0, "At eight.", False),
        (1, "At ten.", False),
    ]
    conversations.ask(owner, talk, "Really?")
    assert "At nine." not in [each["content"] for each in conversations.history(owner, talk, 0)]


def test_they_are_found_again_newest_first_and_empty_ones_are_not_listed(owner, talk):
    conversations.start(owner, [BASE])
    assert [each["id"] for each in conversations.list_conversations(owner)] == [talk]
    assert conversations.list_conversations(owner)[0]["title"] == "When do you open?"
    conversations.remove(owner, talk)
    assert conversations.list_conversations(owner) == []


def test_nobody_else_hears_them(owner, talk):
    stranger = accounts.add_user("stranger").id
    assert conversations.list_conversations(stranger) == []
    for act in (
        lambda: conversations.read(stranger, talk),
        lambda: conversations.ask(stranger, talk, "Hello?"),
        lambda: conversations.history(stranger, talk, 0),
        lambda: conversations.keep_reply(stranger, talk, 0, "x", {}),
        lambda: conversations.change(stranger, talk, [BASE], "", {}),
        lambda: conversations.transcript(stranger, talk),
        lambda: conversations.remove(stranger, talk),
    ):
        with pytest.raises(NotFound):
            act()


def test_the_transcript_quotes_every_line(owner, talk):
    conversations.keep_reply(owner, talk, 0, "# At nine.\nOr ten.", {"name": "Starter chat", "tokens_per_second": 90.5})
    told = conversations.transcript(owner, talk)
    assert "> # At nine.\n> Or ten." in told and "**Starter chat**" in told and "tokens_per_second: 90.5" in told


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda owner: conversations.start(owner, []), "panes"),
        (lambda owner: conversations.start(owner, [BASE] * 5), "panes"),
        (lambda owner: conversations.history(owner, conversations.start(owner, [BASE])["id"], 0), "nothing_asked"),
        (lambda owner: conversations.ask(owner, conversations.start(owner, [BASE])["id"], "  "), "empty_message"),
        (lambda owner: prompt_suites.save(owner, "Mine", [" "]), "prompts"),
        (lambda owner: prompt_suites.save(owner, " ", ["One?"]), "name_length"),
        (lambda owner: prompt_suites.save(owner, "Mine", ["x" * 5000]), "prompt_too_long"),
    ],
)
def test_what_makes_no_sense_is_refused(owner, act, code):
    with pytest.raises(Rejected) as refused:
        act(owner)
    assert refused.value.code == code


def test_saved_prompts_are_replaced_by_name_and_belong_to_one_person(owner):
    first = prompt_suites.save(owner, "Basics", ["One?", " ", "Two? "])
    assert first["prompts"] == ["One?", "Two?"]
    again = prompt_suites.save(owner, "Basics", ["Three?"])
    assert again["id"] == first["id"] and prompt_suites.list_suites(owner) == [again]
    with pytest.raises(NotFound):
        prompt_suites.remove(accounts.add_user("stranger").id, first["id"])
    prompt_suites.remove(owner, first["id"])
    assert prompt_suites.list_suites(owner) == []

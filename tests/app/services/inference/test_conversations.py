"""Conversations are stored for their owner alone; a pane gets the questions and its own replies."""

from collections.abc import Callable

import pytest

from app.errors import NotFound, Rejected, StudioError
from app.services.accounts import accounts
from app.services.inference import conversations
from tests.factories import make_run, make_user

BASE = "base:starter-chat"


@pytest.fixture
def conversation(owner: str) -> str:
    made = conversations.start(owner, [BASE, make_run(owner).id], system="Be kind.", sampling={"temperature": 0})
    conversations.ask(owner, made.id, "When do you open?")
    return made.id


def test_history_has_the_system_prompt_questions_and_own_replies(owner: str, conversation: str) -> None:
    conversations.keep_reply(owner, conversation, 0, "At nine.", {"finish": "stop"})
    conversations.keep_reply(owner, conversation, 1, "At ten.", {"finish": "stop"})
    conversations.ask(owner, conversation, "And on Sunday?")
    assert conversations.history(owner, conversation, 1) == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "When do you open?"},
        {"role": "assistant", "content": "At ten."},
        {"role": "user", "content": "And on Sunday?"},
    ]


def test_second_reply_replaces_the_first_and_both_are_stored(owner: str, conversation: str) -> None:
    conversations.keep_reply(owner, conversation, 0, "At nine.", {})
    conversations.keep_reply(owner, conversation, 1, "At ten.", {})
    conversations.keep_reply(owner, conversation, 0, "At eight.", {})
    messages = conversations.read(owner, conversation).messages
    assert [(message.pane, message.content, message.replaced) for message in messages] == [
        (None, "When do you open?", False),
        (0, "At nine.", True),
        (0, "At eight.", False),
        (1, "At ten.", False),
    ]
    conversations.ask(owner, conversation, "Really?")
    assert "At nine." not in [message["content"] for message in conversations.history(owner, conversation, 0)]


def test_list_leaves_out_conversations_without_questions(owner: str, conversation: str) -> None:
    conversations.start(owner, [BASE])
    assert [listed.id for listed in conversations.list_conversations(owner)] == [conversation]
    assert conversations.list_conversations(owner)[0].title == "When do you open?"
    assert conversations.list_conversations(owner)[0].questions == 1
    conversations.remove(owner, conversation)
    assert conversations.list_conversations(owner) == []


def test_conversation_of_another_user_is_not_found(owner: str, conversation: str) -> None:
    stranger = accounts.add_user("stranger").id
    assert conversations.list_conversations(stranger) == []
    for act in (
        lambda: conversations.read(stranger, conversation),
        lambda: conversations.ask(stranger, conversation, "Hello?"),
        lambda: conversations.history(stranger, conversation, 0),
        lambda: conversations.keep_reply(stranger, conversation, 0, "x", {}),
        lambda: conversations.change(stranger, conversation, [BASE], "", {}),
        lambda: conversations.transcript(stranger, conversation),
        lambda: conversations.remove(stranger, conversation),
    ):
        with pytest.raises(NotFound):
            act()


def test_transcript_quotes_every_line(owner: str, conversation: str) -> None:
    conversations.keep_reply(
        owner, conversation, 0, "# At nine.\nOr ten.", {"name": "Starter chat", "tokens_per_second": 90.5}
    )
    transcript = conversations.transcript(owner, conversation)
    assert (
        "> # At nine.\n> Or ten." in transcript
        and "**Starter chat**" in transcript
        and "tokens_per_second: 90.5" in transcript
    )


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda owner: conversations.start(owner, []), "panes"),
        (lambda owner: conversations.start(owner, [BASE] * 5), "panes"),
        (lambda owner: conversations.history(owner, conversations.start(owner, [BASE]).id, 0), "nothing_asked"),
        (lambda owner: conversations.ask(owner, conversations.start(owner, [BASE]).id, "  "), "empty_message"),
    ],
)
def test_invalid_requests_are_refused(owner: str, act: Callable[[str], object], code: str) -> None:
    with pytest.raises(Rejected) as refused:
        act(owner)
    assert refused.value.code == code


def test_question_is_taken_back_with_everything_after_it(owner: str) -> None:
    talk = conversations.start(owner, ["base:starter-chat"])
    for text in ("one", "two", "three"):
        conversations.ask(owner, talk.id, text)
        conversations.keep_reply(owner, talk.id, 0, f"reply to {text}", {})
    assert conversations.take_back(owner, talk.id) == "three"
    assert conversations.take_back(owner, talk.id, 2) == "two"
    assert [message.content for message in conversations.read(owner, talk.id).messages] == ["one", "reply to one"]
    for user, number in ((owner, 2), (make_user(), 1)):
        with pytest.raises(NotFound):
            conversations.take_back(user, talk.id, number)


def test_vote_on_a_reply_is_kept_and_taken_back(owner: str) -> None:
    talk = conversations.start(owner, ["base:starter-chat"])
    conversations.ask(owner, talk.id, "one")
    conversations.keep_reply(owner, talk.id, 0, "first", {"finish": "stop"})
    for vote in ("down", "up", None):
        kept = conversations.rate(owner, talk.id, 1, 0, vote)
        assert kept.data == {"finish": "stop", "vote": vote}
    with pytest.raises(Rejected):
        conversations.rate(owner, talk.id, 1, 0, "maybe")
    for user, number in ((owner, 2), (make_user(), 1)):
        with pytest.raises(NotFound):
            conversations.rate(user, talk.id, number, 0, "up")


def test_conversation_cannot_name_a_model_of_somebody_else(owner: str) -> None:
    run = make_run(make_user("bob"))
    for model in (run.id, f"{run.id}@5", "base:none-such"):
        with pytest.raises(StudioError):
            conversations.start(owner, [BASE, model])
    talk = conversations.start(owner, [BASE])
    with pytest.raises(NotFound):
        conversations.change(owner, talk.id, [BASE, run.id], "", {})
    assert conversations.change(owner, talk.id, [BASE], "Be kind.", {}).models == [BASE]

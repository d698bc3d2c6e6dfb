"""Chat templates as the makers of a model wrote them: where they are found, what they write, and what is refused."""

import json
from pathlib import Path

import pytest
from transformers import AutoTokenizer

from app.catalog.chat_templates import PLAIN_TURNS, PLAIN_TURNS_NAME, ChatTemplate, read_template
from app.catalog.task_types.generative import Turn
from app.errors import Rejected
from tests.tiny_chat import TEMPLATE, make_tokenizer

TURNS = (Turn("user", "A latte"), Turn("assistant", "Right?"), Turn("user", "Yes"), Turn("assistant", "It is coming."))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_tokenizer().save_pretrained(str(tmp_path))
    return tmp_path


def own(source: str, **specials: str) -> ChatTemplate:
    return ChatTemplate("the model's own", source, tuple(specials.items()))


def test_template_of_the_folder_writes_what_transformers_writes(folder: Path) -> None:
    template = read_template(folder)
    assert template.source == TEMPLATE
    messages = [turn._asdict() for turn in TURNS]
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert template.render(TURNS) == tokenizer.apply_chat_template(messages, tokenize=False)
    asked = tokenizer.apply_chat_template(messages[:1], tokenize=False, add_generation_prompt=True)
    assert template.render(TURNS[:1], ask=True) == asked


def test_older_ways_of_keeping_a_template_are_read(tmp_path: Path) -> None:
    def read(chat_template: object) -> str:
        config = {"chat_template": chat_template, "eos_token": {"content": "</s>"}, "bos_token": None}
        (tmp_path / "tokenizer_config.json").write_text(json.dumps(config))
        return read_template(tmp_path).source

    assert read("{{ 1 }}") == "{{ 1 }}"
    assert read([{"name": "tool_use", "template": "t"}, {"name": "default", "template": "d"}]) == "d"
    assert read([{"name": "tool_use", "template": "t"}]) == "t"
    assert read(None) == PLAIN_TURNS
    assert dict(read_template(tmp_path).specials) == {
        "bos_token": "",
        "eos_token": "</s>",
        "unk_token": "",
        "pad_token": "",
    }
    # A file of its own goes before the tokenizer's settings.
    (tmp_path / "chat_template.jinja").write_text("file")
    assert read("{{ 1 }}") == "file"


def test_folder_without_a_template_gets_the_plain_one_by_name(folder: Path) -> None:
    (folder / "chat_template.jinja").unlink()
    template = read_template(folder)
    assert (template.name, template.source) == (PLAIN_TURNS_NAME, PLAIN_TURNS)
    turns = (Turn("system", "Be brief."), Turn("user", "Hi"), Turn("assistant", "Yo"))
    text, (answer,) = template.answers(turns)
    assert text == "### System:\nBe brief.\n\n### User:\nHi\n\n### Assistant:\nYo<|end|>\n"
    assert text[slice(*answer)] == "Yo<|end|>"
    # Asking ends where the answer begins.
    assert template.render(turns[:2], ask=True) == text.removesuffix("Yo<|end|>\n")


def test_answers_are_found_with_their_end_marks_and_without_the_space_after_them() -> None:
    source = (
        "{% for m in messages %}[{{ m['role'] }}]{{ m['content'] }}{% if m['role'] == 'assistant' %}{{ eos_token }}"
        "{% endif %}{{ '\\n' }}{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}"
    )
    text, answers = own(source, eos_token="END").answers(TURNS)
    assert [text[slice(*answer)] for answer in answers] == ["Right?END", "It is coming.END"]
    # Without an end mark nothing says that the line end is not part of the answer.
    text, answers = own(source, eos_token="").answers(TURNS)
    assert text[slice(*answers[0])] == "Right?\n"


def test_a_template_that_refuses_is_reported_with_its_own_reason() -> None:
    strict = own("{{ raise_exception('only user and assistant') }}")
    with pytest.raises(Rejected, match="only user and assistant") as caught:
        strict.answers(TURNS)
    assert caught.value.code == "template_refused"


def test_a_template_that_rewrites_earlier_turns_is_refused() -> None:
    forgetful = "{{ messages | length }}{% for m in messages %}{{ m['content'] }}{% endfor %}"
    with pytest.raises(Rejected) as caught:
        own(forgetful).answers(TURNS)
    assert caught.value.code == "template_rewrites"


def test_a_template_runs_in_a_sandbox() -> None:
    evil = own("{{ messages.__class__.__mro__[1].__subclasses__() }}")
    with pytest.raises(Rejected):
        evil.render(TURNS)


def test_template_that_cannot_be_read_is_refused_as_broken() -> None:
    with pytest.raises(Rejected) as caught:
        own("{% for m in %}").render(TURNS)
    assert caught.value.code == "template_broken"


def test_date_and_json_are_written_as_transformers_writes_them() -> None:
    assert own("{{ {'a': 'ä<'} | tojson }}").render(TURNS) == '{"a": "ä<"}'
    assert len(own("{{ strftime_now('%Y-%m-%d') }}").render(TURNS)) == 10

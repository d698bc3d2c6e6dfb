"""What counts in the loss: the mask against the rendered template, in many turns, with instructions, with odd templates."""

from pathlib import Path

import pytest
from transformers import AutoTokenizer

from app.catalog.chat_templates import PLAIN_TURNS, PLAIN_TURNS_NAME, ChatTemplate, read_template
from app.catalog.loss_mask import MaskedExample, open_masker
from app.catalog.task_types.generative import Example, Turn
from app.errors import Rejected
from tests.tiny_chat import make_tokenizer

CHATML = (
    "{% for message in messages %}<|{{ message['role'] }}|>\n"
    "{% if message['role'] == 'assistant' %}{% generation %}{{ message['content'] }}<|end|>{% endgeneration %}"
    "{% else %}{{ message['content'] }}<|end|>{% endif %}\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
LESSONS = {
    "one answer": [("user", "Hi"), ("assistant", "Hello!")],
    "several turns": [("user", "A latte"), ("assistant", "Right?"), ("user", "Yes"), ("assistant", "It is coming.")],
    "system first": [("system", "Be brief."), ("user", "Hi"), ("assistant", "Yo")],
    "question last": [("user", "Hi"), ("assistant", "Yo"), ("user", "Still there?")],
    "assistant first": [("assistant", "Welcome!"), ("user", "Hi"), ("assistant", "What will it be?")],
    "other scripts": [("user", "Grüß Gott, 你好"), ("assistant", "Schöne Grüße 🌍!")],
    "spaces and breaks": [("user", "a\n\nb"), ("assistant", "\n  indented\n\n")],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_tokenizer().save_pretrained(str(tmp_path))
    return tmp_path


def with_template(folder: Path, source: str) -> Path:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.chat_template = source
    tokenizer.save_pretrained(folder)
    return folder


def lesson(name: str) -> Example:
    return Example(tuple(Turn(*each) for each in LESSONS[name]))


def learned_text(marked: MaskedExample) -> list[str]:
    """The learned parts, as text."""
    parts, before = [], None
    for on, (start, end) in zip(marked.learned, marked.spans, strict=True):
        if on and before == start:
            parts[-1] += marked.text[start:end]
        elif on:
            parts.append(marked.text[start:end])
        before = end if on else None
    return parts


@pytest.mark.parametrize("name", LESSONS)
def test_tokens_and_mask_are_those_of_transformers(folder: Path, name: str) -> None:
    tokenizer = AutoTokenizer.from_pretrained(with_template(folder, CHATML))
    marked = open_masker(folder).mask(lesson(name))
    messages = [{"role": role, "content": content} for role, content in LESSONS[name]]
    oracle = tokenizer.apply_chat_template(messages, return_dict=True, return_assistant_tokens_mask=True)
    assert marked.ids == oracle["input_ids"]
    assert marked.learned == [bool(assistant_mask) for assistant_mask in oracle["assistant_masks"]]
    asked = tokenizer.apply_chat_template(messages[:1], add_generation_prompt=True, return_dict=True)["input_ids"]
    assert open_masker(folder).ask(lesson(name).turns[:1]) == asked


def test_what_is_learned_is_the_answers_with_their_end_marks(folder: Path) -> None:
    marked = open_masker(folder).mask(lesson("several turns"))
    assert (
        marked.text
        == "<|user|>A latte<|end|><|assistant|>Right?<|end|><|user|>Yes<|end|><|assistant|>It is coming.<|end|>"
    )
    assert learned_text(marked) == ["Right?<|end|>", "It is coming.<|end|>"]


def test_the_break_after_an_end_mark_is_not_learned(folder: Path) -> None:
    marked = open_masker(
        with_template(folder, CHATML.replace("{% generation %}", "").replace("{% endgeneration %}", ""))
    )
    assert learned_text(marked.mask(lesson("one answer"))) == ["Hello!<|end|>"]


def test_the_switch_learns_the_questions_too(folder: Path) -> None:
    marked = open_masker(folder, "everything").mask(lesson("one answer"))
    assert all(marked.learned)


def test_running_text_is_learned_whole_and_ends(folder: Path) -> None:
    marked = open_masker(folder).mask(Example(text="Once upon"))
    assert all(marked.learned)
    assert marked.ids[-1] == AutoTokenizer.from_pretrained(folder).eos_token_id


def test_a_model_without_a_template_gets_the_plain_one_by_name(folder: Path) -> None:
    (folder / "chat_template.jinja").unlink()
    template = read_template(folder)
    assert (template.name, template.source) == (PLAIN_TURNS_NAME, PLAIN_TURNS)
    marked = open_masker(folder).mask(lesson("system first"))
    assert marked.text == "### System:\nBe brief.\n\n### User:\nHi\n\n### Assistant:\nYo<|end|>\n"
    assert learned_text(marked) == ["Yo<|end|>"]
    # Asking ends where the answer begins.
    assert template.render(lesson("system first").turns[:2], ask=True) == marked.text.removesuffix("Yo<|end|>\n")


def test_a_template_that_refuses_is_told_with_its_own_reason() -> None:
    strict = ChatTemplate("the model's own", "{{ raise_exception('only user and assistant') }}", ())
    with pytest.raises(Rejected, match="only user and assistant") as caught:
        strict.answers(lesson("system first").turns)
    assert caught.value.code == "template_refused"


def test_a_template_that_rewrites_earlier_turns_is_refused() -> None:
    forgetful = "{{ messages | length }}{% for m in messages %}{{ m['content'] }}{% endfor %}"
    with pytest.raises(Rejected) as caught:
        ChatTemplate("the model's own", forgetful, ()).answers(lesson("several turns").turns)
    assert caught.value.code == "template_rewrites"


def test_a_template_runs_in_a_sandbox() -> None:
    evil = ChatTemplate("the model's own", "{{ messages.__class__.__mro__[1].__subclasses__() }}", ())
    with pytest.raises(Rejected):
        evil.render(lesson("one answer").turns)

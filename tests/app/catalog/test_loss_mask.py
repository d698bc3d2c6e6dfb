"""What counts in the loss: the mask against the rendered template, in many turns, with instructions, with odd templates."""

from pathlib import Path

import pytest
from transformers import AutoTokenizer

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
EXAMPLES = {
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


def example_named(name: str) -> Example:
    return Example(tuple(Turn(*item) for item in EXAMPLES[name]))


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


@pytest.mark.parametrize("name", EXAMPLES)
def test_tokens_and_mask_are_those_of_transformers(folder: Path, name: str) -> None:
    tokenizer = AutoTokenizer.from_pretrained(with_template(folder, CHATML))
    marked = open_masker(folder).mask(example_named(name))
    messages = [{"role": role, "content": content} for role, content in EXAMPLES[name]]
    oracle = tokenizer.apply_chat_template(messages, return_dict=True, return_assistant_tokens_mask=True)
    assert marked.ids == oracle["input_ids"]
    assert marked.learned == [bool(assistant_mask) for assistant_mask in oracle["assistant_masks"]]
    asked = tokenizer.apply_chat_template(messages[:1], add_generation_prompt=True, return_dict=True)["input_ids"]
    assert open_masker(folder).ask(example_named(name).turns[:1]) == asked


def test_what_is_learned_is_the_answers_with_their_end_marks(folder: Path) -> None:
    marked = open_masker(folder).mask(example_named("several turns"))
    assert (
        marked.text
        == "<|user|>A latte<|end|><|assistant|>Right?<|end|><|user|>Yes<|end|><|assistant|>It is coming.<|end|>"
    )
    assert learned_text(marked) == ["Right?<|end|>", "It is coming.<|end|>"]


def test_the_break_after_an_end_mark_is_not_learned(folder: Path) -> None:
    marked = open_masker(
        with_template(folder, CHATML.replace("{% generation %}", "").replace("{% endgeneration %}", ""))
    )
    assert learned_text(marked.mask(example_named("one answer"))) == ["Hello!<|end|>"]


def test_the_switch_learns_the_questions_too(folder: Path) -> None:
    marked = open_masker(folder, "everything").mask(example_named("one answer"))
    assert all(marked.learned)


def test_answer_that_is_marked_as_bad_is_read_and_never_learned(folder: Path) -> None:
    first, bad, *rest = example_named("several turns").turns
    example = Example((first, bad._replace(learned=False), *rest))
    marked = open_masker(folder).mask(example)
    assert learned_text(marked) == ["It is coming.<|end|>"] and "Right?" in marked.text
    everything = open_masker(folder, "everything").mask(example)
    assert "Right?" not in "".join(learned_text(everything)) and "A latte" in "".join(learned_text(everything))


def test_running_text_is_learned_whole_and_ends(folder: Path) -> None:
    marked = open_masker(folder).mask(Example(text="Once upon"))
    assert all(marked.learned)
    assert marked.ids[-1] == AutoTokenizer.from_pretrained(folder).eos_token_id


def test_folder_without_a_tokenizer_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Rejected) as caught:
        open_masker(tmp_path)
    assert caught.value.code == "no_tokenizer_file"


def test_tokenizer_that_cuts_and_pads_is_made_plain(folder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder).backend_tokenizer
    tokenizer.enable_truncation(4)
    tokenizer.enable_padding(length=60)
    tokenizer.save(str(folder / "tokenizer.json"))
    assert len(open_masker(folder).mask(Example(text="Once upon")).ids) == len("Once upon") + 1


def test_identity_changes_with_template_tokenizer_and_what_is_learned(folder: Path) -> None:
    first = open_masker(folder).identity
    assert open_masker(folder).identity == first != open_masker(folder, "everything").identity
    assert open_masker(with_template(folder, CHATML)).identity != first

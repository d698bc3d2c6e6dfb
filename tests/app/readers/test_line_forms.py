"""Texts that are no running text: fastText, Markdown tables, questions and answers, lines with tabs; XML and YAML."""

import json

import pytest

from app.readers.table import MAX_CELL
from tests.app.readers.reading import cells, codes, flawed_rows, read, refused


def test_lines_of_fasttext_are_texts_with_labels(tmp_path):
    content = b"__label__water the pot is dry\n__label__pests __label__light flies at night\nno label here\n"
    table, records = read(tmp_path, "a.txt", content + b"__label__x y\n" * 3)
    assert cells(records)[:2] == [("the pot is dry", "water"), ("flies at night", "pests, light")]
    assert table.columns == ["text", "label"] and flawed_rows(table)["fasttext"] == [3]


def test_table_in_markdown_is_a_table(tmp_path):
    content = b"| text | label |\n|------|:-----:|\n| it drips | pump |\n| a \\| b | door |\n| alone |\n"
    table, records = read(tmp_path, "a.md", content)
    assert table.columns == ["text", "label"] and cells(records) == [("it drips", "pump"), ("a | b", "door")]
    assert flawed_rows(table) == {"csv_shape": [5]}


@pytest.mark.parametrize(("ask", "say"), [("Q", "A"), ("Frage", "Antwort"), ("**Question**", "**Answer**")])
def test_questions_and_answers_become_rows(tmp_path, ask, say):
    text = "\n\n".join(f"{ask}: How long {n}?\n{say}: For {n} minutes.\nNot more." for n in range(5))
    table, records = read(tmp_path, "a.txt", text.encode())
    assert table.columns == ["question", "answer"] and records[1] == (5, ["How long 1?", "For 1 minutes.\nNot more."])
    assert codes(table) == ["speaker_lines"]
    assert read(tmp_path, "a.txt", text.encode(), repairs={"speaker_lines": False})[0].columns == ["text"]


def test_conversations_of_several_turns_become_messages(tmp_path):
    talk = "User: Hi {0}\nAssistant: Hello\nUser: Bye\nAssistant: See you\n\n"
    table, records = read(tmp_path, "a.txt", "".join(talk.format(n) for n in range(4)).encode())
    assert table.columns == ["messages"] and len(records) == 4
    assert json.loads(records[2][1][0] or "")[0] == {"role": "user", "content": "Hi 2"}


def test_prose_with_a_colon_stays_prose(tmp_path):
    content = b"Once there was a king.\nThe king said: I am old.\nA: an answer\nHe slept.\nQ: none\nThe end.\nOr not.\n"
    assert read(tmp_path, "a.txt", content)[0].columns == ["text"]


def test_lines_with_one_tab_throughout_are_a_table_without_names(tmp_path):
    lines = [f"a text of number {n} about pumps\t{'xy'[n % 2]}" for n in range(8)]
    table, records = read(tmp_path, "a.txt", "\n".join(lines).encode())
    assert table.columns == ["column 1", "column 2"] and len(records) == 8 and "no_header" in codes(table)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.xml", b"<rows><row><text>a</text></row></rows>", "an XML file; files of this kind are not read"),
        ("a.yaml", b"- text: a\n  label: x\n- text: b\n  label: y\n", "a YAML file"),
        ("a.txt", b"- text: a\n  label: x\n- text: b\n  label: y\n", "ends in .txt, but it is a YAML file"),
        ("a.tar", b"a".ljust(257, b"\0") + b"ustar\0" + bytes(250), "a TAR archive; files of this kind"),
        ("a.pkl", b"\x80\x04\x95\x10\0", "a Python pickle; files"),
    ],
)
def test_other_formats_are_named_with_what_to_save_instead(tmp_path, name, content, words):
    error = refused(tmp_path, name, content)
    assert error.code == "type_mismatch" and words in error.message and error.hint


def test_file_called_qa_holds_questions_and_answers(tmp_path):
    text = "".join(f"Q: How long {n}?\nA: For {n} minutes.\n" for n in range(5))
    table, records = read(tmp_path, "a.qa", text.encode())
    assert table.columns == ["question", "answer"] and len(records) == 5 and codes(table) == ["speaker_lines"]


def test_answer_over_lines_that_is_too_long_is_refused(tmp_path):
    text = "".join(f"Q: How long {n}?\nA: For {n} minutes.\n" for n in range(5))
    line = "x" * (MAX_CELL // 2)
    error = refused(tmp_path, "a.txt", f"{text}Q: And now?\nA: {line}\n{line}\n".encode())
    assert error.code == "cell_too_long" and error.details["rows"] == [11]
    assert len(read(tmp_path, "a.txt", f"{text}Q: And now?\nA:\n{line}\n{line[1:]}\n".encode())[1]) == 6


def test_numbered_questions_with_named_answers_are_pairs(tmp_path):
    content = "".join(f"{n}. How long does tea {n} steep?\nAnswer: {n} minutes.\nNot longer.\n\n" for n in range(1, 7))
    table, records = read(tmp_path, "a.txt", content.encode())
    assert table.columns == ["question", "answer"]
    assert records[1] == (5, ["How long does tea 2 steep?", "2 minutes.\nNot longer."])


def test_numbered_questions_inside_of_a_conversation_stay_where_they_are(tmp_path):
    content = "".join(f"Q: Test me {n}\nA: Gladly:\n1. What is {n}?\n\n" for n in range(4))
    _, records = read(tmp_path, "a.txt", content.encode())
    assert len(records) == 4 and "1. What is 0?" in records[0][1][1]


@pytest.mark.parametrize(
    "form", ["{n}. How long does tea {n} steep?", "## How long does tea {n} steep?", "**How long {n}?**"]
)
def test_questions_with_nothing_before_their_answers_are_pairs(tmp_path, form):
    content = "\n\n".join(f"{form.format(n=n)}\nFor {n} minutes.\nNot longer." for n in range(1, 7))
    table, records = read(tmp_path, "a.md", content.encode())
    assert table.columns == ["question", "answer"] and len(records) == 6 and codes(table) == ["speaker_lines"]
    assert records[1][1][0].startswith("How long") and records[1][1][1] == "For 2 minutes.\nNot longer."


def test_questions_in_a_row_and_few_headings_stay_text(tmp_path):
    listed = "".join(f"{n}. How long does tea {n} steep?\n" for n in range(8))
    headed = "Tea is old.\n\n# Why?\nBecause.\n\n# When?\nOften, they say.\n\nIt is drunk hot.\n"
    for content in (listed, headed):
        assert read(tmp_path, "a.txt", content.encode())[0].columns == ["text"]


def test_flashcards_name_their_separator_above_the_rows(tmp_path):
    head = "#separator:tab\n#html:true\n#deck column:3\n"
    rows = "".join(f"What is number {n}, do you think?\tIt is what follows {n - 1}.\tdeck\n" for n in range(8))
    table, records = read(tmp_path, "a.txt", (head + rows).encode())
    assert table.columns == ["column 1", "column 2", "column 3"] and len(records) == 8
    assert records[0] == (4, ["What is number 0, do you think?", "It is what follows -1.", "deck"])
    table, _ = read(tmp_path, "a.txt", f"#separator:Semicolon\n{rows.replace(chr(9), ';')}".encode())
    assert len(table.columns) == 3

"""Rasa's training data in YAML and Markdown."""

from tests.app.readers.reading import codes, read, refused

YAML = """version: "3.1"

nlu:
- intent: greet
  examples: |
    - hello there
    - good day
- synonym: pizza
  examples: |
    - pie
- intent: order
  examples: |
    - bring a [pizza](dish) to [Rome]{"entity": "city"}
    - one soup
rules:
- rule: greet back
  steps:
  - intent: greet
"""
MARKDOWN = (
    "## intent:greet\n- hello there\n- good day\n\n## synonym:pie\n- tart\n\n## intent:order\n- one soup\n- a tea\n"
)


def test_examples_of_intents_are_rows_without_the_marks_of_entities(tmp_path):
    table, records = read(tmp_path, "nlu.yml", YAML.encode())
    assert table.columns == ["text", "label"] and codes(table) == ["rasa_entities"]
    assert records == [
        (6, ["hello there", "greet"]),
        (7, ["good day", "greet"]),
        (13, ["bring a pizza to Rome", "order"]),
        (14, ["one soup", "order"]),
    ]


def test_older_markdown_is_read_alike(tmp_path):
    table, records = read(tmp_path, "nlu.md", MARKDOWN.encode())
    assert [cells for _, cells in records] == [
        ["hello there", "greet"],
        ["good day", "greet"],
        ["one soup", "order"],
        ["a tea", "order"],
    ]
    assert codes(table) == []


def test_other_yaml_is_still_refused(tmp_path):
    assert refused(tmp_path, "a.yml", b"- name: a\n  size: 1\n- name: b\n  size: 2\n").code == "type_mismatch"

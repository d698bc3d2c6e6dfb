"""Marks in cells of text, JSON and JSON within JSON; what has no personal data stays as it was written."""

import json

import pytest

from app.catalog.task_types.masked_cells import mask_cell


@pytest.mark.parametrize(
    ("cell", "safe"),
    [
        ("call +49 30 1234 5678", "call [phone]"),
        ('{"n":  4111111111111111}', '{"n":  4111111111111111}'),
        ("['to jane@example.org', None]", '["to [email]", null]'),
        ('["jane@example.org", "\\ud83d"]', '["[email]", "\\ud83d"]'),
        ("{'jane@example.org'}", "{'[email]'}"),
        ("[b'x', 'jane@example.org']", "[b'x', '[email]']"),
    ],
)
def test_strings_are_masked_and_the_form_stays(cell: str, safe: str) -> None:
    assert mask_cell(cell) == safe


def test_json_in_a_string_of_json_stays_json() -> None:
    call = {"arguments": json.dumps({"text": "hello\njane@example.org", "number": 4111111111111111})}
    masked = json.loads(mask_cell(json.dumps([call])))
    assert json.loads(masked[0]["arguments"]) == {"text": "hello\n[email]", "number": 4111111111111111}

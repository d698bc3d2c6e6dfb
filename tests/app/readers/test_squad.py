"""Files in the form of SQuAD."""

import json

from tests.app.readers.reading import codes, read

ARTICLES = [
    {
        "title": "Tea",
        "paragraphs": [
            {
                "context": "Green tea steeps for two minutes.",
                "qas": [
                    {"id": "q1", "question": "How long?", "answers": [{"text": "two minutes", "answer_start": 21}]},
                    {"id": "q2", "question": "How hot?", "answers": [], "is_impossible": True},
                ],
            }
        ],
    }
]


def test_each_question_becomes_a_row_with_its_text_and_first_answer(tmp_path):
    table, records = read(tmp_path, "a.json", json.dumps({"version": "v2.0", "data": ARTICLES}).encode())
    assert table.columns == ["question", "context", "answer", "title", "id"]
    assert records[0] == (1, ["How long?", "Green tea steeps for two minutes.", "two minutes", "Tea", "q1"])
    assert records[1][1][2] is None and codes(table) == ["json_keys", "squad"]

"""Flattens SQuAD: articles of paragraphs of questions become one row for each question."""

from collections.abc import Iterator
from typing import Any

from app.languages import stated
from app.readers.table import Flaw

COLUMNS = ("question", "context", "answer", "title", "id")


def is_article(value: Any) -> bool:
    """Whether a row of a JSON file is an article, or a paragraph, with questions below it."""
    paragraphs = _paragraphs(value)
    return bool(paragraphs) and all(
        isinstance(paragraph, dict) and isinstance(paragraph.get("qas"), list) for paragraph in paragraphs
    )


def questions(value: Any) -> Iterator[dict[str, Any]]:
    """One object for each question of an article; an article without questions gives none.

    The first answer is taken; a question that cannot be answered from its text has an empty one.
    """
    for paragraph in _paragraphs(value):
        for asked in paragraph["qas"] if isinstance(paragraph, dict) else ():
            answers = asked.get("answers") if isinstance(asked, dict) else None
            first = answers[0] if isinstance(answers, list) and answers else None
            yield {
                "question": asked.get("question") if isinstance(asked, dict) else None,
                "context": paragraph.get("context"),
                "answer": first.get("text") if isinstance(first, dict) else None,
                "title": value.get("title"),
                "id": asked.get("id") if isinstance(asked, dict) else None,
            }


def flattened() -> Flaw:
    """The report's note on such a file."""
    return Flaw(
        "squad",
        "warning",
        stated("The file is in the form of SQuAD; each question became a row with its text and its first answer."),
        stated("Questions that cannot be answered have no answer: leave them out or fill it in."),
    )


def _paragraphs(value: Any) -> list[Any]:
    if not isinstance(value, dict):
        return []
    paragraphs = value.get("paragraphs", [value] if "qas" in value else None)
    return paragraphs if isinstance(paragraphs, list) else []

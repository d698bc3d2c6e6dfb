"""Tables of texts with numbers are recognised; where another reading is close, both are offered."""

import pytest

from app.catalog.task_types import TASK_TYPES
from app.catalog.task_types.candidates import GoalCandidate, Question, question_about, ranked
from app.catalog.task_types.regression_columns import candidates
from tests.app.catalog.task_types.tables import FLAGS, GROUPS, OTHERS, ROWS, TEXTS, table

MEASURED = [str(n / 7) for n in range(1, ROWS + 1)]
STARS = ["1", "2", "3", "4", "5"] * (ROWS // 5)


def read(**columns: list[str]) -> tuple[GoalCandidate, Question | None]:
    """The strongest reading of all tasks, and what is asked."""
    facts = table(**columns)
    found = ranked([candidate for task in TASK_TYPES for candidate in task.candidates(facts)])
    return found[0], question_about(found)


@pytest.mark.parametrize(
    ("columns", "roles"),
    [
        ({"text": TEXTS, "score": MEASURED}, {"score": "score"}),
        ({"texto": TEXTS, "nota": [f"{n // 7},{n % 7}" for n in range(ROWS)]}, {"score,": "nota"}),
        ({"text": TEXTS, "label": MEASURED}, {"score": "label"}),
        ({"text": TEXTS, "score": MEASURED, "score_std": MEASURED[::-1]}, {"score": "score"}),
        (
            {"text": TEXTS, "score_tone": MEASURED, "score_style": STARS},
            {"score:score_tone": "score_tone", "score:score_style": "score_style"},
        ),
    ],
)
def test_numbers_are_found_without_asking(columns: dict[str, list[str]], roles: dict[str, str]) -> None:
    first, question = read(**columns)
    assert first.task_type == "regression" and question is None
    assert {role: name for role, name in first.columns.items() if role != "text"} == roles


@pytest.mark.parametrize(
    "columns",
    [
        {"text": TEXTS, "stars": STARS},
        {"kommentar": TEXTS, "Bewertung": ["1/5", "2/5", "3/5", "5/5"] * (ROWS // 4)},
        {"text": TEXTS, "label": ["0.0", "0.5", "1.0", "1.5"] * (ROWS // 4)},
    ],
)
def test_few_steps_may_be_categories_and_are_asked_about(columns: dict[str, list[str]]) -> None:
    _, question = read(**columns)
    assert question is not None
    assert {option.task_type for option in question.candidates} == {"regression", "text-classification"}


@pytest.mark.parametrize(
    ("columns", "task"),
    [
        ({"text": TEXTS, "score": FLAGS}, "text-classification"),
        # The numbers of categories, as data sets of the Hub write them.
        ({"text": TEXTS, "label": [str(n % 20) for n in range(ROWS)]}, "text-classification"),
        ({"text": TEXTS, "score": MEASURED, "label": GROUPS}, "text-classification"),
        ({"text": TEXTS, "label": GROUPS, "confidence": MEASURED}, "text-classification"),
    ],
)
def test_numbers_beside_a_label_or_for_one_are_not_taken(columns: dict[str, list[str]], task: str) -> None:
    first, question = read(**columns)
    assert first.task_type == task and question is None


def test_comma_that_may_mean_either_is_asked_about() -> None:
    _, question = read(
        text=TEXTS, price=[f"1,{n + 200}" for n in range(ROWS)], score=[f"2,{n + 300}" for n in range(ROWS)]
    )
    assert question is not None and "the comma in 'score' could be a decimal mark" in question.words
    readings = [option.columns for option in question.candidates if option.task_type == "regression"]
    assert readings == [{"text": "text", "score,": "score"}, {"text": "text", "score.": "score"}]


def test_number_without_a_name_is_offered_but_not_taken() -> None:
    _, question = read(text=TEXTS, price=MEASURED)
    assert question is not None and "regression" in {option.task_type for option in question.candidates}
    [unnamed, *_] = candidates(table(text=TEXTS, valence=MEASURED, arousal=MEASURED[::-1]))
    assert "no name says which number" in unnamed.doubt and len(unnamed.columns) == 3


@pytest.mark.parametrize(
    ("columns", "texts"),
    [
        ({"sentence1": TEXTS, "sentence2": OTHERS, "score": MEASURED}, ["sentence1", "sentence2"]),
        # A word of the sentence, as in data on how hard words are; categories and codes are no second text.
        (
            {
                "sentence": TEXTS,
                "word": [first + second for first in "abcdefgh" for second in "aeiou"],
                "kind": GROUPS,
                "complexity": MEASURED,
            },
            ["sentence", "word"],
        ),
        ({"text": TEXTS, "product": [f"B{n}" for n in range(ROWS)], "score": MEASURED}, ["text"]),
    ],
)
def test_second_text_is_read_too_where_there_is_one(columns: dict[str, list[str]], texts: list[str]) -> None:
    first, question = read(**columns)
    assert question is None
    assert [first.columns[role] for role in ("text", "text_pair") if role in first.columns] == texts


@pytest.mark.parametrize("second", ["rationale", "title"])
def test_second_text_that_no_name_explains_is_asked_about(second: str) -> None:
    _, question = read(**{"text": TEXTS, second: OTHERS, "score": MEASURED})
    assert question is not None and f"no name says whether '{second}' is read together with 'text'" in question.words
    read_too = [option.columns.get("text_pair") for option in question.candidates if option.task_type == "regression"]
    assert len(read_too) == 2 and None in read_too


def test_texts_times_and_conversations_are_no_numbers() -> None:
    assert candidates(table(text=TEXTS, other=OTHERS)) == []
    assert candidates(table(text=TEXTS, score=["2024-01-31"] * ROWS)) == []
    talk = '[{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]'
    assert candidates(table(messages=[talk] * ROWS, score=MEASURED)) == []

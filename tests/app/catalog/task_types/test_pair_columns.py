"""Tables with two texts and one label for both are recognised, others are not, and what may be either is asked about."""

import pytest

from app.catalog.task_types import TASK_TYPES
from app.catalog.task_types.candidates import Question, question_about, ranked
from app.catalog.task_types.not_yet import recognise
from app.catalog.task_types.pair_columns import candidates
from tests.app.catalog.task_types.tables import FLAGS, GROUPS, OTHERS, ROWS, TEXTS, table

NLI = ["entailment", "neutral", "contradiction", "neutral"] * (ROWS // 4)
NUMBERS = [str(n) for n in range(ROWS)]
SCORES = [str(n / 7) for n in range(ROWS)]
# Texts of a row that have words in common which those of other rows have not.
PLACES = [f"the mill{n} stands near the mill{n + 1}" for n in range(ROWS)]
NEAR = [f"near the mill{n + 1} the mill{n} can be found" for n in range(ROWS)]


@pytest.mark.parametrize(
    ("columns", "roles"),
    [
        ({"sentence1": TEXTS, "sentence2": OTHERS, "label": FLAGS}, "sentence1 sentence2 label"),
        ({"Premise": TEXTS, "hypothesis": OTHERS, "label": NLI}, "Premise hypothesis label"),
        (
            {"id": NUMBERS, "question1": TEXTS, "question2": OTHERS, "is_duplicate": FLAGS},
            "question1 question2 is_duplicate",
        ),
        ({"query": TEXTS, "passage": OTHERS, "relevance": FLAGS}, "query passage relevance"),
        (
            {"query": GROUPS[:0] + ["red shoes", "blue hat"] * 20, "product_title": OTHERS, "label": NLI},
            "query product_title label",
        ),
        ({"claim": TEXTS, "evidence": OTHERS, "label": NLI}, "claim evidence label"),
        ({"text_a": TEXTS, "text_b": OTHERS, "label": NLI}, "text_a text_b label"),
        ({"left text": TEXTS, "right text": OTHERS, "same": FLAGS}, "left text|right text|same"),
        ({"Satz_1": TEXTS, "Satz_2": OTHERS, "Etikett": NLI}, "Satz_1 Satz_2 Etikett"),
        ({"Frage": TEXTS, "Antwort": OTHERS, "passt": ["ja", "nein"] * 20}, "Frage Antwort passt"),
        ({"句子1": TEXTS, "句子2": OTHERS, "标签": FLAGS}, "句子1 句子2 标签"),
        ({"question": TEXTS, "context": OTHERS, "answer": ["yes", "no"] * 20}, "question context answer"),
        ({"headline": TEXTS, "body": OTHERS, "stance": NLI}, "headline body stance"),
        (
            {"sentence1": TEXTS, "sentence2": OTHERS, "genre": GROUPS, "gold_label": NLI},
            "sentence1 sentence2 gold_label",
        ),
        # By what stands in them, where no name says it.
        ({"alt": PLACES, "neu": NEAR, "gleich": FLAGS}, "alt neu gleich"),
    ],
)
def test_two_texts_and_their_label_are_found(columns: dict[str, list[str]], roles: str) -> None:
    first, second, label = roles.split("|") if "|" in roles else roles.split()
    data = table(**columns)
    assert recognise(data, [task.kind for task in TASK_TYPES]) is None
    found = ranked([candidate for task in TASK_TYPES for candidate in task.candidates(data)])
    assert found[0].columns == {"text": first, "text_pair": second, "label": label}
    assert question_about(found) is None


@pytest.mark.parametrize(
    "columns",
    [
        {"text": TEXTS, "label": GROUPS},
        {"title": TEXTS, "body": OTHERS, "label": GROUPS},
        {"headline": TEXTS, "body": OTHERS, "category": GROUPS},
        {"subject": PLACES, "message": NEAR, "label": GROUPS},
        {"question": TEXTS, "answer": OTHERS, "topic": GROUPS},
        {"query": TEXTS, "passage": OTHERS},
        {"sentence1": TEXTS, "sentence2": OTHERS, "score": SCORES},
        {"answer_1": TEXTS, "answer_2": OTHERS, "better": FLAGS},
    ],
)
def test_other_tables_are_no_pairs(columns: dict[str, list[str]]) -> None:
    assert candidates(table(**columns)) == []


def _asked(**columns: list[str]) -> Question | None:
    data = table(**columns)
    return question_about(ranked([candidate for task in TASK_TYPES for candidate in task.candidates(data)]))


def test_close_readings_are_asked_about() -> None:
    question = _asked(question=TEXTS, answer=OTHERS, label=GROUPS)
    assert question is not None
    kinds = [option.task_type for option in question.candidates]
    assert set(kinds) == {"text-classification", "pair-classification", "instruction"}
    # A label and a number of the same two texts, as in SICK, and a rating in a few steps.
    both = _asked(sentence_A=TEXTS, sentence_B=OTHERS, entailment_label=NLI, relatedness_score=SCORES)
    rated = _asked(sentence1=TEXTS, sentence2=OTHERS, score=["1", "2", "3", "4", "5"] * (ROWS // 5))
    for either in (both, rated):
        assert either is not None
        assert {"pair-classification", "regression"} <= {option.task_type for option in either.candidates}
    by_content = _asked(alt=PLACES, neu=NEAR, label=FLAGS)
    assert by_content is not None and "pair-classification" in [option.task_type for option in by_content.candidates]


def test_several_columns_that_could_be_the_label_are_asked_about() -> None:
    question = _asked(text1=TEXTS, text2=OTHERS, rated=FLAGS, decided=NLI)
    assert question is not None and "which column holds the label" in question.words
    labels = [option.columns["label"] for option in question.candidates if option.task_type == "pair-classification"]
    assert labels == ["rated", "decided"]


def test_an_answer_with_a_mark_may_be_judged_beside_what_was_asked() -> None:
    thumbs = recognise(table(question=TEXTS, answer=OTHERS, label=FLAGS), [task.kind for task in TASK_TYPES])
    if thumbs is not None:
        assert {"text": "question", "text_pair": "answer", "label": "label"} in [
            item.columns for item in thumbs.candidates
        ]

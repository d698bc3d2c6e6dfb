"""Tables with preferences are recognised by their names and by what stands in them."""

import json
from typing import Any

import pytest

from app.catalog.task_types.candidates import Keep
from app.catalog.task_types.preference_columns import candidates
from tests.app.catalog.task_types.tables import FLAGS, OTHERS, ROWS, TEXTS, table

TALK = {"role": "assistant", "content": "It does."}
HALVES = ["true", "false"] * (ROWS // 2)


def talks(**marks: Any) -> list[str]:
    return [json.dumps([{"role": "user", "content": text}, {**TALK, **marks}]) for text in TEXTS]


@pytest.mark.parametrize(
    ("columns", "read"),
    [
        ({"prompt": TEXTS, "Chosen": OTHERS, "rejected": OTHERS}, "prompt=prompt,chosen=Chosen,rejected=rejected"),
        ({"prompt": TEXTS, "chosen": OTHERS}, None),
        (
            {"input": TEXTS, "preferred_output": OTHERS, "non_preferred_output": OTHERS},
            "prompt=input,chosen=preferred_output,rejected=non_preferred_output",
        ),
        (
            {
                "question": TEXTS,
                "pos_answer.answer": OTHERS,
                "pos_answer.score": ["1.0"] * ROWS,
                "neg_answer.answer": OTHERS,
            },
            "prompt=question,chosen=pos_answer.answer,rejected=neg_answer.answer",
        ),
        (
            {"Frage": TEXTS, "bevorzugt": OTHERS, "abgelehnt": OTHERS},
            "prompt=Frage,chosen=bevorzugt,rejected=abgelehnt",
        ),
        (
            {"question": TEXTS, "response_j": OTHERS, "response_k": TEXTS},
            "prompt=question,chosen=response_j,rejected=response_k",
        ),
        (
            {"conversation_a": talks(), "conversation_b": talks(), "winner": ["model_a", "tie"] * 20},
            "chosen=conversation_a,rejected=conversation_b,winner=winner?winner=model_a",
        ),
        ({"prompt": TEXTS, "answer 1": OTHERS, "answer 2": TEXTS}, None),
        (
            {"prompt": TEXTS, "completions": ['[{"response": "a", "score": 4}, {"response": "b", "score": 1}]'] * ROWS},
            "prompt=prompt,rated=completions",
        ),
        ({"prompt": TEXTS, "completion": OTHERS, "label": HALVES}, "prompt=prompt,chosen=completion,mark=label"),
        (
            {"Frage": TEXTS, "Antwort": OTHERS, "hilfreich": ["ja", "nein"] * 20},
            "prompt=Frage,chosen=Antwort,mark=hilfreich",
        ),
        (
            {"prompt": TEXTS, "completion": OTHERS, "seen_as": ["👍", "👎"] * 20},
            "prompt=prompt,chosen=completion,mark=seen_as",
        ),
        ({"prompt": TEXTS, "completion": OTHERS, "paid": HALVES}, None),
        ({"text": TEXTS, "label": HALVES}, None),
        # Texts that are compared with one another have a label for both.
        ({"text_a": TEXTS, "text_b": OTHERS, "label": FLAGS}, None),
        ({"text1": TEXTS, "text2": OTHERS, "rated": FLAGS}, None),
    ],
)
def test_columns_are_found(columns: dict[str, list[Any]], read: str | None) -> None:
    found = candidates(table(**columns))
    assert (found[0].answer if found else None) == (f"preference:{read}" if read else None)


def test_numbers_that_do_not_say_who_won_are_asked_about() -> None:
    one, other = candidates(table(history=TEXTS, human_ref_A=OTHERS, human_ref_B=TEXTS, labels=FLAGS))
    assert [list(reading.columns)[-1] for reading in (one, other)] == ["winner:0/1", "winner:1/0"]
    assert "the numbers in 'labels' do not say which of 'human_ref_A' and 'human_ref_B' was better" in one.doubt
    assert "0 in 'labels' means that 'human_ref_A' was better" in one.why
    signed = candidates(table(prompt=TEXTS, answer_1=OTHERS, answer_2=TEXTS, preference=["-2", "-1", "0", "2"] * 10))
    assert signed[0].doubt and signed[0].keep is not None and signed[0].keep.values == ("-2", "-1", "2")
    assert candidates(table(text_a=TEXTS, text_b=OTHERS, winner=FLAGS))[0].doubt


def test_one_and_two_name_the_answers_whatever_these_are_called() -> None:
    for names in ("answer_a", "answer_b"), ("response1", "response2"):
        [found] = candidates(table(prompt=TEXTS, winner=["1", "2"] * 20, **dict.fromkeys(names, OTHERS)))
        assert found.columns["winner"] == "winner" and not found.doubt and found.keep is None


def test_of_two_texts_in_a_list_the_better_is_asked_for_or_named_by_another_column() -> None:
    lists = ['["a good one", "a bad one"]'] * ROWS
    [plain] = candidates(table(instruction=TEXTS, output=lists))
    assert plain.answer == "preference:prompt=instruction,rated=output"
    assert "nothing says which of the two answers in 'output' is better" in plain.doubt
    [voted] = candidates(table(instruction=TEXTS, answers=lists, winner=["1", "2"] * 20))
    assert voted.answer == "preference:prompt=instruction,rated=answers,winner=winner" and not voted.doubt
    assert len(candidates(table(instruction=TEXTS, answers=lists, winner=FLAGS))) == 2
    [unread] = candidates(table(instruction=TEXTS, answers=lists, winner=["polite", "rude"] * 20))
    assert "what 'winner' holds names neither of the two answers in 'answers'" in unread.doubt


def test_learning_from_the_good_answers_alone_is_offered() -> None:
    _, learn, sort, fits = candidates(table(prompt=TEXTS, completion=OTHERS, label=HALVES))
    assert learn.keep == Keep("label", ("true",)) and learn.columns == {"prompt": "prompt", "response": "completion"}
    assert sort.task_type == "text-classification" and sort.columns == {"text": "completion", "label": "label"}
    assert fits.columns == {"text": "prompt", "text_pair": "completion", "label": "label"}
    [_, whole] = candidates(table(chosen=talks(), rejected=talks()))
    assert (whole.task_type, whole.columns) == ("chat", {"messages": "chosen"})
    asked = [json.dumps([{"role": "user", "content": text}]) for text in TEXTS]
    best, worst = ([json.dumps([{**TALK, "content": word}]) for _ in TEXTS] for word in ("Good.", "Bad."))
    [_, turns] = candidates(table(prompt=asked, chosen=best, rejected=worst))
    assert turns.columns == {"messages": "prompt", "completion": "chosen"}

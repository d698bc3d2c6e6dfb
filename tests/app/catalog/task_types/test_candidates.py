"""The strongest reading is taken; where two are close, or one is doubtful, a person is asked."""

from app.catalog.task_types.candidates import CLOSE, MAX_OFFERED, GoalCandidate, Keep, question_about, ranked

LABEL = GoalCandidate("text-classification", {"text": "t", "label": "team"}, 80)
OTHER = GoalCandidate("text-classification", {"text": "t", "label": "agent"}, 80)
ANSWER = GoalCandidate("instruction", {"prompt": "q", "response": "a"}, 80)


def test_clear_reading_is_not_asked_about() -> None:
    assert question_about([]) is None and question_about([LABEL]) is None
    far = GoalCandidate("chat", {"messages": "m"}, LABEL.score - CLOSE)
    assert question_about([LABEL, far]) is None


def test_close_readings_are_a_question() -> None:
    near = GoalCandidate("chat", {"messages": "m"}, LABEL.score - CLOSE + 1)
    question = question_about([LABEL, near])
    assert question is not None and list(question.candidates) == [LABEL, near]
    two = question_about([LABEL, OTHER])
    assert two is not None and two.words == "More than one column could be the label: 'team' or 'agent'."


def test_doubt_is_a_question_even_about_one_reading() -> None:
    doubtful = GoalCandidate(
        "text-classification", {"text": "t", "label": "agent"}, 20, doubt="'agent' names somebody."
    )
    question = question_about([doubtful])
    assert question is not None and question.words.endswith("'agent' names somebody.")
    assert len(question_about([doubtful, *[ANSWER] * 5]).candidates) == MAX_OFFERED


def test_ranking_is_by_evidence_and_names_each_reading_once() -> None:
    weak = GoalCandidate("instruction", {"prompt": "q", "response": "a"}, 10)
    assert ranked([weak, LABEL, ANSWER]) == [LABEL, ANSWER]


def test_answer_names_task_columns_and_rows() -> None:
    kept = GoalCandidate("instruction", {"prompt": "q", "response": "a"}, 1, keep=Keep("label", ("true", "1")))
    assert LABEL.answer == "text-classification:text=t,label=team"
    assert kept.answer == "instruction:prompt=q,response=a?label=true|1"
    assert kept.keep.fits({"label": " true"}) and not kept.keep.fits({"label": "false"}) and not kept.keep.fits({})

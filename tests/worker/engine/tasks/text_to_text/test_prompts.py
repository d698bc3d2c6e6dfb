"""Each source is answered once, with all of its targets as references."""

from tests.tiny_generation import talk
from worker.engine.tasks.generation.data import TokenizedExample
from worker.engine.tasks.text_to_text.prompts import answer_tokens, one_for_each_source


def example(row_id: int, source: str, target: str) -> TokenizedExample:
    ids = [1] * len(source) + [2] * len(target)
    return TokenizedExample(row_id, talk(source, target), ids, [False] * len(source) + [True] * len(target))


def test_rows_with_one_source_are_one_prompt_with_several_references() -> None:
    rows = [example(1, "fix: a", "b"), example(2, "fix: long source", "x"), example(3, "fix: a", "c")]
    found = one_for_each_source(rows, lambda row: row.ids, "fix: ", room=10)
    assert [prompt.text for prompt in found] == ["a"]
    assert found[0].references == ("b", "c")
    assert found[0].rows == ((1, "b"), (3, "c"))


def test_written_targets_may_be_a_little_longer_than_learned_ones() -> None:
    rows = [example(number, "s", "t" * 50) for number in range(200)]
    # 1.2 times 50, and four more.
    assert answer_tokens(rows) == 64
    assert answer_tokens([example(1, "s", "t")]) == 16
    # One target of a thousand among 200 does not make every answer that long.
    assert answer_tokens([*rows, example(1, "s", "t" * 1000)]) == 64

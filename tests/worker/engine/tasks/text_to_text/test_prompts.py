"""Each source is answered once, with all of its targets as references."""

from tests.tiny_generation import talk
from worker.engine.tasks.generation.data import TokenizedExample
from worker.engine.tasks.text_to_text.prompts import answer_tokens, draw, one_for_each_source


def example(row_id: int, source: str, target: str) -> TokenizedExample:
    ids = [1] * len(source) + [2] * len(target)
    return TokenizedExample(row_id, talk(source, target), ids, [False] * len(source) + [True] * len(target))


def test_rows_with_one_source_are_one_prompt_with_several_references() -> None:
    rows = [example(1, "fix: a", "b"), example(2, "fix: d", "x"), example(3, "fix: a", "c")]
    found = one_for_each_source(rows, lambda row: row.ids, "fix: ")
    assert [prompt.text for prompt in found] == ["a", "d"]
    assert found[0].references == ("b", "c")
    assert found[0].rows == ((1, "b"), (3, "c"))


def test_sources_are_drawn_from_all_of_the_file_and_the_same_for_every_run() -> None:
    prompts = one_for_each_source([example(n, f"source {n}", "t") for n in range(400)], lambda row: row.ids, "")
    drawn = [prompt.row_id for prompt in draw(prompts, 100)]
    assert len(drawn) == 100 and drawn == sorted(drawn)
    # Of 100 drawn without replacement about 50 are in the first half; 4.3 is the standard deviation (hypergeometric).
    assert abs(sum(row < 200 for row in drawn) - 50) < 15
    # Rows that come before them change nothing, and fewer are some of them.
    assert {prompt.row_id for prompt in draw(prompts[::-1], 25)} <= set(drawn)
    assert draw(prompts[:3], 10) == prompts[:3]


def test_written_targets_may_be_a_little_longer_than_learned_ones() -> None:
    rows = [example(number, "s", "t" * 50) for number in range(200)]
    # 1.2 times 50, and four more.
    assert answer_tokens(rows) == 64
    assert answer_tokens([example(1, "s", "t")]) == 16
    # One target of a thousand among 200 does not make every answer that long.
    assert answer_tokens([*rows, example(1, "s", "t" * 1000)]) == 64

"""Preferences as tokens: the answers of a split, and which pairs of them are to be distinguished."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from app.catalog.task_types.generative import Example
from app.catalog.task_types.preference_pairs import PreferenceExample
from worker.engine.tasks.generation.data import ExampleRow, TokenizedExample, TokenizedSplit

# Both answers of a row are tokenized under one number each.
SIDES = 2


@dataclass(frozen=True)
class TokenizedAnswers(TokenizedSplit):
    """One split: ``examples`` are whole conversations, each of which ends in an answer that counts.

    ``cut_rows`` counts rows of which an answer was cut.

    Attributes:
        pairs: positions in ``examples`` of a better and a worse answer. Single answers that are marked good or bad are put together,
            those to the same request first, each once.
        good: of every answer.
        marked: whether answers were marked one by one instead of compared.
    """

    pairs: list[tuple[int, int]]
    good: list[bool]
    marked: bool

    @property
    def unlike_pairs(self) -> int:
        """Pairs whose answers are to different requests: a likelihood given one request says nothing beside that given another."""
        return sum(self._asked(better) != self._asked(worse) for better, worse in self.pairs)

    def _asked(self, at: int) -> object:
        return self.examples[at].example.question


def tokenize_answers(
    rows: Sequence[ExampleRow], tokenize: Callable[[list[ExampleRow]], TokenizedSplit]
) -> TokenizedAnswers:
    """The answers of some rows.

    Left out is a row of which an answer has no token within the maximum length, or of which both are the same up to there.

    Args:
        tokenize: makes tokens of conversations, cut at the maximum length, leaving out those of which nothing is left.
    """
    flat: list[ExampleRow] = []
    for row_id, example in rows:
        assert isinstance(example, PreferenceExample)
        sides = (example.turns, example.rejected) if example.rejected else (example.turns,)
        flat += [(row_id * SIDES + side, Example(turns)) for side, turns in enumerate(sides)]
    tokenized = tokenize(flat)
    made = {example.row_id: example for example in tokenized.examples}
    answers: list[TokenizedExample] = []
    pairs: list[tuple[int, int]] = []
    good: list[bool] = []
    left_out = 0
    for row_id, example in rows:
        assert isinstance(example, PreferenceExample)
        wanted = SIDES if example.rejected else 1
        found = [made[key] for side in range(wanted) if (key := row_id * SIDES + side) in made]
        if len(found) < wanted or (wanted == SIDES and found[0].ids == found[1].ids):
            left_out += 1
            continue
        if example.good is None:
            pairs.append((len(answers), len(answers) + 1))
        good += [True, False] if example.good is None else [example.good]
        answers += [replace(answer, row_id=row_id) for answer in found]
    marked = any(isinstance(example, PreferenceExample) and example.good is not None for _, example in rows)
    cut = len({answer.row_id for answer in answers if answer.cut})
    return TokenizedAnswers(answers, cut, left_out, pairs or match(answers, good), good, marked)


def match(answers: Sequence[TokenizedExample], good: Sequence[bool]) -> list[tuple[int, int]]:
    """Pairs of a good and a bad answer, those to the same request first; each answer is in one pair at most."""
    waiting = [at for at, is_good in enumerate(good) if not is_good]
    by_request: dict[object, list[int]] = {}
    for at in waiting:
        by_request.setdefault(answers[at].example.question, []).append(at)
    pairs, rest, used = [], [], set()
    for at in (at for at, is_good in enumerate(good) if is_good):
        same = by_request.get(answers[at].example.question)
        if same:
            used.add(same[0])
            pairs.append((at, same.pop(0)))
        else:
            rest.append(at)
    return sorted([*pairs, *zip(rest, (at for at in waiting if at not in used), strict=False)])


def other_answer(asked: TokenizedExample, answered: TokenizedExample, max_length: int) -> TokenizedExample:
    """The answer of one conversation after the request of another, as KTO compares (Ethayarajh et al. 2024)."""
    starts = [example.loss_mask.index(True) for example in (asked, answered)]
    ids = asked.ids[: starts[0]] + answered.ids[starts[1] :]
    mask = asked.loss_mask[: starts[0]] + answered.loss_mask[starts[1] :]
    room = max(max_length, starts[0] + 1)
    return TokenizedExample(asked.row_id, asked.example, ids[:room], mask[:room])


def other_answers(answers: Sequence[TokenizedExample], max_length: int) -> list[TokenizedExample]:
    """Each request with the answer from the other half of the rows."""
    half = max(1, len(answers) // 2)
    return [other_answer(answer, answers[(at + half) % len(answers)], max_length) for at, answer in enumerate(answers)]

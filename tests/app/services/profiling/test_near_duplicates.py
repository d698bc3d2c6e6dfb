"""Near-duplicates among texts: all planted ones are found and nothing else, and a template is one group."""

import random

import pytest

from app.services.profiling.near_duplicates import NearDuplicates, words_of


def pairs(texts):
    near = NearDuplicates()
    for row_id, text in enumerate(texts):
        near.add(row_id, words_of(text))
    return near.pairs()


def test_planted_near_duplicates_are_found_and_nothing_else():
    rng = random.Random(3)
    words = [f"word{n}" for n in range(500)]
    texts = [" ".join(rng.choices(words, k=25)) for _ in range(3000)]
    planted = {}
    for row in range(2000, 2100):
        changed = texts[row - 1500].split()
        changed[rng.randrange(25)] = "otherwise"
        texts[row], planted[row] = " ".join(changed).upper() + "!", row - 1500
    assert dict(pairs(texts)) == planted


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("Where is my card, please?", "where is my card please", True),
        ("How do I track the card you sent to me?", "How do I track the card you sent me?", True),
        ("How do I see my card in the app?", "How do I link my card in the app?", False),
        ("Short text", "Short text!", False),
        ("我的银行卡还没有寄到我家里", "我的银行卡还没有寄到我家里。", True),
    ],
)
def test_threshold_of_similarity(one, other, alike):
    assert (pairs([one, other]) == [(1, 0)]) == alike


def test_texts_of_one_template_are_one_group():
    texts = [
        f"Dear team, my order with the number {n} has still not come, please send it again soon" for n in range(999)
    ]
    found = pairs(texts)
    assert [later for later, _ in found] == list(range(1, 999)) and all(earlier < later for later, earlier in found)


def test_texts_beyond_the_limit_are_counted_as_skipped(monkeypatch):
    monkeypatch.setattr("app.services.profiling.near_duplicates.MAX_TEXTS", 2)
    near = NearDuplicates()
    added = [near.add(row_id, words_of("four words are enough here")) for row_id in range(4)]
    assert added == [True, True, False, False] and near.skipped == 2
    assert near.pairs() == [(1, 0)]

"""The sample with marked words: different sentences, valid BIO tags, the same text from the same seed."""

from collections import Counter

from app.samples.itineraries import PLAIN, make_conll


def sentences(text: str) -> list[list[tuple[str, str]]]:
    """Each sentence as pairs of word and tag."""
    return [
        [(word, tag) for word, _, tag in (line.partition("\t") for line in block.splitlines())]
        for block in text.strip().split("\n\n")
    ]


def test_sentences_are_as_many_as_wanted_and_all_different():
    found = sentences(make_conll(60, seed=3))
    assert len(found) == len({tuple(word for word, _ in sentence) for sentence in found}) == 60
    unmarked = [sentence for sentence in found if all(tag == "O" for _, tag in sentence)]
    assert len(unmarked) >= len(PLAIN)


def test_entities_begin_with_b_and_go_on_with_their_own_type():
    types: Counter[str] = Counter()
    for sentence in sentences(make_conll(60, seed=3)):
        previous = "O"
        for word, tag in sentence:
            assert "{" not in word, "every slot is filled"
            if tag.startswith("I-"):
                assert previous[2:] == tag[2:]
            types[tag[2:]] += tag.startswith("B-")
            previous = tag
    assert {name for name in types if name} == {"PERSON", "PLACE", "COMPANY", "DATE"}
    assert min(count for name, count in types.items() if name) >= 10


def test_same_seed_gives_the_same_text_and_another_seed_another():
    assert make_conll(40, seed=1) == make_conll(40, seed=1) != make_conll(40, seed=2)

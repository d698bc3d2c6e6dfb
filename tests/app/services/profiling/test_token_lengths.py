"""Lengths in tokens: counted or estimated, cut at a limit, and the same after a round trip through JSON."""

import numpy as np

from app.services.profiling.token_lengths import TokenCounter, TokenLengths, load_tokens, store_tokens


def test_tokens_without_a_tokenizer_are_estimated():
    counter = TokenCounter("no-such-model")
    assert not counter.measured and counter.count(["x" * 43]) == [12]


def test_distribution_tells_how_much_a_limit_cuts():
    lengths = TokenLengths.from_counts({5: 2, 20: 1, 8: 1}, "some-model", measured=True)
    assert (lengths.rows, lengths.mean, lengths.longest) == (4, 9.5, 20)
    assert [lengths.cut_rows(limit) for limit in (4, 5, 8, 20)] == [4, 2, 1, 0]
    assert lengths.mean_tokens(8) == (5 + 5 + 8 + 8) / 4
    assert TokenLengths(**lengths.as_dict()) == lengths and "of_rows" not in lengths.as_dict()


def test_stored_tokens_come_back_without_changed_rows(tmp_path):
    path = tmp_path / "tokens.npy"
    assert load_tokens(path) == {}
    store_tokens(path, np.array([[3, 4, 9], [10, 20, 30]]))
    assert load_tokens(path, {4}) == {3: 10, 9: 30}

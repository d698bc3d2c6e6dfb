"""The leaderboard where rows cannot be paired; its ranking by paired tests is tested with the experiments."""

from app.services.evaluation import leaderboard


def test_unpaired_difference_counts_from_two_percent_on() -> None:
    assert leaderboard.by_size(10.1, 10.0, False) == "unclear"
    assert leaderboard.by_size(8.0, 10.0, False) == "better" and leaderboard.by_size(12.0, 10.0, False) == "worse"

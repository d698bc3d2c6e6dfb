"""The sentence of finished runs of all kinds, and what must never stand below it. Each was read with the eyes of a sceptic."""

from typing import Any

import pytest

from app.models import RUNNING, Run
from app.services.evaluation import headline, verdicts
from tests.app.services.evaluation import cross_validated_runs
from tests.app.services.evaluation.runs_of_all_kinds import entities, labels, text

RED: dict[str, Any] = {"level": "red", "unit": "loss", "before": 2.0, "after": 2.6, "rows": 40, "task": "t"}
PROBE_KEPT: dict[str, Any] = {"start_validation": {"loss": 0.2, "accuracy": 0.9}, "best_step": 0}

TABLE: list[tuple[str, Run, str, str]] = [
    (
        "good",
        labels(677, 700, majority=120),
        "good_enough",
        "96.7 % right on 700 test rows (95 % interval 95.1 to 97.8 %): good enough where 90 % is needed.",
    ),
    (
        "good, large",
        labels(2950, 3080, majority=40, probe=(90, 30), tfidf=(180, 40)),
        "good_enough",
        "95.8 % right on 3,080 test rows (95 % interval 95.0 to 96.4 %): good enough where 90 % is needed.",
    ),
    (
        "good, small set",
        labels(59, 60, majority=20, probe=(6, 0)),
        "good_enough",
        "59 of 60 test rows right (95 % interval 91 to 100 %): good enough where 90 % is needed.",
    ),
    (
        "perfect",
        labels(300, 300, majority=100),
        "good_enough",
        "100.0 % right on 300 test rows (95 % interval 98.7 to 100.0 %): good enough where 90 % is needed.",
    ),
    (
        "perfect, tiny",
        labels(12, 12, majority=5, probe=(2, 0)),
        "cannot_tell",
        "12 of 12 test rows right (95 % interval 76 to 100 %): cannot tell yet whether 90 % is reached.",
    ),
    (
        "perfect like its probe",
        labels(400, 400, majority=100, probe=(0, 0)),
        "good_enough",
        "100.0 % right on 400 test rows (95 % interval 99.0 to 100.0 %): good enough where 90 % is needed.",
    ),
    (
        "bad",
        labels(370, 600, majority=150),
        "not_yet",
        "61.7 % right on 600 test rows (95 % interval 57.7 to 65.5 %): not yet where 90 % is needed.",
    ),
    (
        "bad, below its probe",
        labels(370, 600, majority=150, probe=(10, 60)),
        "not_yet",
        "61.7 % right on 600 test rows (95 % interval 57.7 to 65.5 %): not yet where 90 % is needed.",
    ),
    (
        "no better than the majority class",
        labels(500, 1000, majority=500),
        "not_yet",
        "50.0 % right on 1,000 test rows (95 % interval 46.9 to 53.1 %): not yet, the most frequent label alone reaches 50.0 %.",
    ),
    (
        "below the majority class",
        labels(450, 1000, majority=500),
        "not_yet",
        "45.0 % right on 1,000 test rows (95 % interval 41.9 to 48.1 %): not yet, the most frequent label alone reaches 50.0 %.",
    ),
    (
        "learned by heart, no better than the majority class",
        labels(500, 1000, majority=500, train_loss=0.0),
        "not_yet",
        "50.0 % right on 1,000 test rows (95 % interval 46.9 to 53.1 %): not yet, the most frequent label alone reaches 50.0 %.",
    ),
    (
        "hardly better than the majority class",
        labels(960, 1000, majority=955),
        "cannot_tell",
        "96.0 % right on 1,000 test rows (95 % interval 94.6 to 97.0 %): cannot tell whether it is better than the most frequent label alone, which reaches 95.5 %.",
    ),
    (
        "imbalanced and better",
        labels(985, 1000, majority=950),
        "cannot_tell",
        "98.5 % right on 1,000 test rows (95 % interval 97.5 to 99.1 %): cannot tell by 90 %, which the most frequent label alone reaches (95.0 %).",
    ),
    (
        "tiny, bad",
        labels(7, 12, majority=5, probe=(1, 1)),
        "cannot_tell",
        "7 of 12 test rows right (95 % interval 32 to 81 %): cannot tell whether it is better than the most frequent label alone, which reaches 41.7 %.",
    ),
    (
        "tiny, middling",
        labels(17, 20, majority=6, probe=(2, 1)),
        "cannot_tell",
        "17 of 20 test rows right (95 % interval 64 to 95 %): cannot tell yet whether 90 % is reached.",
    ),
    (
        "at the border",
        labels(91, 100, majority=30),
        "cannot_tell",
        "91.0 % right on 100 test rows (95 % interval 83.8 to 95.2 %): cannot tell yet whether 90 % is reached.",
    ),
    (
        "just below the border",
        labels(880, 1000, majority=100),
        "not_yet",
        "88.0 % right on 1,000 test rows (95 % interval 85.8 to 89.9 %): not yet where 90 % is needed.",
    ),
    (
        "just above the border",
        labels(930, 1000, majority=100),
        "good_enough",
        "93.0 % right on 1,000 test rows (95 % interval 91.2 to 94.4 %): good enough where 90 % is needed.",
    ),
    (
        "words do as well",
        labels(2800, 3080, majority=40, probe=(90, 30), tfidf=(60, 55)),
        "cannot_tell",
        "90.9 % right on 3,080 test rows (95 % interval 89.8 to 91.9 %): cannot tell yet whether 90 % is reached.",
    ),
    (
        "few rows, words may do as well",
        labels(90, 100, majority=40, probe=(6, 3), tfidf=(5, 4)),
        "cannot_tell",
        "90.0 % right on 100 test rows (95 % interval 82.6 to 94.5 %): cannot tell yet whether 90 % is reached.",
    ),
    (
        "worse than words",
        labels(700, 1000, majority=200, tfidf=(20, 80)),
        "not_yet",
        "70.0 % right on 1,000 test rows (95 % interval 67.1 to 72.8 %): not yet where 90 % is needed.",
    ),
    (
        "leaking, a few",
        labels(980, 1000, majority=100, leaking_rows=13),
        "good_enough",
        "98.0 % right on 1,000 test rows (95 % interval 96.9 to 98.7 %): good enough where 90 % is needed, also without the 13 test rows that are copies of training rows or nearly.",
    ),
    (
        "leaking, many",
        labels(95, 100, majority=30, leaking_rows=40),
        "cannot_tell",
        "95.0 % right on 100 test rows (95 % interval 88.8 to 97.8 %), but 40 of them are copies of training rows or nearly: cannot tell how it does on new texts.",
    ),
    (
        "leaking, all",
        labels(100, 100, majority=30, leaking_rows=100),
        "cannot_tell",
        "100.0 % right on 100 test rows (95 % interval 96.3 to 100.0 %), but 100 of them are copies of training rows or nearly: cannot tell how it does on new texts.",
    ),
    (
        "leaking and bad",
        labels(50, 100, majority=20, leaking_rows=5),
        "not_yet",
        "50.0 % right on 100 test rows (95 % interval 40.4 to 59.6 %): not yet where 90 % is needed.",
    ),
    (
        "a label is missed",
        labels(970, 1000, majority=500, classes={"cancel": (500, 1.0), "fraud": (20, 0.1), "rare": (2, 0.0)}),
        "not_yet",
        "97.0 % right on 1,000 test rows (95 % interval 95.7 to 97.9 %): enough altogether where 90 % is needed, but not yet for “fraud”, most of which it misses.",
    ),
    (
        "cut texts",
        labels(677, 700, majority=120, cut_rows=4000),
        "good_enough",
        "96.7 % right on 700 test rows (95 % interval 95.1 to 97.8 %): good enough where 90 % is needed.",
    ),
    (
        "forgot, classifier",
        labels(
            677,
            700,
            majority=120,
            forgetting={
                "level": "amber",
                "unit": "share",
                "task": "word order",
                "before": 0.9,
                "after": 0.85,
                "rows": 160,
            },
        ),
        "good_enough",
        "96.7 % right on 700 test rows (95 % interval 95.1 to 97.8 %): good enough where 90 % is needed.",
    ),
    (
        "the probe is kept, good",
        labels(677, 700, majority=120, probe=(0, 0), **PROBE_KEPT),
        "good_enough",
        "96.7 % right on 700 test rows (95 % interval 95.1 to 97.8 %): good enough where 90 % is needed. Training did not improve on the linear probe; the probe's weights are kept.",
    ),
    (
        "the probe is kept, bad",
        labels(370, 600, majority=150, probe=(0, 0), **PROBE_KEPT),
        "not_yet",
        "61.7 % right on 600 test rows (95 % interval 57.7 to 65.5 %): not yet where 90 % is needed. Training did not improve on the linear probe; the probe's weights are kept.",
    ),
    (
        "entities, good",
        entities(0.92, (0.90, 0.94)),
        "good_enough",
        "92.0 % entity F1 on 500 test sentences (95 % interval 90.0 to 94.0 %): good enough where 80 % is needed.",
    ),
    (
        "entities, bad",
        entities(0.45, (0.41, 0.49)),
        "not_yet",
        "45.0 % entity F1 on 500 test sentences (95 % interval 41.0 to 49.0 %): not yet where 80 % is needed.",
    ),
    (
        "entities, none",
        entities(0.0, (0.0, 0.0)),
        "not_yet",
        "0 % entity F1 on 500 test sentences: not yet, it finds no entity.",
    ),
    (
        "entities, a list does it",
        entities(0.55, (0.50, 0.60), listed=0.57),
        "not_yet",
        "55.0 % entity F1 on 500 test sentences (95 % interval 50.0 to 60.0 %): not yet, a list of known words reaches 57.0 %.",
    ),
    (
        "entities, few",
        entities(0.83, (0.70, 0.92), rows=30),
        "cannot_tell",
        "83.0 % entity F1 on 30 test sentences (95 % interval 70.0 to 92.0 %): cannot tell yet whether 80 % is reached.",
    ),
    (
        "entities, leaking",
        entities(0.92, (0.90, 0.94), leaking_rows=13),
        "cannot_tell",
        "92.0 % entity F1 on 500 test sentences (95 % interval 90.0 to 94.0 %), but 13 of them are copies of training sentences or nearly: cannot tell how it does on new texts.",
    ),
    (
        "text, better",
        text(12.3, 25.1, (-0.8, -0.6)),
        "cannot_tell",
        "Perplexity 12.3 on 200 test rows, 25.1 before tuning: better than before; cannot tell from numbers whether the answers are right, so read some.",
    ),
    (
        "text, no difference",
        text(8.9, 9.0, (-0.1, 0.1)),
        "cannot_tell",
        "Perplexity 8.9 on 200 test rows, 9 before tuning: cannot tell whether tuning helped, the difference may be chance.",
    ),
    (
        "text, no difference and learned",
        text(8.9, 9.0, (-0.1, 0.1), train_loss=0.001),
        "cannot_tell",
        "Perplexity 8.9 on 200 test rows, 9 before tuning: cannot tell whether tuning helped, the difference may be chance.",
    ),
    (
        "text, worse",
        text(12.0, 9.0, (0.2, 0.4), accuracy=(0.35, 0.4)),
        "not_yet",
        "Perplexity 12 on 200 test rows, 9 before tuning: not yet, tuning made it worse; it foresees fewer tokens than the base model (35.0 % against 40.0 %).",
    ),
    (
        "text, gibberish of a small base",
        text(202, 9225, (-4.1, -3.5), accuracy=(0.21, 0.05), language=(0.12, 0.55)),
        "not_yet",
        "Perplexity 202 on 200 test rows, 9,225 before tuning: not yet, its answers are hardly language: 12 % of their word pairs occur in the training rows, 55 % in the expected answers; at every token it is as unsure as if it chose among 202.",
    ),
    (
        "text, near counting",
        text(480, 9225, (-3.1, -2.5), accuracy=(0.1, 0.05)),
        "not_yet",
        "Perplexity 480 on 200 test rows, 9,225 before tuning: not yet, not far from what counting the tokens of the training rows reaches (900).",
    ),
    (
        "text, worse than counting",
        text(1304, 42203, (-3.6, -3.3), accuracy=(0.06, 0.06)),
        "not_yet",
        "Perplexity 1,304 on 200 test rows, 42,203 before tuning: not yet, counting the tokens of the training rows alone reaches 900.",
    ),
    (
        "text, hopeless",
        text(150, 9225, (-4.1, -3.9), accuracy=(0.3, 0.05)),
        "cannot_tell",
        "Perplexity 150 on 200 test rows, 9,225 before tuning: cannot tell, at every token it is as unsure as if it chose among 150.",
    ),
    (
        "text, repeats itself",
        text(12.3, 25.1, (-0.8, -0.6), repeating=15),
        "not_yet",
        "Perplexity 12.3 on 200 test rows, 25.1 before tuning: not yet, 15 of 24 answers repeat themselves or one another.",
    ),
    (
        "text, fewer tokens right",
        text(12.3, 14.0, (-0.2, -0.05), accuracy=(0.38, 0.41)),
        "not_yet",
        "Perplexity 12.3 on 200 test rows, 14 before tuning: not yet, it foresees fewer tokens than the base model (38.0 % against 41.0 %).",
    ),
    (
        "text, forgot",
        text(12.3, 25.1, (-0.8, -0.6), forgetting=RED),
        "not_yet",
        "Perplexity 12.3 on 200 test rows, 25.1 before tuning: not yet, it lost much of what the base model could (loss on general text 2.00 before, 2.60 now).",
    ),
    (
        "text, memorised",
        text(1.02, 25.1, (-3.3, -3.1), accuracy=(0.99, 0.4)),
        "cannot_tell",
        "Perplexity 1.02 on 200 test rows, 25.1 before tuning: cannot tell, so certain about held-out answers that it may have seen them.",
    ),
    (
        "text, leaking",
        text(5.0, 25.1, (-1.8, -1.5), leaking_rows=13),
        "cannot_tell",
        "Perplexity 5 on 200 test rows, 25.1 before tuning: cannot tell, 13 of 200 test rows are copies of training rows.",
    ),
    (
        "text, few answers",
        text(12.3, 25.1, (-0.8, -0.6), language=(0.1, 0.5), answered_rows=2, rows=12),
        "cannot_tell",
        "Perplexity 12.3 on 12 test rows, 25.1 before tuning: too few rows to tell whether tuning helped.",
    ),
    (
        "text, tiny",
        text(12.3, 25.1, (-1.4, 0.2), rows=5, answered_rows=5),
        "cannot_tell",
        "Perplexity 12.3 on 5 test rows, 25.1 before tuning: too few rows to tell whether tuning helped.",
    ),
]
TABLE += cross_validated_runs.TABLE
RUNS = {name: run for name, run, _, _ in TABLE}


@pytest.mark.parametrize(("name", "run", "conclusion", "sentence"), TABLE, ids=[row[0] for row in TABLE])
def test_sentence_of_a_finished_run(name: str, run: Run, conclusion: str, sentence: str) -> None:
    found = headline.headline(run.job.state, run.results)
    assert found is not None and (found.conclusion, found.sentence) == (conclusion, sentence)


@pytest.mark.parametrize(("name", "run", "conclusion", "sentence"), TABLE, ids=[row[0] for row in TABLE])
def test_verdicts_do_not_contradict_the_sentence(name: str, run: Run, conclusion: str, sentence: str) -> None:
    found = verdicts.assess(run, {})
    assert len({verdict.title for verdict in found}) == len(found)
    in_full = [verdict for verdict in found if not verdict.minor]
    if conclusion == "good_enough":
        # No amber wall under a good run: what is shown in full is leakage, or that a simpler model would do or is the result.
        amber = [verdict.title for verdict in in_full if verdict.severity in ("warning", "error")]
        allowed = ("leakage", "not worth it", "probe's weights are kept")
        assert all(any(words in title for words in allowed) for title in amber)
    if run.task_type == "chat" and conclusion == "not_yet":
        assert not any(verdict.severity == "good" for verdict in found)
        assert any(verdict.severity in ("warning", "error") for verdict in in_full)
    if ("accuracy" in run.results["metrics"]) and run.results["metrics"]["accuracy"] == 1:
        assert not any("wrong answers" in verdict.tip for verdict in found)


def test_what_is_needed_is_the_persons_own() -> None:
    def judged(needed: float) -> str:
        found = headline.headline("succeeded", RUNS["just below the border"].results, needed)
        assert found is not None
        return found.conclusion

    assert [judged(needed) for needed in (0.7, 0.88, 0.95)] == ["good_enough", "cannot_tell", "not_yet"]


def test_leakage_is_never_folded_away() -> None:
    for name in ("leaking, a few", "leaking, many", "entities, leaking", "text, leaking"):
        (warning,) = (item for item in verdicts.assess(RUNS[name], {}) if "leakage" in item.title)
        assert not warning.minor and warning.remedy is not None and warning.remedy.page == "data"


def test_nothing_speaks_of_test_rows_that_a_cross_validated_run_does_not_have() -> None:
    for name, run in RUNS.items():
        if not name.startswith("cross-validated"):
            continue
        for verdict in verdicts.assess(run, {}):
            words = " ".join(
                (verdict.title, verdict.evidence, verdict.tip, verdict.remedy.words if verdict.remedy else "")
            )
            assert "test row" not in words and "the test a larger share" not in words, words


def test_a_run_that_works_has_no_sentence() -> None:
    assert headline.headline(RUNNING, RUNS["good"].results) is None
    assert headline.headline("succeeded", {}) is None

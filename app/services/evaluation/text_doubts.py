"""What speaks against a model that writes text, although its loss may have fallen.

A loss falls as soon as a model learns which tokens are frequent. Whether it writes language is another matter, so its answers
are held against the references of the same rows, and its perplexity against a mere count of tokens.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.languages import decimal, localized
from app.languages import gettext as _
from app.services.evaluation import baselines

Results = Mapping[str, Any]

# Perplexity is the number of tokens among which the model is as unsure as by a uniform choice; above this it cannot write.
HOPELESS_PERPLEXITY = 100.0
# Share of the perplexity that counting the tokens of the training rows reaches.
NEAR_COUNTING = 0.5
# Token accuracy that is lost by more than rounding.
ACCURACY_LOSS = 0.005
# Share of the answers that may repeat themselves before it is named.
MANY = 0.25
# Pairs of neighbouring words that are known, against those of the references of the same rows.
LANGUAGE = 0.5
# From fewer answers, and from fewer test rows, nothing is concluded: a bootstrap of so few promises too much.
FEWEST_ANSWERS, FEWEST_ROWS = 4, 20
# A perplexity this near to 1 on held-out rows means that their answers are memorised.
MEMORISED_PERPLEXITY = 1.05


@dataclass(frozen=True)
class TextDoubt:
    """One reason; ``decides`` says whether it settles that the model is not ready. ``words`` stand inside a sentence."""

    code: str
    words: str
    decides: bool = True


def find(results: Results) -> list[TextDoubt]:
    """The reasons, the gravest first; empty where nothing speaks against the model."""
    rules = (_worse, _not_language, _repeats, _hopeless, _less_right, _forgot, _memorised)
    return [doubt for rule in rules if (doubt := rule(results))]


def has_few_rows(results: Results) -> bool:
    """Whether the test has too few rows to say whether tuning helped."""
    return int(results.get("test_rows") or 0) < FEWEST_ROWS


def short_number(value: float | None) -> str:
    """A perplexity in as many digits as it is worth."""
    if value is None:
        return "?"
    return localized(f"{value:,.0f}" if value >= 100 else f"{value:.3g}")


def _worse(results: Results) -> TextDoubt | None:
    interval = (results.get("change") or {}).get("interval")
    return TextDoubt("worse", _("tuning made it worse")) if interval and interval[0] > 0 else None


def _not_language(results: Results) -> TextDoubt | None:
    if _is_language(results) is not False:
        return None
    found = results["answer_language"]
    tuned, expected = found["tuned"], found["reference"]
    words = _(
        "its answers are hardly language: {tuned} of their word pairs occur in the training rows, {expected} in the expected answers",
        tuned=_whole(tuned),
        expected=_whole(expected),
    )
    return TextDoubt("not_language", words)


def _is_language(results: Results) -> bool | None:
    """Whether the answers hold nearly as many known pairs of words as the references; None where that is not known."""
    found = results.get("answer_language") or {}
    tuned, expected = found.get("tuned"), found.get("reference")
    if tuned is None or not expected or _answered(results) < FEWEST_ANSWERS:
        return None
    return bool(tuned >= LANGUAGE * expected)


def _repeats(results: Results) -> TextDoubt | None:
    found = results.get("answer_repeats") or {}
    repeating, answered = int(found.get("repeating") or 0), _answered(results)
    if answered < FEWEST_ANSWERS or repeating <= MANY * answered:
        return None
    words = _(
        "{repeating} of {answered} answers repeat themselves or one another",
        repeating=decimal(repeating),
        answered=decimal(answered),
    )
    return TextDoubt("repeats", words)


def _hopeless(results: Results) -> TextDoubt | None:
    tuned, counted = results["metrics"].get("perplexity"), results.get("counting_perplexity")
    if tuned is None:
        return None
    if counted and tuned >= counted:
        words = _("counting the tokens of the training rows alone reaches {counted}", counted=short_number(counted))
        return TextDoubt("hopeless", words)
    if counted and tuned > NEAR_COUNTING * counted:
        words = _(
            "not far from what counting the tokens of the training rows reaches ({counted})",
            counted=short_number(counted),
        )
        return TextDoubt("hopeless", words)
    if tuned <= HOPELESS_PERPLEXITY:
        return None
    words = _("at every token it is as unsure as if it chose among {tuned}", tuned=short_number(tuned))
    # Rare words, code or many languages make a text hard to foresee; answers that are language speak for the model.
    return TextDoubt("hopeless", words, decides=_is_language(results) is not True)


def _less_right(results: Results) -> TextDoubt | None:
    tuned = results["metrics"].get("token_accuracy")
    base = baselines.base_scores(results, "untouched").get("token_accuracy")
    if tuned is None or base is None or tuned >= base - ACCURACY_LOSS:
        return None
    words = _(
        "it foresees fewer tokens than the base model ({tuned} against {base})",
        tuned=f"{decimal(tuned * 100, 1)} %",
        base=f"{decimal(base * 100, 1)} %",
    )
    return TextDoubt("less_right", words)


def _forgot(results: Results) -> TextDoubt | None:
    found = results.get("forgetting") or {}
    if found.get("level") != "red":
        return None
    words = _(
        "it lost much of what the base model could (loss on general text {before} before, {after} now)",
        before=decimal(found["before"], 2),
        after=decimal(found["after"], 2),
    )
    return TextDoubt("forgot", words)


def _memorised(results: Results) -> TextDoubt | None:
    leaking, rows = int(results.get("leaking_rows") or 0), int(results.get("test_rows") or 0)
    if leaking:
        words = _(
            "{leaking} of {rows} test rows are copies of training rows", leaking=decimal(leaking), rows=decimal(rows)
        )
        return TextDoubt("leaking", words, decides=False)
    tuned = results["metrics"].get("perplexity")
    if tuned is None or tuned > MEMORISED_PERPLEXITY:
        return None
    return TextDoubt("memorised", _("so certain about held-out answers that it may have seen them"), decides=False)


def _answered(results: Results) -> int:
    return int(results.get("answered_rows") or 0)


def _whole(share: float) -> str:
    return f"{decimal(share * 100)} %"

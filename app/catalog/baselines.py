"""The baselines that a run is measured beside, under the names that every page, card, route and command uses.

The key is that of the scores in a run's results (``baseline``); the order is that of tables, from the cheapest on.
"""

from dataclasses import dataclass

from app.languages import gettext_noop

# Examples that stand before the question in the prompt of the base model.
PROMPT_EXAMPLES = 3


@dataclass(frozen=True)
class Baseline:
    """What a task can be solved with instead of a tuned model.

    Attributes:
        name: as it stands inside a sentence.
        about: what it does, in one sentence.
        solves: whether somebody could use it instead of the tuned model; a majority class is only a floor.
    """

    key: str
    name: str
    about: str
    solves: bool = True


BASELINES = (
    Baseline(
        "majority",
        gettext_noop("majority class"),
        gettext_noop("Always gives the most frequent training label, or marks nothing."),
        solves=False,
    ),
    Baseline(
        "mean",
        gettext_noop("mean of the training rows"),
        gettext_noop("Always gives the mean number of the training rows."),
        solves=False,
    ),
    Baseline(
        "longer_answer",
        gettext_noop("longer answer"),
        gettext_noop("Takes the longer of two answers for the better one."),
        solves=False,
    ),
    Baseline(
        "word_list",
        gettext_noop("word list"),
        gettext_noop("Gives each word the tag that it has most often in the training sentences."),
    ),
    Baseline(
        "copy",
        gettext_noop("copy of the source"),
        gettext_noop("Gives the source text back unchanged."),
        solves=False,
    ),
    Baseline(
        "lead_3",
        gettext_noop("first three sentences"),
        gettext_noop("Gives the first three sentences of the source text."),
    ),
    Baseline(
        "first_text",
        gettext_noop("TF-IDF on the first text alone"),
        gettext_noop("Logistic regression on the weighted words of the first text, without the second one."),
    ),
    Baseline(
        "second_text",
        gettext_noop("TF-IDF on the second text alone"),
        gettext_noop("Logistic regression on the weighted words of the second text, without the first one."),
    ),
    Baseline(
        "tfidf",
        gettext_noop("TF-IDF + logistic regression"),
        gettext_noop("Logistic regression on the weighted words of a text; needs no language model."),
    ),
    Baseline(
        "tfidf_ridge",
        gettext_noop("TF-IDF + ridge regression"),
        gettext_noop("Ridge regression on the weighted words of a text; needs no language model."),
    ),
    Baseline(
        "nearest_neighbours",
        gettext_noop("nearest neighbours"),
        gettext_noop("The label of the five training texts whose vectors of the base model are the most similar."),
    ),
    Baseline(
        "vectors_apart",
        gettext_noop("linear probe on both texts apart"),
        gettext_noop(
            "Logistic regression on the vectors that the base model gives each text by itself, and their distance."
        ),
    ),
    Baseline(
        "linear_probe",
        gettext_noop("linear probe on the base model"),
        gettext_noop(
            "Logistic regression on the vectors of the base model, for numbers ridge regression, fitted to the training rows."
        ),
    ),
    Baseline(
        "untouched",
        gettext_noop("base model"),
        gettext_noop("The base model as it was before tuning."),
    ),
    Baseline(
        "few_shot",
        gettext_noop("base model with 3 examples in the prompt"),
        gettext_noop("The base model as it was before tuning, with three training examples before each question."),
    ),
)


def baseline(key: str) -> Baseline:
    """The baseline of a key; one that older results name and nobody knows is called by its key."""
    return next((known for known in BASELINES if known.key == key), Baseline(key, key.replace("_", " "), ""))

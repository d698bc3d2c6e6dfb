"""The model card of a model that was tuned by preferences."""

from typing import cast

from app.catalog.card import BaseModelCard
from app.catalog.spec import RunSpec
from app.catalog.task_types import task_type
from worker.engine.reporting import card_frame
from worker.engine.reporting.card_frame import CardContext
from worker.engine.reporting.results import PreferenceResults, RunResults
from worker.engine.reporting.score_table import score_table

LOSSES = {
    "dpo": "DPO (direct preference optimisation, Rafailov et al. 2023)",
    "ipo": "IPO (identity preference optimisation, Azar et al. 2024)",
    "orpo": "ORPO (odds ratio preference optimisation, Hong et al. 2024)",
    "simpo": "SimPO (simple preference optimisation, Meng et al. 2024)",
    "kto": "KTO (Kahneman-Tversky optimisation, Ethayarajh et al. 2024)",
}


def model_card(spec: RunSpec, base: BaseModelCard, results: RunResults) -> str:
    """The card; see :mod:`worker.engine.reporting.card_frame`."""
    task = task_type(spec.task_type)
    found = cast(PreferenceResults, results.task)
    low, high = found.intervals["preference_accuracy"]
    context = CardContext(
        pipeline="text-generation",
        gives=f"{task.title}.",
        quality=[
            f"Measured on {found.test_rows:,} held-out pairs of a better and a worse answer {results.part_in_training}",
            f"The share of pairs whose better answer gets the higher reward lies between {low:.1%} and {high:.1%} (95 % interval);",
            "guessing reaches 50 %. This says which answers it prefers, not how good the answers are that it writes.",
            "",
            *score_table(task.metric_titles, found),
            *_length_words(found),
            *_pairing_words(found),
        ],
        learned=[
            *([] if spec.origin else [f"- loss: {LOSSES[found.loss]}, beta {found.beta:g}, on the answers alone"]),
            f"- chat template: {found.template}",
        ],
        use=['`python use_me.py "your text"`. The chat template travels with the tokenizer.'],
        limits=[
            f"Conversations were cut after {spec.training.max_length} tokens ({found.cut_rows:,} training rows were). It",
            "writes what the preferred answers make probable, which may be wrong, invented or unkind; it knows no more than the",
            "model that it was made from.",
        ],
    )
    return card_frame.model_card(spec, base, results, context)


def _length_words(found: PreferenceResults) -> list[str]:
    bias = found.length_bias
    if not bias:
        return []
    return [
        "",
        f"Length: of {bias['pairs']:.0f} held-out pairs with answers of different length the longer one is the better one in "
        f"{bias['data']:.0%}; this model prefers the longer one in {bias['tuned']:.0%}, the base model in {bias['base']:.0%}.",
    ]


def _pairing_words(found: PreferenceResults) -> list[str]:
    if not found.marked:
        return []
    words = "Answers were marked good or bad one by one, and put together in pairs for the test, those to the same request first."
    if not found.unlike_pairs:
        return ["", words]
    return [
        "",
        f"{words} In {found.unlike_pairs:,} of {found.test_rows:,} pairs the two answer different requests, so that only guessing",
        "is held against it: neither the base model nor the length of an answer says which of two such answers is better.",
    ]

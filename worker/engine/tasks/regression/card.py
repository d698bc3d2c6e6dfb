"""The model card and ``use_me.py`` of a model that gives a text a number, or several."""

from typing import cast

from app.catalog.card import BaseModelCard
from app.catalog.spec import RunSpec
from app.catalog.task_types import task_type
from app.catalog.task_types.text_pairs import SECOND
from worker.engine.reporting import card_frame
from worker.engine.reporting.card_frame import CardContext
from worker.engine.reporting.results import NumberResults, RunResults
from worker.engine.reporting.score_table import score_table
from worker.engine.tasks.classification import card

_ANSWERS = """\
names, scale = (json.load(open(os.path.join(here, name), encoding="utf-8")) for name in ("labels.json", "scale.json"))
for text, row in zip(READ, outputs.tolist()):
    known = {name: scale["numbers"][name] for name in names}
    given = {name: round(value * known[name]["std"] + known[name]["mean"], 6) for name, value in zip(names, row)}
    print(f"{json.dumps(given, ensure_ascii=False)}\\t{text}")
"""


def example(spec: RunSpec, base: BaseModelCard, separator: str = "", token_types: bool = False) -> str:
    """A script that applies the download with plain transformers and peft, to texts, or to pairs of arguments; see :func:`card.pair_reads`."""
    if SECOND.name not in spec.columns:
        return card.example(spec, base, "Give texts their numbers", _ANSWERS.replace("READ", "sys.argv[1:]"))
    answers = _ANSWERS.replace("READ", "map(' | '.join, zip(sys.argv[1::2], sys.argv[2::2]))")
    return card.example(
        spec, base, "Give pairs of texts their numbers", answers, card.pair_reads(separator, token_types)
    )


def model_card(spec: RunSpec, base: BaseModelCard, results: RunResults) -> str:
    """The card; see :mod:`worker.engine.reporting.card_frame`."""
    intervals, titles = results.task.intervals, task_type(spec.task_type).metric_titles
    what = "two texts" if SECOND.name in spec.columns else "a text"
    named = ", ".join(f"`{name}`" for name in spec.labels)
    spans = "; ".join(f"{titles[key]} {low:.4f} to {high:.4f}" for key, (low, high) in intervals.items())
    context = CardContext(
        pipeline="text-classification",
        gives=f"Gives {what} the number{'s' if len(spec.labels) > 1 else ''} {named}.",
        quality=[
            f"Measured on {results.task.test_rows:,} held-out rows {results.part_in_training}",
            f"95 % intervals of the tuned model: {spans}.",
            "",
            *score_table(titles, results.task),
            *(
                []
                if len(spec.labels) == 1
                else ["", "Each score is the mean over the numbers.", *_distances(cast(NumberResults, results.task))]
            ),
        ],
        use=[
            f"`python use_me.py {_arguments(spec)}`. The answer layer is `head.safetensors` beside the encoder's weights, with an output",
            "for each number (`problem_type` is `regression`): the number is the output times `std` plus `mean` in `scale.json`,",
            "those of the training rows.",
        ],
        limits=[
            f"Texts are cut after {spec.training.max_length} tokens ({results.task.cut_rows:,} training rows were). It always",
            "answers with a number, also for texts unlike those it learned from, and hardly with one outside of the range of its",
            "training rows. It knows what they show, including their mistakes; look at the farthest answers before you rely on it.",
        ],
    )
    return card_frame.model_card(spec, base, results, context)


def _distances(found: NumberResults) -> list[str]:
    """Errors of several numbers, which may be in different units, stand for themselves."""
    return [f"- mean absolute error of `{number['label']}`: {number['mae']:.4g}" for number in found.per_number]


def _arguments(spec: RunSpec) -> str:
    """What the script is called with; of two texts in the order of their columns."""
    if SECOND.name not in spec.columns:
        return '"a text"'
    return f'"{spec.columns["text"]}" "{spec.columns[SECOND.name]}"'

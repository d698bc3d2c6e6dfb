"""The model card and ``use_me.py`` of a model that gives a text a number, or several."""

from app.catalog.card import BaseModelCard
from app.catalog.spec import RunSpec
from app.catalog.task_types import task_type
from worker.engine.reporting import card_frame
from worker.engine.reporting.card_frame import CardContext
from worker.engine.reporting.results import RunResults
from worker.engine.reporting.score_table import score_table
from worker.engine.tasks.classification import card

_ANSWERS = """\
names, scale = (json.load(open(os.path.join(here, name), encoding="utf-8")) for name in ("labels.json", "scale.json"))
for text, row in zip(sys.argv[1:], outputs.tolist()):
    known = {name: scale["numbers"][name] for name in names}
    given = {name: round(value * known[name]["std"] + known[name]["mean"], 6) for name, value in zip(names, row)}
    print(f"{json.dumps(given, ensure_ascii=False)}\\t{text}")
"""


def example(spec: RunSpec, base: BaseModelCard) -> str:
    """A script that applies the download with plain transformers and peft."""
    return card.example(spec, base, "Give texts their numbers", _ANSWERS)


def model_card(spec: RunSpec, base: BaseModelCard, results: RunResults) -> str:
    """The card; see :mod:`worker.engine.reporting.card_frame`."""
    intervals, titles = results.task.intervals, task_type(spec.task_type).metric_titles
    named = ", ".join(f"`{name}`" for name in spec.labels)
    spans = "; ".join(f"{titles[key]} {low:.4f} to {high:.4f}" for key, (low, high) in intervals.items())
    context = CardContext(
        pipeline="text-classification",
        gives=f"Gives a text the number {named}." if len(spec.labels) == 1 else f"Gives a text the numbers {named}.",
        quality=[
            f"Measured on {results.task.test_rows:,} held-out rows {results.part_in_training}",
            f"95 % intervals of the tuned model: {spans}.",
            "",
            *score_table(titles, results.task),
            *([] if len(spec.labels) == 1 else ["", "Each score is the mean over the numbers."]),
        ],
        use=[
            '`python use_me.py "a text"`. The answer layer is `head.safetensors` beside the encoder\'s weights, with an output',
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

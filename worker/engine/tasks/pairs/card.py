"""The model card and ``use_me.py`` of a classifier of two texts."""

from app.catalog.card import BaseModelCard
from app.catalog.spec import RunSpec
from app.catalog.task_types import task_type
from worker.engine.reporting import card_frame
from worker.engine.reporting.card_frame import CardContext
from worker.engine.reporting.results import RunResults
from worker.engine.reporting.score_table import score_table
from worker.engine.tasks.classification import card

_ANSWERS = """\
labels = json.load(open(os.path.join(here, "labels.json"), encoding="utf-8"))
for pair, row in zip(zip(sys.argv[1::2], sys.argv[2::2]), outputs.softmax(-1)):
    print(f"{labels[int(row.argmax())]}\\t{float(row.max()):.6f}\\t{' | '.join(pair)}")
"""


def example(spec: RunSpec, base: BaseModelCard, separator: str, token_types: bool) -> str:
    """A script that applies the download with plain transformers and peft to pairs of arguments; see :func:`card.pair_reads`."""
    return card.example(spec, base, "Compare two texts", _ANSWERS, card.pair_reads(separator, token_types))


def model_card(spec: RunSpec, base: BaseModelCard, results: RunResults, separator: str) -> str:
    """The card; see :mod:`worker.engine.reporting.card_frame`."""
    task = task_type(spec.task_type)
    quality = [f"Measured on {results.task.test_rows:,} held-out rows {results.part_in_training}"]
    quality += [
        f"The tuned model's {score.title} lies between {low:.4f} and {high:.4f} (95 % interval)."
        for score in task.scores
        if score.key in results.task.intervals
        for low, high in [results.task.intervals[score.key]]
    ]
    context = CardContext(
        pipeline="text-classification",
        gives=f"Gives two texts one of {len(spec.labels)} labels.",
        quality=[*quality, "", *score_table(task.metric_titles, results.task)],
        use=[
            '`python use_me.py "first text" "second text"`. Both texts are one sequence, as the tokenizer encodes pairs:',
            f"`tokenizer(a, {f'{separator!r} + ' if separator else ''}b)`, in the order of {' and '.join(_columns(spec))}. The answer layer is `head.safetensors` beside",
            "the encoder's weights: the vector is pooled as the base model was trained to be pooled, which transformers' own",
            "classification class cannot express.",
        ],
        limits=[
            f"Both texts together are cut after {spec.training.max_length} tokens, the longer one first ({results.task.cut_rows:,}",
            "training rows were). It always answers with one of its labels, and the order of the two texts may matter. It knows",
            "what its training rows show, including their mistakes and gaps; look at the wrong answers before you rely on it.",
        ],
    )
    return card_frame.model_card(spec, base, results, context)


def _columns(spec: RunSpec) -> list[str]:
    return [f"`{spec.columns[role.name]}`" for role in task_type(spec.task_type).input_roles(spec.columns)]

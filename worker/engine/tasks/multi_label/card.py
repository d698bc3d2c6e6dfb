"""The model card and ``use_me.py`` of a classifier that gives a text any number of labels."""

from app.catalog.card import BaseModelCard
from app.catalog.spec import RunSpec
from app.catalog.task_types import task_type
from worker.engine.reporting import card_frame
from worker.engine.reporting.card_frame import CardContext
from worker.engine.reporting.results import RunResults
from worker.engine.reporting.score_table import score_table
from worker.engine.tasks.classification import card

_ANSWERS = """\
labels, limits = (json.load(open(os.path.join(here, name), encoding="utf-8")) for name in ("labels.json", "decisions.json"))
for text, row in zip(sys.argv[1:], outputs.sigmoid().tolist()):
    given = {label: round(share, 6) for label, share in zip(labels, row) if share > limits["thresholds"][label]}
    print(f"{json.dumps(given, ensure_ascii=False)}\\t{text}")
"""


def example(spec: RunSpec, base: BaseModelCard) -> str:
    """A script that applies the download with plain transformers and peft."""
    return card.example(spec, base, "Give texts their labels", _ANSWERS)


def model_card(spec: RunSpec, base: BaseModelCard, results: RunResults) -> str:
    """The card; see :mod:`worker.engine.reporting.card_frame`."""
    low, high = results.task.intervals["micro_f1"]
    context = CardContext(
        pipeline="text-classification",
        gives=f"Gives a text any number of {len(spec.labels)} labels.",
        quality=[
            f"Measured on {results.task.test_rows:,} held-out rows {results.part_in_training}",
            f"The tuned model's micro-F1 lies between {low:.4f} and {high:.4f} (95 % interval).",
            "",
            *score_table(task_type(spec.task_type).metric_titles, results.task),
        ],
        use=[
            '`python use_me.py "a text"`. The answer layer is `head.safetensors` beside the encoder\'s weights, with an output',
            "for each label (`problem_type` is `multi_label_classification`): a label is given where the sigmoid of its output",
            "exceeds its threshold in `decisions.json`, which was chosen on the validation rows.",
        ],
        limits=[
            f"Texts are cut after {spec.training.max_length} tokens ({results.task.cut_rows:,} training rows were). Rare labels",
            "are found less often than common ones; their scores are on the run's page. It knows what its training rows",
            "show, including their mistakes and gaps; look at the wrong answers before you rely on it.",
        ],
    )
    return card_frame.model_card(spec, base, results, context)

"""The model card and ``use_me.py`` of a text classifier."""

from app.catalog.baselines import BASELINES, Baseline
from app.catalog.card import BaseModelCard
from app.catalog.methods.base import PeftMethod
from app.catalog.spec import RunSpec
from worker.engine.reporting import card_frame
from worker.engine.reporting.card_frame import CardContext
from worker.engine.reporting.results import RunResults, Scores
from worker.engine.reporting.usage_example import exact_products, format_example, loading_words

_POOL = {
    "mean": "(tokens * mask).sum(1) / mask.sum(1)",
    "first": "tokens[:, 0]",
    "last": "tokens[range(len(tokens)), mask.sum(1)[:, 0].long() - 1]",
}

_EXAMPLE = '''\
"""{says} with the tuned model: python use_me.py "first text" "second text" (needs torch, transformers{needs})."""
import json, os, sys, torch
from safetensors.torch import load_file
from transformers import AutoModel, AutoTokenizer{more}
{imports}here = os.path.dirname(os.path.abspath(__file__))
tokenizer, head = AutoTokenizer.from_pretrained(here), load_file(os.path.join(here, "head.safetensors"))
{load}
tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
x = tokenizer({reads}, padding=True, padding_side="right", truncation=True, max_length={length}, return_tensors="pt")
tokens, mask = encoder(**x).last_hidden_state{cut}.detach(), x["attention_mask"].unsqueeze(-1).float()
vectors = {vectors}  # pooled as the base model was trained to be
outputs = vectors @ head["weight"].T + head["bias"]
{answers}'''
_ANSWERS = """\
labels = json.load(open(os.path.join(here, "labels.json"), encoding="utf-8"))
for text, row in zip(sys.argv[1:], outputs.softmax(-1)): print(f"{labels[int(row.argmax())]}\\t{float(row.max()):.6f}\\t{text}")
"""


def example(
    spec: RunSpec,
    base: BaseModelCard,
    says: str = "Label texts",
    answers: str = _ANSWERS,
    reads: str = "sys.argv[1:]",
) -> str:
    """A script that applies the download with plain transformers and peft; ``BASE_MODEL`` may name a local folder.

    Args:
        says: what it does, in words.
        answers: its last lines, which print an answer for each row of ``outputs`` (rows, outputs).
        reads: the first arguments of the tokenizer, as code.
    """
    adapter = isinstance(spec.method, PeftMethod)
    load = f"AutoModel.from_pretrained({loading_words(spec, base)})"
    pooled = _POOL[base.pooling]
    return format_example(
        _EXAMPLE,
        spec,
        says=says,
        answers=answers,
        reads=reads,
        load=(f"encoder = PeftModel.from_pretrained({load}, here).eval()" if adapter else f"encoder = {load}.eval()")
        + exact_products(spec, "encoder"),
        length=spec.training.max_length,
        # The tokens of a soft prompt come first and are no part of the text.
        cut=f"[:, {spec.method.virtual_tokens}:]" if spec.method.virtual_tokens else "",
        vectors=f"torch.nn.functional.normalize({pooled}, dim=-1)" if base.normalize else pooled,
    )


def pair_reads(separator: str, token_types: bool) -> str:
    """The first arguments of the tokenizer for pairs of the script's arguments, as code.

    Args:
        separator: what stands before a second text.
        token_types: whether the encoder is given which text a token belongs to.
    """
    seconds = f"[{separator!r} + text for text in sys.argv[2::2]]" if separator else "sys.argv[2::2]"
    return f"sys.argv[1::2], {seconds}{'' if token_types else ', return_token_type_ids=False'}"


def model_card(spec: RunSpec, base: BaseModelCard, results: RunResults) -> str:
    """The card of a model that gives a text one of its labels; see :mod:`worker.engine.reporting.card_frame`."""
    tuned, found = results.task.metrics, results.task.baseline
    low, high = results.task.intervals["accuracy"]
    context = CardContext(
        pipeline="text-classification",
        gives=f"Gives a text one of {len(spec.labels)} labels.",
        quality=[
            f"Measured on {results.task.test_rows:,} held-out rows {results.part_in_training}",
            "",
            "| | accuracy | macro-F1 | loss |",
            "|---|---|---|---|",
            f"| this model | {tuned['accuracy']:.4f} (95 % interval {low:.4f}-{high:.4f}) | {tuned['macro_f1']:.4f} "
            f"| {tuned['loss']:.4f} |",
            *(_baseline_line(known, found[known.key]) for known in reversed(BASELINES) if known.key in found),
        ],
        use=[
            '`python use_me.py "a text"`. The answer layer is `head.safetensors` beside the encoder\'s weights: the',
            "sentence vector is pooled as the base model was trained to be pooled, which transformers' own",
            "classification class cannot express.",
        ],
        limits=[
            f"Texts are cut after {spec.training.max_length} tokens ({results.task.cut_rows:,} training rows were). It always",
            "answers with one of its labels, also for texts that fit none of them. It knows what its training rows",
            "show, including their mistakes and gaps; look at the wrong answers before you rely on it.",
        ],
    )
    return card_frame.model_card(spec, base, results, context)


def _baseline_line(known: Baseline, scores: Scores) -> str:
    loss = f" {scores['loss']:.4f} " if "loss" in scores else " "
    return f"| {known.name} | {scores['accuracy']:.4f} | {scores['macro_f1']:.4f} |{loss}|"

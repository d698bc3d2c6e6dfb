"""The model card and ``use_me.py`` of a token classifier."""

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from app.catalog.baselines import BASELINES
from app.catalog.card import BaseModelCard
from app.catalog.methods.base import Method, PeftMethod
from app.catalog.methods.head_only import FILE as NEW_PARTS
from app.catalog.spec import RunSpec
from app.catalog.task_types.tagged_text import WORD_PATTERN
from worker.engine.reporting import card_frame
from worker.engine.reporting.card_frame import CardContext
from worker.engine.reporting.results import RunResults, TokenResults
from worker.engine.reporting.usage_example import exact_products, format_example, loading_words

_EXAMPLE = '''\
"""Mark words with the tuned model: python use_me.py "first text" "second text" (needs torch, transformers{needs})."""
import json, os, re, sys, torch
from transformers import AutoModelForTokenClassification, AutoTokenizer{more}
{imports}here = os.path.dirname(os.path.abspath(__file__))
tokenizer, tags = AutoTokenizer.from_pretrained(here), json.load(open(os.path.join(here, "labels.json"), encoding="utf-8"))
model = AutoModelForTokenClassification.from_pretrained({load}, num_labels=len(tags), ignore_mismatched_sizes=True)
{apply}
for text in sys.argv[1:]:
    words = [found.span() for found in re.finditer({pattern}, text)]
    x = tokenizer(text, truncation=True, max_length={length}, return_offsets_mapping=True, return_tensors="pt")
    places = x.pop("offset_mapping")[0].tolist()
    chances, entities, before, seen = model(**x).logits[0].detach().softmax(-1), [], "O", set()
    for (start, end), row in zip(places, chances.tolist()):
        start += len(text[start:end]) - len(text[start:end].lstrip())
        word = next((n for n, (a, b) in enumerate(words) if a <= start < b and start < end), None)
        if word is None or word in seen: continue  # a word is judged by its first piece
        seen.add(word)
        tag = max(zip(row, tags), key=lambda each: -1 if each[1][0] == "I" and each[1][2:] != before[2:] else each[0])[1]
        if tag[0] == "B": entities.append([*words[word], tag[2:]])
        if tag[0] == "I": entities[-1][1] = words[word][1]
        before = tag
    for entity in entities: entity.append(text[entity[0]:entity[1]])
    print(json.dumps({{"text": text, "entities": entities}}, ensure_ascii=False))
'''


def example(spec: RunSpec, base: BaseModelCard, heads: Sequence[str] = ("classifier",)) -> str:
    """A script that applies the download with plain transformers and peft; ``BASE_MODEL`` may name a local folder."""
    # Arguments for the bare encoder do not fit this class.
    load = loading_words(spec, replace(base, load_arguments=()))
    return format_example(
        _EXAMPLE,
        spec,
        load=load.replace("BitsAndBytesConfig(", f"BitsAndBytesConfig(llm_int8_skip_modules={list(heads)!r}, "),
        apply=_apply(spec.method) + exact_products(spec, "model"),
        pattern=ascii(WORD_PATTERN),
        length=spec.training.max_length,
    )


def model_card(spec: RunSpec, base: BaseModelCard, results: RunResults) -> str:
    """The card of a token classifier; see :mod:`worker.engine.reporting.card_frame`."""
    task = cast(TokenResults, results.task)
    low, high = task.intervals["f1"]
    baseline = task.baseline
    context = CardContext(
        pipeline="token-classification",
        gives=f"Marks words of {len(spec.labels)} types: {', '.join(spec.labels)}.",
        quality=[
            f"Measured on {task.test_rows:,} held-out sentences {results.part_in_training}",
            f"They hold {task.test_entities:,} entities. An entity counts only when its beginning, its end and its type are right.",
            "",
            "| | F1 | precision | recall | words |",
            "|---|---|---|---|---|",
            _line(f"this model (95 % interval of F1 {low:.4f}-{high:.4f})", task.metrics),
            *(_line(known.name, baseline[known.key]) for known in reversed(BASELINES) if known.key in baseline),
            "",
            "| type | F1 | precision | recall | entities |",
            "|---|---|---|---|---|",
            *(
                f"| {label['label']} | {label['f1']:.4f} | {label['precision']:.4f} | {label['recall']:.4f} | {label['count']:,} |"
                for label in task.per_class
            ),
        ],
        use=[
            '`python use_me.py "a text"`. The layer that judges words is part of the saved weights; transformers\'',
            "`AutoModelForTokenClassification` takes it. `labels.json` has the tags in the order of its answers.",
        ],
        limits=[
            f"Texts are cut after {spec.training.max_length} tokens ({task.cut_rows:,} training sentences were). It",
            "knows what its training sentences show, including their mistakes and gaps; look at what it missed before you",
            "rely on it.",
        ],
    )
    return card_frame.model_card(spec, base, results, context)


def _apply(method: Method) -> str:
    """The line that loads what was trained onto the base model."""
    if isinstance(method, PeftMethod):
        return "model = PeftModel.from_pretrained(model, here).eval()"
    if method.whole_model:
        return "model.eval()"
    return (
        "from safetensors.torch import load_file\n"
        f'model.load_state_dict(load_file(os.path.join(here, "{NEW_PARTS}")), strict=False); model.eval()'
    )


def _line(name: str, scores: dict[str, float]) -> str:
    cells = " | ".join(f"{scores[key]:.4f}" for key in ("f1", "precision", "recall", "token_accuracy"))
    return f"| {name} | {cells} |"

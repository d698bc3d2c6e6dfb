"""The model card and ``use_me.py`` of a model that makes texts of texts."""

from typing import cast

from app.catalog.card import BaseModelCard
from app.catalog.methods.base import PeftMethod
from app.catalog.model_facts import ENCODER_DECODER
from app.catalog.spec import RunSpec
from app.catalog.task_types import task_type
from worker.engine.reporting import card_frame
from worker.engine.reporting.card_frame import CardContext
from worker.engine.reporting.results import RunResults, TargetResults
from worker.engine.reporting.score_table import score_table
from worker.engine.reporting.usage_example import format_example, loading_words
from worker.engine.tasks.text_to_text.decoding import Decoding

_HEAD = '''\
"""Write the target of each text: python use_me.py "first text" "second text" (needs torch, transformers{needs})."""
import os, sys, torch
from transformers import {auto}, AutoTokenizer{more}
{imports}here = os.path.dirname(os.path.abspath(__file__))
tokenizer = AutoTokenizer.from_pretrained(here)
{load}
for text in sys.argv[1:]:
'''
_ENCODER_DECODER = (
    _HEAD
    + """\
    x = tokenizer({prefix}text, truncation=True, max_length={read}, return_tensors="pt", return_token_type_ids=False)
    y = model.generate(**x, max_new_tokens={written}, num_beams={beams}, do_sample=False)
    print(tokenizer.decode(y[0], skip_special_tokens=True).strip())
"""
)
_DECODER = (
    _HEAD
    + """\
    talk = [{{"role": "user", "content": {prefix}text}}]
    x = tokenizer.apply_chat_template(talk, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    y = model.generate(
        **x, max_new_tokens={written}, num_beams={beams}, do_sample=False, pad_token_id=tokenizer.pad_token_id
    )
    print(tokenizer.decode(y[0, x["input_ids"].shape[1]:], skip_special_tokens=True).strip())
"""
)


def example(spec: RunSpec, base: BaseModelCard, decoding: Decoding) -> str:
    """A script that writes targets with plain transformers and peft; ``BASE_MODEL`` may name a local folder."""
    encodes = base.architecture == ENCODER_DECODER
    auto = "AutoModelForSeq2SeqLM" if encodes else "AutoModelForCausalLM"
    load = f"{auto}.from_pretrained({loading_words(spec, base)})"
    adapter = isinstance(spec.method, PeftMethod)
    return format_example(
        _ENCODER_DECODER if encodes else _DECODER,
        spec,
        auto=auto,
        load=f"model = PeftModel.from_pretrained({load}, here).eval()" if adapter else f"model = {load}.eval()",
        prefix=f"{decoding.source_prefix!r} + " if decoding.source_prefix else "",
        read=decoding.max_source_tokens,
        written=decoding.max_new_tokens,
        beams=decoding.num_beams,
    )


def model_card(spec: RunSpec, base: BaseModelCard, results: RunResults, decoding: Decoding) -> str:
    """The card of such a model; see :mod:`worker.engine.reporting.card_frame`."""
    task = task_type(spec.task_type)
    found = cast(TargetResults, results.task)
    low, high = found.intervals["chrf"]
    prefix = f"`{decoding.source_prefix}` stands before each text. " if decoding.source_prefix else ""
    beams = "beam search" if decoding.num_beams > 1 else "greedy decoding"
    context = CardContext(
        pipeline="text2text-generation" if base.architecture == ENCODER_DECODER else "text-generation",
        gives=f"{task.title}.",
        quality=[
            f"Measured on {_of_sources(found)} held-out texts with {found.references:,} references {results.part_in_training}",
            f"chrF lies between {low:.3f} and {high:.3f} (95 % interval); all scores are from 0 to 1.",
            "",
            *score_table(task.metric_titles, found),
            "",
            *(f"- sacrebleu: `{signature}`" for signature in found.signatures.values()),
            f"- written by {beams}, at most {decoding.max_new_tokens} tokens",
        ],
        learned=[f"- chat template: {found.template}"] if found.template else [],
        use=[f'`python use_me.py "your text"`. {prefix}How texts are written is in `decoding.json`.'],
        limits=[
            f"Texts were cut after {spec.training.max_length} tokens ({found.cut_rows:,} training rows were). These scores count",
            "letters and words in common with a reference: a text may be right in other words, or wrong in nearly the same.",
        ],
    )
    return card_frame.model_card(spec, base, results, context)


def _of_sources(found: TargetResults) -> str:
    return f"{found.test_rows:,}" if found.sources <= found.test_rows else f"{found.test_rows:,} of {found.sources:,}"

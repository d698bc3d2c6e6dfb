"""The model card and ``use_me.py`` of a causal language model."""

from typing import cast

from app.catalog.card import BaseModelCard
from app.catalog.methods.base import PeftMethod
from app.catalog.spec import RunSpec
from app.catalog.task_types import task_type
from worker.engine.reporting import card_frame
from worker.engine.reporting.card_frame import CardContext
from worker.engine.reporting.results import GenerationResults, RunResults
from worker.engine.reporting.score_table import score_table
from worker.engine.reporting.usage_example import format_example, loading_words

_CHAT = '''\
"""Ask the tuned model: python use_me.py "first question" "second question" (needs torch, transformers{needs})."""
import os, sys, torch
from transformers import AutoModelForCausalLM, AutoTokenizer{more}
{imports}here = os.path.dirname(os.path.abspath(__file__))
tokenizer = AutoTokenizer.from_pretrained(here)
{load}
for question in sys.argv[1:]:
    talk = [{system}{{"role": "user", "content": question}}]
    x = tokenizer.apply_chat_template(talk, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    y = model.generate(**x, max_new_tokens=96, do_sample=False, pad_token_id=tokenizer.pad_token_id)
    print(tokenizer.decode(y[0, x["input_ids"].shape[1]:], skip_special_tokens=True).strip())
'''

_PASSAGE = '''\
"""Let the tuned model go on: python use_me.py "Once upon a time" (needs torch, transformers{needs})."""
import os, sys, torch
from transformers import AutoModelForCausalLM, AutoTokenizer{more}
{imports}here = os.path.dirname(os.path.abspath(__file__))
tokenizer = AutoTokenizer.from_pretrained(here)
{load}
for beginning in sys.argv[1:]:
    x = tokenizer(beginning, add_special_tokens=False, return_tensors="pt", return_token_type_ids=False)
    y = model.generate(**x, max_new_tokens=96, do_sample=False, pad_token_id=tokenizer.pad_token_id)
    print(tokenizer.decode(y[0, x["input_ids"].shape[1]:], skip_special_tokens=True).strip())
'''


def example(spec: RunSpec, base: BaseModelCard, system: str = "") -> str:
    """A script that asks the download with plain transformers and peft; ``BASE_MODEL`` may name a local folder.

    Args:
        system: the system prompt of the training conversations; the model answers as it was trained only after the same.
    """
    adapter = isinstance(spec.method, PeftMethod)
    load = f"AutoModelForCausalLM.from_pretrained({loading_words(spec, base)})"
    return format_example(
        _PASSAGE if spec.task_type == "continued-pretraining" else _CHAT,
        spec,
        system=f'{{"role": "system", "content": {system!r}}}, ' if system else "",
        load=f"model = PeftModel.from_pretrained({load}, here).eval()" if adapter else f"model = {load}.eval()",
    )


def model_card(spec: RunSpec, base: BaseModelCard, results: RunResults) -> str:
    """The card of a causal language model; see :mod:`worker.engine.reporting.card_frame`."""
    task = task_type(spec.task_type)
    found = cast(GenerationResults, results.task)
    low, high = found.intervals["perplexity"]
    loss_on = "every word of the text"
    if spec.task_type != "continued-pretraining":
        loss_on = "the assistant's turns" if spec.training.learn_from == "answers" else "questions and answers"
    context = CardContext(
        pipeline="text-generation",
        gives=f"{task.title}.",
        quality=[
            f"Measured on {found.test_rows:,} held-out rows ({found.test_tokens:,} predicted tokens) {results.part_in_training}",
            f"The tuned model's perplexity lies between {low:.2f} and {high:.2f} (95 % interval).",
            "",
            *score_table(task.metric_titles, found),
        ],
        learned=[
            *([] if spec.origin else [f"- it learned from {loss_on}"]),
            f"- chat template: {found.template}",
        ],
        use=['`python use_me.py "your text"`. The chat template travels with the tokenizer.'],
        limits=[
            f"Conversations were cut after {spec.training.max_length} tokens ({found.cut_rows:,} training rows were). It",
            "writes what its training rows make probable, which may be wrong, invented or unkind; it does not know what it",
            "does not know.",
        ],
    )
    return card_frame.model_card(spec, base, results, context)

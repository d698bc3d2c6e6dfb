"""The words in a download: the model card and ``use_me.py``. Builds text from facts; reads and writes nothing."""

from typing import Any

from app.catalog.card import BaseModelCard
from app.catalog.methods.base import Method, PeftMethod
from app.catalog.spec import RunSpec
from worker.engine.reporting import card_frame
from worker.engine.reporting.card_frame import CardContext

_POOL = {
    "mean": "(tokens * mask).sum(1) / mask.sum(1)",
    "first": "tokens[:, 0]",
}

# The adapter was trained on a base model in fewer bits, and answers as it did only on the same.
_QUANTISED = {
    "full": "",
    "nf4": ', quantization_config=BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", '
    "bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=torch.float32)",
    "int8": ", quantization_config=BitsAndBytesConfig(load_in_8bit=True)",
}

_EXAMPLE = '''\
"""Label texts with the tuned model: python use_me.py "first text" "second text" (needs torch, transformers{needs})."""
import json, os, sys, torch
from safetensors.torch import load_file
from transformers import AutoModel, AutoTokenizer{more}
{imports}here = os.path.dirname(os.path.abspath(__file__))
tokenizer, head = AutoTokenizer.from_pretrained(here), load_file(os.path.join(here, "head.safetensors"))
{load}
x = tokenizer(sys.argv[1:], padding=True, truncation=True, max_length={length}, return_tensors="pt")
tokens, mask = encoder(**x).last_hidden_state{cut}.detach(), x["attention_mask"].unsqueeze(-1).float()
vectors = {vectors}  # pooled as the base model was trained to be
chances = (vectors @ head["weight"].T + head["bias"]).softmax(-1)
labels = json.load(open(os.path.join(here, "labels.json"), encoding="utf-8"))
for text, row in zip(sys.argv[1:], chances): print(f"{{labels[int(row.argmax())]}}\\t{{float(row.max()):.6f}}\\t{{text}}")
'''


def example(spec: RunSpec, base: BaseModelCard) -> str:
    """A script that applies the download with plain transformers and peft; ``BASE_MODEL`` may name a local folder."""
    adapter = isinstance(spec.method, PeftMethod)
    load = f"AutoModel.from_pretrained({loading_words(spec, base)})"
    pooled = _POOL[base.pooling]
    return _EXAMPLE.format(
        needs=", peft" if adapter else "",
        more="" if spec.base_precision == "full" else ", BitsAndBytesConfig",
        imports=method_imports(spec.method),
        load=(f"encoder = PeftModel.from_pretrained({load}, here).eval()" if adapter else f"encoder = {load}.eval()")
        + exact_products(spec, "encoder"),
        length=spec.training.max_length,
        # A soft prompt's own tokens come first and are no part of the text.
        cut=f"[:, {spec.method.virtual_tokens}:]" if spec.method.virtual_tokens else "",
        vectors=f"torch.nn.functional.normalize({pooled}, dim=-1)" if base.normalize else pooled,
    )


def loading_words(spec: RunSpec, base: BaseModelCard) -> str:
    """The arguments that load the base model, as code; a whole model is loaded from the download itself.

    In 32 bits as the studio does: a model that is kept in 16 would be computed in 16, and say other words where two are
    nearly as likely.
    """
    options = "".join(f", {name}={value!r}" for name, value in base.load_arguments)
    source = "here" if spec.method.whole_model else f'os.environ.get("BASE_MODEL", {base.hub_id!r})'
    return f"{source}, dtype=torch.float32{options}{_QUANTISED[spec.base_precision]}"


def exact_products(spec: RunSpec, model: str) -> str:
    """A line that keeps the products of a 4-bit base exact on a CPU, for the variable that holds the model."""
    if spec.base_precision != "nf4":
        return ""
    return f"\nfor part in {model}.modules(): part.support_avx512bf16_for_cpu = False  # exact 4-bit products on a CPU"


def method_imports(method: Method) -> str:
    """Import lines for the method; the file of a tuner that peft does not bring lies beside the script."""
    if not isinstance(method, PeftMethod):
        return ""
    if not method.tuner:
        return "from peft import PeftModel\n"
    return (
        "from peft import PeftModel\n"
        f"sys.path.insert(0, os.path.dirname(os.path.abspath(__file__))); import {method.tuner}  # teaches peft\n"
    )


def model_card(spec: RunSpec, base: BaseModelCard, results: dict[str, Any]) -> str:
    """The card of a model that gives a text one of its labels; see :mod:`worker.engine.reporting.card_frame`."""
    tuned, probe, majority = results["metrics"], results["baseline"]["linear_probe"], results["baseline"]["majority"]
    low, high = results["intervals"]["accuracy"]
    told = CardContext(
        pipeline="text-classification",
        gives=f"Gives a text one of {len(spec.labels)} labels.",
        quality=[
            f"Measured on {results['test_rows']:,} held-out rows that took no part in training or in choosing the",
            "checkpoint.",
            "",
            "| | accuracy | macro-F1 | loss |",
            "|---|---|---|---|",
            f"| this model | {tuned['accuracy']:.4f} (95 % interval {low:.4f}-{high:.4f}) | {tuned['macro_f1']:.4f} "
            f"| {tuned['loss']:.4f} |",
            f"| untouched model with a linear probe | {probe['accuracy']:.4f} | {probe['macro_f1']:.4f} "
            f"| {probe['loss']:.4f} |",
            f"| always the most frequent label | {majority['accuracy']:.4f} | {majority['macro_f1']:.4f} | |",
        ],
        use=[
            '`python use_me.py "a text"`. The answer layer is `head.safetensors` beside the encoder\'s weights: the',
            "sentence vector is pooled as the base model was trained to be pooled, which transformers' own",
            "classification class cannot express.",
        ],
        limits=[
            f"Texts are cut after {spec.training.max_length} tokens ({results['cut_rows']:,} training rows were). It always",
            "answers with one of its labels, also for texts that fit none of them. It knows what its training rows",
            "show, including their mistakes and gaps; look at the wrong answers before you rely on it.",
        ],
    )
    return card_frame.model_card(spec, base, results, told)

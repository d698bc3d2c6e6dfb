"""The words in a download: the model card and ``use_me.py``. Builds text from facts; reads and writes nothing."""

from typing import Any

from app.catalog.base_models import BaseModelCard
from app.catalog.methods import method_class
from app.catalog.methods.base import Method, PeftMethod
from app.catalog.origins import Combined
from app.catalog.spec import RunSpec

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

_EXACT = "\nfor part in encoder.modules(): part.support_avx512bf16_for_cpu = False  # exact 4-bit products on a CPU"

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
        + (_EXACT if spec.base_precision == "nf4" else ""),
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


def making(spec: RunSpec, results: dict[str, Any]) -> list[str]:
    """What the weights come from: rows and steps, or other runs."""
    data = f"data SHA-256 `{spec.dataset_sha256}`, seed {spec.training.seed}"
    if spec.origin is None:
        return [
            f"- {results['train_rows']:,} training rows, {data}",
            f"- {results['trainable_parameters']:,} of {results['total_parameters']:,} parameters learned, "
            f"{results['total_steps']:,} steps, best at step {results['best_step']:,}",
        ]
    way = {"shrunk": "shrunk by singular values", "merged": "merged into the base model's weights"}.get(
        spec.origin.kind, ""
    )
    if isinstance(spec.origin, Combined):
        way = f"combined ({spec.origin.how})"
    parents = ", ".join(f"{each.name or 'run'} `{each.run_id}`, weight {each.weight:g}" for each in spec.origin.parents)
    return [f"- not trained: {way} from {parents}", f"- measured on {data}"]


def tuned_with(spec: RunSpec) -> str:
    """How the model came to be, for the card's title."""
    if spec.origin is not None and spec.origin.kind == "merged":
        return "an adapter merged into its weights"
    return f"tuned with {spec.method.title}"


def tuner_words(method: Method) -> list[str]:
    """How an adapter that peft does not know by itself is opened; nothing for the others."""
    if not isinstance(method, PeftMethod) or not method.tuner:
        return []
    file = f"{method.tuner}.py"
    return ["", f"peft does not know this method by itself: `{file}`, which is part of this download and needs only torch",
            f"and peft, teaches it. `import {method.tuner}` before `PeftModel.from_pretrained`."]  # fmt: skip


def model_card(spec: RunSpec, base: BaseModelCard, results: dict[str, Any]) -> str:
    """What was tuned, on what, how well it does on held-out rows, and what it cannot do."""
    method = method_class(spec.method.kind)
    tuned, probe = results["metrics"], results["baseline"]["linear_probe"]
    low, high = results["intervals"]["accuracy"]
    is_peft = issubclass(method, PeftMethod)
    return "\n".join(
        [
            "---",
            f"base_model: {base.hub_id}",
            *(["library_name: peft"] if is_peft else ["library_name: transformers"]),
            f"license: {base.licence.lower()}",
            "pipeline_tag: text-classification",
            "---",
            "",
            f"# {base.title}, {tuned_with(spec)}",
            "",
            f"Gives a text one of {len(spec.labels)} labels. Made with the fine-tuning studio.",
            "",
            "## How well it does",
            "",
            f"Measured on {results['test_rows']:,} held-out rows that took no part in training or in choosing the",
            "checkpoint.",
            "",
            "| | accuracy | macro-F1 | loss |",
            "|---|---|---|---|",
            f"| this model | {tuned['accuracy']:.4f} (95 % interval {low:.4f}-{high:.4f}) | {tuned['macro_f1']:.4f} "
            f"| {tuned['loss']:.4f} |",
            f"| untouched model with a linear probe | {probe['accuracy']:.4f} | {probe['macro_f1']:.4f} "
            f"| {probe['loss']:.4f} |",
            f"| always the most frequent label | {results['baseline']['majority']['accuracy']:.4f} "
            f"| {results['baseline']['majority']['macro_f1']:.4f} | |",
            "",
            "## How it was made",
            "",
            *making(spec, results),
            f"- {results['device']}, {results['precision']}; "
            + ", ".join(f"{name} {version}" for name, version in results["versions"].items()),
            "- every setting is in `spec.json`",
            "",
            "## How to use it",
            "",
            '`python use_me.py "a text"`. The answer layer is `head.safetensors` beside the encoder\'s weights: the',
            "sentence vector is pooled as the base model was trained to be pooled, which transformers' own",
            "classification class cannot express.",
            *tuner_words(spec.method),
            "",
            "## Limits",
            "",
            f"Texts are cut after {spec.training.max_length} tokens ({results['cut_rows']:,} training rows were). It always",
            "answers with one of its labels, also for texts that fit none of them. It knows what its training rows",
            "show, including their mistakes and gaps; look at the wrong answers before you rely on it.",
            "",
        ]
    )

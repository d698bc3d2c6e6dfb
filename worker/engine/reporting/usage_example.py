"""What every ``use_me.py`` of a download has in common: imports, loading the base model, and the adapter on it."""

from app.catalog.card import BaseModelCard
from app.catalog.methods.base import Method, PeftMethod
from app.catalog.spec import RunSpec

# An adapter that was trained on a quantized base model answers as it did only on the same.
_QUANTISED = {
    "full": "",
    "nf4": ', quantization_config=BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", '
    "bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=torch.float32)",
    "int8": ", quantization_config=BitsAndBytesConfig(load_in_8bit=True)",
}


def format_example(template: str, spec: RunSpec, **fields: object) -> str:
    """Fill a template's ``{needs}`` (libraries in its docstring), ``{more}`` and ``{imports}``, and the given fields."""
    return template.format(
        needs=", peft" if isinstance(spec.method, PeftMethod) else "",
        more="" if spec.base_precision == "full" else ", BitsAndBytesConfig",
        imports=method_imports(spec.method),
        **fields,
    )


def loading_words(spec: RunSpec, base: BaseModelCard) -> str:
    """The arguments of ``from_pretrained``, as code; a whole model is loaded from the download itself.

    In fp32 as in the studio: a model that is stored in 16 bits would compute in 16 bits, and generate other tokens where two are
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
    """Import lines for the method; a tuner that peft does not have is imported from its file in the download."""
    if not isinstance(method, PeftMethod):
        return ""
    if not method.tuner:
        return "from peft import PeftModel\n"
    return (
        "from peft import PeftModel\n"
        f"sys.path.insert(0, os.path.dirname(os.path.abspath(__file__))); import {method.tuner}  # teaches peft\n"
    )

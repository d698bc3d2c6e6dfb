"""Base models in 4 and 8 bits: what is quantized, what is not, and that gradients flow after an evaluation."""

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForSequenceClassification

from app.catalog.blocks import find_blocks
from worker.engine.modeling.quantization import keep_differentiable, loading_arguments

# What BERT's checkpoint does not hold: pooler and head.
NEW = ("bert.pooler.dense", "classifier")


def test_full_precision_needs_no_arguments() -> None:
    assert loading_arguments("full", NEW) == {}


@pytest.mark.parametrize(("precision", "layer"), [("nf4", "Linear4bit"), ("int8", "Linear8bitLt")])
def test_layers_of_the_blocks_are_quantized_and_new_modules_are_not(
    tiny_base: tuple[object, Path], precision: str, layer: str
) -> None:
    arguments = loading_arguments(precision, NEW)
    model = AutoModelForSequenceClassification.from_pretrained(tiny_base[1], dtype=torch.float32, **arguments)
    block = next(iter(find_blocks(model).values()))
    linear = [type(module).__name__ for module in block.modules() if isinstance(module, torch.nn.Linear)]
    assert linear == [layer] * 6
    assert type(model.classifier) is torch.nn.Linear and model.classifier.weight.dtype == torch.float32


def test_gradients_reach_the_input_of_a_4_bit_layer_after_an_evaluation(tiny_base: tuple[object, Path]) -> None:
    model = AutoModelForSequenceClassification.from_pretrained(
        tiny_base[1], dtype=torch.float32, **loading_arguments("nf4", NEW)
    )
    assert keep_differentiable(model) is model
    ids = torch.tensor([[2, 5, 6, 3]])
    with torch.no_grad():
        model.eval()(ids)
    model.train()(ids).logits.sum().backward()
    gradient = model.bert.embeddings.word_embeddings.weight.grad
    assert gradient is not None and float(gradient[5].abs().sum()) > 0

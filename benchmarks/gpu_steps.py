"""Tokens per second and memory of LoRA and QLoRA steps, the studio's compared with a plain script's, on models of random weights.

Llama architecture of about 1 B and 8 B weights in bf16 (QLoRA: NF4), memory-efficient attention, gradient checkpointing.
Prints a table with the share of the card's own measured rate of matrix products. Usage: ``python -m benchmarks.gpu_steps
[--sizes 1b,8b] [--rows 8] [--length 1024] [--steps 8]``. Without a GPU a tiny model shows that everything works.
"""

import argparse
import contextlib
import gc
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

RANK, ALPHA, RATE, CLIP = 16, 32, 2e-4, 1.0
WARM_UP = 2
# Width, width of the feed-forward part, layers, heads, heads of keys, vocabulary.
SIZES = {
    "tiny": (64, 128, 2, 4, 2, 256),
    "1b": (2048, 8192, 16, 32, 8, 128_256),
    "8b": (4096, 14_336, 32, 32, 8, 128_256),
}
WAYS = ("studio", "plain")
METHODS = ("lora", "qlora")


@dataclass(frozen=True)
class Load:
    """What one update reads: ``rows`` texts of ``length`` tokens, in portions that are computed one after another."""

    rows: int = 8
    length: int = 1024
    portions: int = 2
    steps: int = 8


@dataclass(frozen=True)
class Measured:
    """One line of the table; ``share`` is that of the measured rate of matrix products, ``loss`` that of the last step."""

    size: str
    method: str
    way: str
    parameters: int
    tokens_per_second: float
    peak_bytes: int
    share: float
    attention: str
    loss: float


def main() -> int:
    """Run the benchmark; the last line is a summary."""
    import torch

    parser = argparse.ArgumentParser(description=__doc__)
    gpu = torch.cuda.is_available()
    parser.add_argument("--sizes", default="1b,8b" if gpu else "tiny")
    parser.add_argument("--rows", type=int, default=8)
    parser.add_argument("--length", type=int, default=1024 if gpu else 64)
    parser.add_argument("--portions", type=int, default=2)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--out", type=Path)
    wanted = parser.parse_args()
    load = Load(wanted.rows, wanted.length, wanted.portions, wanted.steps)
    device = torch.device("cuda" if gpu else "cpu")
    rate = matrix_rate(device)
    name = torch.cuda.get_device_name() if gpu else "CPU"
    print(f"{name}: {rate / 1e12:.2f} TFLOP/s in bf16 matrix products")
    print(
        f"{load.rows} rows of {load.length} tokens in {load.portions} portions an update, median of {load.steps} updates\n"
    )
    table = []
    for size in wanted.sizes.split(","):
        for found in measure_size(size, load, device, rate):
            table.append(found)
            print(line(found), flush=True)
            if wanted.out:
                wanted.out.write_text(json.dumps([asdict(row) for row in table], indent=1))
    print(summary(table))
    return 0


def matrix_rate(device: Any, width: int = 0, times: int = 10) -> float:
    """Operations per second of a square bf16 matrix product, the best of some."""
    import torch

    width = width or (8192 if device.type == "cuda" else 512)
    one, other = (torch.randn(width, width, device=device, dtype=torch.bfloat16) for _ in range(2))
    seconds = []
    for _ in range(times + WARM_UP):
        began = now(device)
        one @ other
        seconds.append(now(device) - began)
    return 2 * width**3 / min(seconds[WARM_UP:])


def measure_size(size: str, load: Load, device: Any, rate: float) -> Iterator[Measured]:
    """Every method in both ways on one model, which is made once and read from the disk as any model is."""
    import torch

    with tempfile.TemporaryDirectory(prefix="studio-steps-") as folder:
        parameters = write_model(size, Path(folder), device)
        for method in METHODS:
            for way in WAYS:
                with efficient_attention(device) as attention:
                    seconds, peak, loss = run(way, method, Path(folder), load, device)
                tokens = load.rows * load.length / seconds
                share = operations(size, load.length) * tokens / rate
                yield Measured(size, method, way, parameters, tokens, peak, share, attention, loss)
                gc.collect()
                if device.type == "cuda":
                    torch.cuda.empty_cache()


def write_model(size: str, folder: Path, device: Any) -> int:
    """Save a Llama of random weights in bf16; returns how many weights it has."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    width, inner, layers, heads, key_heads, words = SIZES[size]
    config = LlamaConfig(
        vocab_size=words,
        hidden_size=width,
        intermediate_size=inner,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=key_heads,
        max_position_embeddings=8192,
        tie_word_embeddings=False,
        dtype="bfloat16",
    )
    torch.manual_seed(0)
    usual = torch.get_default_dtype()
    torch.set_default_dtype(torch.bfloat16)
    try:
        with device:
            model = LlamaForCausalLM(config)
    finally:
        torch.set_default_dtype(usual)
    model.save_pretrained(folder)
    return sum(parameter.numel() for parameter in model.parameters())


def operations(size: str, length: int) -> float:
    """Operations of one token in an update with frozen weights: forward, forward again, and back to the adapters.

    A block's matrices take 2 each time and weight, the output layer is not computed again; of attention's square half
    is masked away, and its way back is twice its way forward.
    """
    width, inner, layers, heads, key_heads, words = SIZES[size]
    keys = width * key_heads // heads
    block = 2 * width * width + 2 * width * keys + 3 * width * inner
    return layers * (6 * block + 8 * length * width) + 4 * width * words


@contextlib.contextmanager
def efficient_attention(device: Any) -> Iterator[str]:
    """Allow only attention that never holds the whole square of scores; yields what is allowed."""
    from torch.nn.attention import SDPBackend, sdpa_kernel

    allowed = [SDPBackend.FLASH_ATTENTION]
    if device.type == "cuda":
        allowed += [SDPBackend.EFFICIENT_ATTENTION, SDPBackend.CUDNN_ATTENTION]
    with sdpa_kernel(allowed):
        yield " or ".join(backend.name.removesuffix("_ATTENTION").lower() for backend in allowed)


def run(way: str, method: str, folder: Path, load: Load, device: Any) -> tuple[float, int, float]:
    """Median seconds of an update, the peak memory in bytes, and the last loss."""
    import torch

    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    torch.manual_seed(1)
    update = (studio_update if way == "studio" else plain_update)(method, folder, load, device)
    seconds, loss = [], 0.0
    for _ in range(WARM_UP + load.steps):
        began = now(device)
        loss = update()
        seconds.append(now(device) - began)
    timed = sorted(seconds[WARM_UP:])
    from worker.engine.runtime.memory import peak_bytes

    return timed[len(timed) // 2], peak_bytes(), loss


def studio_update(method: str, folder: Path, load: Load, device: Any) -> Callable[[], float]:
    """One update with the parts that a run is made of."""
    import torch

    from app.catalog.methods import method_class
    from app.catalog.training import TrainingSettings
    from worker.engine.batching.packing import IGNORED, make_batch
    from worker.engine.loop.schedule import make_optimizer
    from worker.engine.modeling.gradient_checkpointing import enable_gradient_checkpointing
    from worker.engine.modeling.parameters import trainable_parameters
    from worker.engine.tasks.generation.model import CausalLM

    chosen = method_class(method).model_validate({"kind": method, "rank": RANK, "alpha": ALPHA, "dropout": 0.0})
    tuned = chosen.apply(open_model(folder, method, device))
    enable_gradient_checkpointing(tuned)
    model = CausalLM(tuned).to(device).train()
    optimizer = make_optimizer(model, TrainingSettings())
    samples = [_Sample(row) for row in texts(folder, load).tolist()]
    micro_batch = load.rows // load.portions
    batches = [
        make_batch(samples[at : at + micro_batch], 0, packed=False).to(device)
        for at in range(0, load.rows, micro_batch)
    ]
    weight = sum(int((batch.targets != IGNORED).sum()) for batch in batches)

    def update() -> float:
        total = 0.0
        for group in optimizer.param_groups:
            group["lr"] = RATE
        for batch in batches:
            with torch.autocast(device.type, torch.bfloat16):
                logits = model(batch)
            wanted = batch.targets[batch.targets != IGNORED]
            loss = torch.nn.functional.cross_entropy(logits, wanted, reduction="sum") / weight
            loss.backward()
            total += float(loss.detach())
        torch.nn.utils.clip_grad_norm_(trainable_parameters(model).values(), CLIP)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return total

    return update


def plain_update(method: str, folder: Path, load: Load, device: Any) -> Callable[[], float]:
    """One update as a short script with transformers and peft alone does it."""
    import torch
    from peft import LoraConfig, get_peft_model

    model = open_model(folder, method, device)
    model = get_peft_model(
        model, LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules="all-linear", task_type="CAUSAL_LM")
    )
    model.gradient_checkpointing_enable({"use_reentrant": False})
    model.train()
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trainable, lr=RATE, fused=True)
    portions = texts(folder, load).to(device).chunk(load.portions)

    def update() -> float:
        total = 0.0
        for ids in portions:
            with torch.autocast(device.type, torch.bfloat16):
                loss = model(input_ids=ids, labels=ids).loss / len(portions)
            loss.backward()
            total += float(loss.detach())
        torch.nn.utils.clip_grad_norm_(trainable, CLIP)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return total

    return update


def open_model(folder: Path, method: str, device: Any) -> Any:
    """The base model in bf16, or in NF4 for QLoRA."""
    import torch
    from transformers import AutoModelForCausalLM

    from worker.engine.modeling.quantization import keep_differentiable, loading_arguments

    options = loading_arguments("nf4" if method == "qlora" else "full")
    if method == "qlora":
        options["quantization_config"].bnb_4bit_compute_dtype = torch.bfloat16
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16, attn_implementation="sdpa", **options)
    return keep_differentiable(model if method == "qlora" else model.to(device))


def texts(folder: Path, load: Load) -> Any:
    """Random token ids (rows, length)."""
    import torch

    words = json.loads((folder / "config.json").read_text())["vocab_size"]
    return torch.randint(2, words, (load.rows, load.length), generator=torch.Generator().manual_seed(2))


class _Sample:
    def __init__(self, ids: list[int]) -> None:
        self.ids, self.loss_mask = ids, [True] * len(ids)


def now(device: Any) -> float:
    """The clock, once the device has done what it was given."""
    import torch

    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def line(found: Measured) -> str:
    """One row of the table."""
    return (
        f"| {found.size} ({found.parameters / 1e9:.2f} B) | {found.method} | {found.way} | {found.tokens_per_second:,.0f} tokens/s "
        f"| {found.peak_bytes / 1024**3:.1f} GiB | {100 * found.share:.0f} % | {found.attention} | loss {found.loss:.2f} |"
    )


def summary(table: list[Measured]) -> str:
    """How the studio's steps compare with the plain script's."""
    rates = {(row.size, row.method, row.way): row.tokens_per_second for row in table}
    ratios = [
        f"{size} {method} x{rates[size, method, 'studio'] / rates[size, method, 'plain']:.2f}"
        for size, method, way in rates
        if way == "studio"
    ]
    return "studio against plain script: " + ", ".join(ratios)


if __name__ == "__main__":
    sys.exit(main())

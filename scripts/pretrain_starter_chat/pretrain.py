r"""Pre-trains `starter-chat` from seeds, in three stages; knows nothing of the studio.

    python -m scripts.pretrain_starter_chat.pretrain --out FIRST --plain --adamw --rate 0.0025 --steps 2400 --stop 900
    python -m scripts.pretrain_starter_chat.pretrain --out SECOND --start FIRST --rate 0.004 --steps 340
    python -m scripts.pretrain_starter_chat.pretrain --out LAST --start SECOND --rate 0.003 --steps 700 --seed 2 \
        --processes 1 --practise 0.3

The first stage learns the language and the answers, the second that many wordings ask the same, the third practises what
was still wrong. The seeds fix text, order and first weights; another machine, library or number of processes rounds sums
differently.
"""

import math
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import click
import torch
from torch import distributed
from torch.nn.functional import cross_entropy
from transformers import AutoTokenizer, GenerationConfig, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from scripts.pretrain_starter_chat import tokenizer as tokenizers
from scripts.pretrain_starter_chat.conversations import conversation, held_out_conversations
from scripts.pretrain_starter_chat.phrases import Pupil, Speaker
from scripts.pretrain_starter_chat.rows import Document, batches, chat, documents
from scripts.pretrain_starter_chat.texts import text

# Most steps see rows of half the context, which is cheaper; the last ones teach the far positions.
LONG_SHARE = 0.12
SHORT_ROW = 256


@dataclass(frozen=True)
class Plan:
    """What one training is: where it goes, its seed and its size."""

    out: Path
    seed: int
    steps: int
    rows: int
    rate: float
    processes: int
    report: int
    start: Path | None
    stop: int
    plain: bool
    practise: float
    muon: bool


def new_model(tokenizer: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    """The untrained model: 6 blocks of width 256, 5.9 million parameters."""
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=256,
        intermediate_size=704,
        num_hidden_layers=6,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=tokenizers.CONTEXT,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return LlamaForCausalLM(config)


def new_tokenizer(seed: int, sample: int = 40_000) -> PreTrainedTokenizerFast:
    """The tokenizer trained on ``sample`` conversations and a quarter as many texts."""
    random = Random(seed)
    contents = [message["content"] for _ in range(sample) for message in conversation(random)]
    return tokenizers.train(contents + [text(random) for _ in range(sample // 4)])


def loss_of(model: LlamaForCausalLM, ids: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Weighted mean cross-entropy (nats) of the next tokens; ``ids`` and ``weights`` of shape (rows, width)."""
    logits = model(input_ids=ids[:, :-1], use_cache=False).logits
    targets, counted = ids[:, 1:].reshape(-1), weights[:, 1:].reshape(-1)
    losses = cross_entropy(logits.reshape(-1, logits.shape[-1]), targets, reduction="none").float()
    return (losses * counted).sum() / counted.sum()


@torch.no_grad()
def held_out_loss(model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, count: int = 280) -> float:
    """Mean loss (nats per token) on the answers of held-out conversations, each alone in its row."""
    model.eval()
    total = tokens = 0.0
    found = [chat(conversation, tokenizer) for conversation in held_out_conversations(count)]
    found.sort(key=lambda row: len(row.ids))
    for at in range(0, count, 40):
        part = found[at : at + 40]
        width = max(len(row.ids) for row in part)
        ids = torch.tensor([sequence.ids + [tokenizer.pad_token_id] * (width - len(sequence.ids)) for sequence in part])
        answers = torch.tensor([_answers_only(row, width) for row in part])
        total += float(loss_of(model, ids, answers)) * float(answers.sum())
        tokens += float(answers.sum())
    model.train()
    return total / tokens


def _answers_only(document: Document, width: int) -> list[float]:
    return [float(weight == 1.0) for weight in document.weights] + [0.0] * (width - len(document.weights))


def average_gradients(model: LlamaForCausalLM) -> None:
    """Replace every gradient by its mean over the processes."""
    gradients = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    distributed.all_reduce(flat)
    flat /= distributed.get_world_size()
    at = 0
    for gradient in gradients:
        gradient.copy_(flat[at : at + gradient.numel()].view_as(gradient))
        at += gradient.numel()


def rate_at(step: int, steps: int, peak: float) -> float:
    """Linear warm-up over an eighth of the steps, 100 at most, then a cosine down to a fiftieth of ``peak``."""
    warm_up = min(100, steps // 8)
    if step < warm_up:
        return peak * (step + 1) / warm_up
    done = (step - warm_up) / max(1, steps - warm_up)
    return peak * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done)))


def save(model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Write a complete model folder with bfloat16 weights."""
    folder.mkdir(parents=True, exist_ok=True)
    copy = LlamaForCausalLM(model.config)
    copy.load_state_dict(model.state_dict())
    copy.generation_config = GenerationConfig(
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        do_sample=False,
        max_new_tokens=160,
    )
    copy.to(torch.bfloat16).save_pretrained(str(folder))
    tokenizers.save(tokenizer, folder)


class Muon:
    """Muon for the matrices inside the blocks, each process stepping its share; AdamW for embeddings and norms.

    Muon learns more from each token than AdamW, which matters where a processor gives few tokens.
    """

    def __init__(self, model: LlamaForCausalLM, rate: float) -> None:
        inner = [
            parameter for name, parameter in model.named_parameters() if parameter.ndim == 2 and "embed" not in name
        ]
        outer = [weight for name, weight in model.named_parameters() if weight.ndim != 2 or "embed" in name]
        rank, count = distributed.get_rank(), distributed.get_world_size()
        self.others = [parameter for number, parameter in enumerate(inner) if number % count != rank]
        self.inner = inner
        self.parts: list[torch.optim.Optimizer] = [
            torch.optim.Muon(inner[rank::count], lr=rate, weight_decay=0.05, adjust_lr_fn="match_rms_adamw"),
            torch.optim.AdamW(outer, lr=rate, betas=(0.9, 0.95), weight_decay=0.0, fused=True),
        ]

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """Step every part at ``rate``, then put the shares of all processes together."""
        for part in self.parts:
            part.param_groups[0]["lr"] = rate
            part.step()
        for weight in self.others:
            weight.zero_()
        flat = torch.cat([weight.flatten() for weight in self.inner])
        distributed.all_reduce(flat)
        at = 0
        for parameter in self.inner:
            parameter.copy_(flat[at : at + parameter.numel()].view_as(parameter))
            at += parameter.numel()


class AdamW:
    """AdamW for everything."""

    def __init__(self, model: LlamaForCausalLM, rate: float) -> None:
        self.part = torch.optim.AdamW(model.parameters(), lr=rate, betas=(0.9, 0.95), weight_decay=0.05, fused=True)

    def step(self, rate: float) -> None:
        """One step at ``rate``."""
        self.part.param_groups[0]["lr"] = rate
        self.part.step()


def train(model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, plan: Plan, rank: int) -> None:
    """Train in place on this process's share of the rows; process 0 reports and writes the model."""
    engine = (Muon if plan.muon else AdamW)(model, plan.rate)
    compiled = torch.compile(model)
    seen, began, last = 0, time.monotonic(), min(plan.stop or plan.steps, plan.steps)
    chance = (Random if plan.plain else Pupil if plan.practise else Speaker)(f"{plan.seed} {rank}")
    if isinstance(chance, Pupil):
        chance.share = plan.practise
    stream = documents(chance, tokenizer)
    rows = plan.rows // plan.processes
    short = batches(stream, rows, SHORT_ROW, tokenizer.pad_token_id)
    long = batches(stream, rows * SHORT_ROW // tokenizers.CONTEXT, tokenizers.CONTEXT, tokenizer.pad_token_id)
    for step in range(last):
        is_short = step < plan.steps * (1 - LONG_SHARE)
        ids, weights = next(short if is_short else long)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            # Compiling once more for the few long rows would take longer than it saves.
            loss = loss_of(compiled if is_short else model, ids, weights)
        loss.backward()
        average_gradients(model)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        engine.step(rate_at(step, plan.steps, plan.rate))
        model.zero_grad()
        seen += ids.numel() * plan.processes
        if rank == 0 and step % 20 == 0:
            print(f"step {step} loss {loss.item():.3f} {seen / (time.monotonic() - began):.0f} tokens/s", flush=True)
        if rank == 0 and ((step + 1) % plan.report == 0 or step + 1 == last):
            held = held_out_loss(model, tokenizer)
            print(
                f"after {step + 1} of {plan.steps} steps, {seen:,} tokens, {time.monotonic() - began:.0f} s: "
                f"held-out loss {held:.4f}, perplexity {math.exp(held):.3f}",
                flush=True,
            )
            save(model, tokenizer, plan.out)


def work(rank: int, plan: Plan, meeting_point: str) -> None:
    """One of the processes that train together; each has one thread, which loses least where cores are shared."""
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method=f"file://{meeting_point}", rank=rank, world_size=plan.processes)
    torch.manual_seed(plan.seed)
    if plan.start:
        tokenizer = AutoTokenizer.from_pretrained(str(plan.start))
        model = LlamaForCausalLM.from_pretrained(str(plan.start), dtype=torch.float32)
    else:
        tokenizer = new_tokenizer(plan.seed)
        model = new_model(tokenizer)
    model.train()
    if rank == 0:
        print(f"{model.num_parameters():,} parameters, vocabulary {len(tokenizer)}", flush=True)
    train(model, tokenizer, plan, rank)
    distributed.destroy_process_group()


@click.command()
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the model.")
@click.option("--seed", default=1, show_default=True)
@click.option("--steps", default=2400, show_default=True)
@click.option("--rows", default=16, show_default=True, help="Rows of 256 tokens in a step, over all processes.")
@click.option("--rate", default=0.0025, show_default=True, help="Highest learning rate.")
@click.option("--processes", default=2, show_default=True, help="Processes of one thread each.")
@click.option("--report", default=300, show_default=True, help="Steps between two reports.")
@click.option("--start", type=click.Path(path_type=Path), help="Folder of a model to go on from.")
@click.option("--stop", default=0, help="Stop after so many of the steps.")
@click.option("--plain/--varied", default=False, show_default=True, help="Only the topics' own wordings of questions.")
@click.option("--practise", default=0.0, help="Share of rows of small tasks: sums, counting, what is easily confused.")
@click.option("--muon/--adamw", default=True, show_default=True)
def main(**options: Any) -> None:
    """Make the tokenizer, train the model, write both to a folder."""
    plan = Plan(**options)
    with tempfile.TemporaryDirectory() as folder:
        torch.multiprocessing.spawn(work, args=(plan, f"{folder}/meeting"), nprocs=plan.processes)


if __name__ == "__main__":
    main()

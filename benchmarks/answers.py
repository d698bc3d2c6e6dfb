"""How many tokens per second do eight answers over four adapters get, sharing steps or not? ``python -m benchmarks.answers``.

Tunes nothing: four LoRA adapters of random numbers on ``starter-chat`` cost what trained ones cost. All ways run in one
process in turn, ``--rounds`` times, so that other load of the machine affects all alike; the median counts.
Also tells the first token's time at a warm server and what changing the adapter costs. Exits 1 if sharing is no gain, or if
an answer differs from the one it gives alone.
"""

import argparse
import json
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

STREAMS, ADAPTERS, TOKENS = 8, 4, 96
RANK = 16
FIRST_TOKEN_SECONDS, SWITCH_SECONDS = 0.150, 0.050
WORDS = [
    "Hello,",
    "can",
    "I",
    "get",
    "a",
    "flat",
    "white,",
    "please?",
    "When",
    "do",
    "you",
    "open,",
    "and",
    "do",
    "you",
    "have",
    "cake",
    "for",
    "my",
    "two",
    "friends",
    "today?",
]


def main() -> int:
    """Run the benchmark and print one JSON object."""
    import torch

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=0)
    wanted = parser.parse_args()
    if wanted.threads:
        torch.set_num_threads(wanted.threads)
    with tempfile.TemporaryDirectory(prefix="studio-answers-") as home:
        speakers = make_speakers(Path(home))
        ways = {"one after the other": (1, 1), "in turns": (STREAMS, 1), "sharing steps": (STREAMS, STREAMS)}
        rates: dict[str, list[float]] = {way: [] for way in ways}
        tokens: dict[str, list[list[int]]] = {}
        measure(speakers, *ways["sharing steps"])
        for _ in range(wanted.rounds):
            for way, (at_once, rows) in ways.items():
                rate, tokens[way] = measure(speakers, at_once, rows)
                rates[way].append(rate)
        medians = {way: round(statistics.median(measured), 1) for way, measured in rates.items()}
        same = tokens["sharing steps"] == tokens["in turns"] == tokens["one after the other"]
        latency = measure_latency(speakers)
    shared = [many / one for many, one in zip(rates["sharing steps"], rates["one after the other"], strict=True)]
    result = {
        "tokens_per_second": medians,
        "ratio": round(statistics.median(shared), 2),
        "same_answers": same,
        **latency,
    }
    print(json.dumps({**result, "threads": torch.get_num_threads(), "rounds": wanted.rounds}))
    quick = latency["first_token_ms"] < 1000 * FIRST_TOKEN_SECONDS and latency["switch_ms"] < 1000 * SWITCH_SECONDS
    return 0 if same and result["ratio"] > 1 and quick else 1


def make_speakers(home: Path) -> list[Any]:
    """The base model's speaker and those of the adapters, as the inference server loads them."""
    import torch
    from peft import LoraConfig, get_peft_model

    from app.catalog.base_models import base_model, base_model_path
    from app.catalog.methods.lora import Lora
    from worker.engine.modeling.tokenizer import load_tokenizer
    from worker.engine.serving.chat_model import ChatModel
    from worker.engine.serving.fair_lock import FairLock
    from worker.engine.serving.mixed_adapters import MixedAdapters
    from worker.engine.serving.scheduler import BatchScheduler, ModelHandle
    from worker.engine.serving.shared_weights import load_tuned, share_weights
    from worker.engine.tasks.generation.model import load_decoder

    card, folder = base_model("starter-chat"), base_model_path("starter-chat")
    base, tokenizer, turns = load_decoder(folder, card), load_tokenizer(folder), FairLock()
    mixed = MixedAdapters(base)
    handles = [ModelHandle(base, mixed)]
    for number in range(ADAPTERS):
        torch.manual_seed(number)
        config = LoraConfig(r=RANK, lora_alpha=RANK // 4, target_modules="all-linear", init_lora_weights=False)
        get_peft_model(share_weights(base), config).save_pretrained(home / str(number))  # type: ignore[arg-type]
        handles.append(ModelHandle(load_tuned(base, Lora(), home / str(number)), mixed))
    return [ChatModel(part, tokenizer, card.context_length, turns, BatchScheduler(turns)) for part in handles]


def measure(speakers: list[Any], at_once: int, rows: int) -> tuple[float, list[list[int]]]:
    """(tokens per second over all, the tokens of each) of eight greedy answers, ``at_once`` at a time."""
    from worker.engine.serving.sampler import SamplingParameters
    from worker.engine.serving.scheduler import BatchScheduler, SequenceState

    scheduler = BatchScheduler(speakers[0].lock, rows)
    tuned = speakers[1:]
    asked = []
    for number in range(STREAMS):
        speaker = tuned[number % ADAPTERS]
        ids = speaker.tokenize([{"role": "user", "content": " ".join(WORDS[: 4 + 2 * number])}])[0].tolist()
        # No end token, so that all ways write the same number of tokens.
        asked.append(SequenceState(speaker.handle, ids, SamplingParameters(TOKENS, 0.0), TOKENS, set(), lambda _: None))
    free = threading.Semaphore(at_once)
    tokens: list[list[int]] = [[] for _ in asked]

    def listen(number: int) -> None:
        tokens[number] = list(asked[number].tokens())
        free.release()

    listeners = [threading.Thread(target=listen, args=(number,)) for number in range(STREAMS)]
    began = time.perf_counter()
    for number, row in enumerate(asked):
        free.acquire()
        scheduler.add(row)
        listeners[number].start()
    for listener in listeners:
        listener.join()
    return STREAMS * TOKENS / (time.perf_counter() - began), tokens


def measure_latency(speakers: list[Any]) -> dict[str, float]:
    """Milliseconds, medians of 20: from the question to the first token, and from one adapter to another and its token."""
    from worker.engine.serving.chat_model import GenerationStats
    from worker.engine.serving.sampler import SamplingParameters

    messages = [{"role": "user", "content": " ".join(WORDS)}]

    def first(speaker: Any) -> float:
        stats = GenerationStats()
        stream = speaker.stream(messages, SamplingParameters(4, 0.0), stats)
        next(stream)
        stream.close()
        return stats.first_token_seconds

    same = [first(speakers[1]) for _ in range(20)]
    other = [first(speakers[1 + number % ADAPTERS]) for number in range(20)]
    warm = statistics.median(same)
    change = max(0.0, statistics.median(other) - warm)
    return {"first_token_ms": round(1000 * warm, 1), "switch_ms": round(1000 * change, 1)}


if __name__ == "__main__":
    sys.exit(main())

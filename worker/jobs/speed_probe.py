"""Measures how fast this machine trains: ``python -m worker.jobs.speed_probe [THREADS]`` prints ``{"learn": s, "calls": s}``.

Two fixed training steps of a small transformer with random weights: one of 2,048 tokens, dominated by matrix products, and one
of 8 tokens, dominated by call overhead. The fastest of several tries counts, so that other load disturbs little.
"""

import json
import os
import sys
import time

LARGE, SMALL = (64, 32), (1, 8)
# The small step is so short that other load can disturb many tries in a row.
TRIES = {LARGE: 5, SMALL: 40}


def main() -> int:
    """Print the two times in seconds."""
    os.nice(5)
    print(json.dumps(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 0)), flush=True)
    return 0


def measure(threads: int = 0) -> dict[str, float]:
    """Seconds of one training step of many tokens, and of one of few.

    Args:
        threads: processor threads; 0 lets torch decide.
    """
    import torch
    from transformers import BertConfig, BertModel

    from worker.engine.modeling.precision import choose_precision

    if threads:
        torch.set_num_threads(threads)
    torch.manual_seed(0)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    config = BertConfig(
        vocab_size=1000,
        hidden_size=384,
        num_hidden_layers=2,
        num_attention_heads=12,
        intermediate_size=1536,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    model: torch.nn.Module = BertModel(config, add_pooling_layer=False)
    model.to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-6)
    in_bf16 = choose_precision("auto") == "bf16"

    # The processor time of one thread excludes other load; with several threads only the wall clock is meaningful.
    alone = device.type == "cpu" and torch.get_num_threads() == 1
    clock = time.process_time if alone else time.perf_counter

    def update(shape: tuple[int, int]) -> float:
        ids = torch.zeros(shape, dtype=torch.long, device=device)
        began = clock()
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=in_bf16):
            loss = model(input_ids=ids).last_hidden_state.float().square().mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        if device.type == "cuda":
            torch.cuda.synchronize()
        return clock() - began

    for shape in (LARGE, SMALL):
        update(shape)
    return {
        "learn": min(update(LARGE) for _ in range(TRIES[LARGE])),
        "calls": min(update(SMALL) for _ in range(TRIES[SMALL])),
    }


if __name__ == "__main__":
    sys.exit(main())

"""Seconds and bytes of a run by arithmetic, and their correction by observations of earlier runs.

The rates were fitted to runs on one core of an AMD EPYC with bf16 (``benchmarks/cost_rates.py``). On another machine they are
scaled by two measured times; the remaining error is corrected by the runs that finished there.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from app.catalog.spec import held_precision
from app.catalog.workload import Workload, WorkloadInputs, count_learning, count_rest, largest_portion, trainings

# Raised whenever the arithmetic changes: observations of an older formula no longer apply.
FORMULA = 2
GIGA = 1e9
# What `worker.jobs.speed_probe` measures, in seconds, on the machine that the rates come from.
REFERENCE = {"learn": 0.39, "calls": 0.0199}
# Seconds per 1e9 operations, per call of a block, per 1e9 numbers in and out beside layers, per 1e9 updated weights, per token
# of one block, per GB saved. Reading pays its calls with its operations.
RATES = {
    "learn_flops": 0.0064,
    "learn_calls": 0.0098,
    "beside": 3.8,
    "read_flops": 0.0093,
    "exact_flops": 0.0182,
    "updated": 3.9,
    "written": 0.0014,
    "saved_bytes": 2.6,
}
COUNTED_IN_GIGA = frozenset({"learn_flops", "beside", "read_flops", "exact_flops", "updated", "saved_bytes"})
# Which measured time a rate follows; the rest is the same everywhere.
FOLLOWS = dict.fromkeys(("learn_flops", "beside", "read_flops", "exact_flops", "updated"), "learn") | dict.fromkeys(
    ("learn_calls", "written"), "calls"
)
LEARNING_START = 0.49

# A trainer process that has imported torch, transformers and peft and used them once.
RUNTIME_BYTES = {False: 780e6, True: 0.0}
# Bytes per weight by the precision of the frozen base; a trainable weight also has a gradient and two moments.
HELD_BYTES = {"full": 4.0, "int8": 1.1, "nf4": 0.6}
# On a processor part of that is gone again when the activations are there.
LEARNING_BYTES = {False: 10.0, True: 12.0}
# Activations that a block keeps per token and unit for the backward pass; adapters keep their inputs too. On a processor as fitted to runs,
# on a GPU by counting (Korthikanti et al. 2022, arXiv 2205.05198, section 4).
KEPT_BYTES, ADAPTER_KEPT_BYTES = {False: 19.0, True: 34.0}, {False: 52.0, True: 30.0}
# Attention keeps its weights where texts do not share a row: per token, per token of the text and per head of 32 units.
ATTENTION_BYTES, HEAD_UNITS = 40.0, 32
# Per token and entry of the vocabulary; per token of all rows, which stay in memory; and what writing answers takes.
OUTPUT_BYTES, ROW_BYTES, WRITING_BYTES = 40.0, 60.0, 150e6
RECOMPUTED_SHARE = 0.25


@dataclass(frozen=True)
class CountedCost:
    """One estimate before correction: bytes, seconds of learning and of everything else."""

    memory: float
    learning: float
    rest: float

    def as_dict(self) -> dict[str, float]:
        """By name."""
        return {"memory": self.memory, "learning": self.learning, "rest": self.rest}


@dataclass(frozen=True)
class Observation:
    """Ratios of actual to counted cost of one finished run, with its task family, base model and method."""

    family: str
    base_model: str
    method: str
    ratios: Mapping[str, float]


@dataclass(frozen=True)
class Correction:
    """The factor to multiply an estimate with, the factor of uncertainty on either side, and the number of runs behind them.

    ``level``: ``method`` (same model and method), ``model``, ``family``, ``machine``, or ``none``.
    """

    factor: float
    spread: float
    runs: int
    level: str


# Spreads (natural logarithm) before there are runs enough to know them, by how closely related the known runs are.
SPREADS = {
    "memory": {"method": 0.10, "model": 0.16, "family": 0.20, "machine": 0.25, "none": 0.35},
    "learning": {"method": 0.18, "model": 0.30, "family": 0.45, "machine": 0.50, "none": 0.70},
    "rest": {"method": 0.18, "model": 0.22, "family": 0.35, "machine": 0.50, "none": 0.70},
}
# Without even a measurement of the machine.
UNMEASURED_SPREAD = 1.4
MIN_SPREAD, MAX_OBSERVATIONS = 0.08, 40
# Speed that each further GPU of a run adds: gradients are reduced while others are still computed (Li et al. 2020, arXiv
# 2006.15704, measure 0.8 to 0.95 on one machine). Processes without a GPU share the same processor and add nothing.
FURTHER_DEVICE = 0.85


def count(workload: WorkloadInputs, *, gpu: bool, speed: Mapping[str, float] | None) -> CountedCost:
    """The estimate for this machine before earlier runs correct it.

    Args:
        speed: measured seconds as :data:`REFERENCE` has them, None if the machine was never measured.
    """
    parts = trainings(workload)
    return CountedCost(
        memory=max(_memory(part, gpu) for part, _ in parts),
        learning=sum(
            times * (LEARNING_START + _seconds(count_learning(part), speed) / _speedup(part, gpu))
            for part, times in parts
        ),
        rest=sum(times * _seconds(count_rest(part), speed) for part, times in parts),
    )


def correct(
    quantity: str, observations: Sequence[Observation], related_to: tuple[str, str, str], *, measured: bool
) -> Correction:
    """The correction of ``memory``, ``learning`` or ``rest`` of a run.

    Shrinks medians of log ratios hierarchically, from all runs of the machine to those of the same model and method: a closer
    group weighs as much as it has runs, the wider group as much as one run.

    Args:
        related_to: family, base model and method of the run.
        measured: the speed of the machine is known.
    """
    family, base_model, method = related_to
    groups = {
        "machine": list(observations),
        "family": [one for one in observations if one.family == family],
        "model": [one for one in observations if one.base_model == base_model],
        "method": [one for one in observations if one.base_model == base_model and one.method == method],
    }
    factor, level, known = 0.0, "none", 0
    for name, group in groups.items():
        logs = _log_ratios(group, quantity)
        if logs:
            weight = len(logs) / (len(logs) + (1 if level != "none" else 0))
            factor += weight * (median(logs) - factor)
            level, known = name, len(logs)
    spread = SPREADS[quantity][level]
    if level == "none" and not measured and quantity != "memory":
        spread = UNMEASURED_SPREAD
    if level == "method" and known >= 3:
        errors = sorted(abs(ratio - factor) for ratio in _log_ratios(groups["method"], quantity))
        spread = max(MIN_SPREAD, errors[int(0.8 * (len(errors) - 1))])
    return Correction(math.exp(factor), math.exp(spread), known, level)


def _log_ratios(observations: Sequence[Observation], quantity: str) -> list[float]:
    ratios = (observation.ratios.get(quantity, 0.0) for observation in observations[:MAX_OBSERVATIONS])
    return [math.log(ratio) for ratio in ratios if ratio > 0]


def memory_parts(workload: WorkloadInputs, gpu: bool) -> dict[str, float]:
    """Bytes at the peak: ``libraries``, ``weights``, ``adapter``, ``optimiser``, ``activations``, ``rows``, ``evaluation``."""
    base, learns = workload.base, workload.adapter + workload.head
    held = HELD_BYTES[held_precision(workload.method, workload.training)]
    tokens = largest_portion(workload, workload.longest)
    adapters = 0.0 if workload.method.whole_model else ADAPTER_KEPT_BYTES[gpu]
    frozen = min(base.layers, workload.method.frozen_blocks(base.layers))
    # The fused kernels of a GPU keep no attention weights.
    attention = 0.0 if workload.packed or gpu else base.hidden_size / HEAD_UNITS * workload.longest * ATTENTION_BYTES
    per_token = (
        workload.blocks_share * (base.layers - frozen) * (base.hidden_size * (KEPT_BYTES[gpu] + adapters) + attention)
    )
    per_token *= 1.0 if gpu else workload.method.relative_memory
    if workload.training.gradient_checkpointing:
        per_token *= RECOMPUTED_SHARE
    output = workload.vocabulary * OUTPUT_BYTES if workload.writes else 0.0
    activations = tokens * (per_token + output)
    # The saved model is loaded again beside the trained one, to verify that both answer the same. A GPU has freed the
    # activations by then; a process keeps the memory that it once had.
    again = base.parameters * held
    evaluation = max(0.0, again - activations) if gpu else again + (WRITING_BYTES if workload.writes else 0.0)
    return {
        "libraries": RUNTIME_BYTES[gpu],
        "weights": base.parameters * held,
        "adapter": 0.0 if workload.method.whole_model else learns * 4.0,
        "optimiser": learns * LEARNING_BYTES[gpu],
        "activations": activations,
        "rows": (workload.train_rows + workload.test_rows) * workload.length * ROW_BYTES if not gpu else 0.0,
        "evaluation": evaluation,
    }


def _memory(workload: WorkloadInputs, gpu: bool) -> float:
    return sum(memory_parts(workload, gpu).values())


def _speedup(workload: WorkloadInputs, gpu: bool) -> float:
    """Speed of all devices of a run relative to one."""
    return 1.0 + FURTHER_DEVICE * (workload.training.devices - 1) if gpu else 1.0


def _seconds(work: Workload, speed: Mapping[str, float] | None) -> float:
    scale = {name: (speed or REFERENCE)[name] / REFERENCE[name] for name in REFERENCE}
    return sum(
        amount / (GIGA if name in COUNTED_IN_GIGA else 1.0) * RATES[name] * scale.get(FOLLOWS.get(name, ""), 1.0)
        for name, amount in work.as_dict().items()
    )

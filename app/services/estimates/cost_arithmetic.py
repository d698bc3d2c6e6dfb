"""Seconds and bytes of a run by arithmetic, and their correction by what earlier runs took. Pure: knows no table.

The rates were fitted to runs on one core of an AMD EPYC with bf16 (``benchmarks/cost_rates.py``). On another machine they are
scaled by two measured times; whatever error is left, the runs that finished there correct.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from app.catalog.spec import held_precision
from app.catalog.workload import Workload, WorkloadInputs, count_learning, count_rest, largest_portion

# Raised whenever the arithmetic changes: what runs taught about an older one no longer applies.
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
# Bytes per weight by how the untouched model is held; a weight that learns has a gradient and two moments beside it.
HELD_BYTES = {"full": 4.0, "int8": 1.1, "nf4": 0.6}
# On a processor part of that is gone again when the activations are there.
LEARNING_BYTES = {False: 10.0, True: 12.0}
# What a block keeps per token and unit for the way back; adapters keep their inputs too. On a processor as fitted to runs,
# on a GPU by counting (Korthikanti et al. 2022, arXiv 2205.05198, section 4).
KEPT_BYTES, ADAPTER_KEPT_BYTES = {False: 19.0, True: 34.0}, {False: 52.0, True: 30.0}
# Attention keeps its weights where texts do not share a row: per token, per token of the text and per head of 32 units.
ATTENTION_BYTES, HEAD_UNITS = 40.0, 32
# Per token and entry of the vocabulary; per token of all rows, which stay in memory; and what writing answers takes.
OUTPUT_BYTES, ROW_BYTES, WRITING_BYTES = 40.0, 60.0, 150e6
RECOMPUTED_SHARE = 0.25


@dataclass(frozen=True)
class Counted:
    """One estimate before correction: bytes, seconds of learning and of everything else."""

    memory: float
    learning: float
    rest: float

    def as_dict(self) -> dict[str, float]:
        """By name."""
        return {"memory": self.memory, "learning": self.learning, "rest": self.rest}


@dataclass(frozen=True)
class Observation:
    """What one finished run took against what was counted, with what it has in common with others."""

    family: str
    base_model: str
    method: str
    ratios: Mapping[str, float]


@dataclass(frozen=True)
class Correction:
    """By how much to multiply, how far the truth may lie on either side (a factor), and from how many runs that is known.

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
LEAST_SPREAD, MOST_LESSONS = 0.08, 40
# What each further GPU of a run adds: sums of gradients are sent while others are still computed (Li et al. 2020, arXiv
# 2006.15704, measure 0.8 to 0.95 on one machine). Processes without a GPU share the same processor and add nothing.
FURTHER_DEVICE = 0.85


def count(job: WorkloadInputs, *, gpu: bool, speed: Mapping[str, float] | None) -> Counted:
    """The estimate for this machine before earlier runs correct it.

    Args:
        speed: measured seconds as :data:`REFERENCE` has them, None if the machine was never measured.
    """
    return Counted(
        memory=_memory(job, gpu),
        learning=LEARNING_START + _seconds(count_learning(job), speed) / _pace(job, gpu),
        rest=_seconds(count_rest(job), speed),
    )


def correct(what: str, lessons: Sequence[Observation], job: tuple[str, str, str], *, measured: bool) -> Correction:
    """What finished runs teach about ``memory``, ``learning`` or ``rest`` of a run of this family, model and method.

    Medians of ratios, from all runs of the machine down to those of the same model and method; each closer group counts by its
    number of runs against one run's weight of the wider group.
    """
    family, base_model, method = job
    groups = {
        "machine": list(lessons),
        "family": [each for each in lessons if each.family == family],
        "model": [each for each in lessons if each.base_model == base_model],
        "method": [each for each in lessons if each.base_model == base_model and each.method == method],
    }
    factor, level, known = 0.0, "none", 0
    for name, group in groups.items():
        logs = [math.log(each.ratios[what]) for each in group[:MOST_LESSONS] if each.ratios.get(what, 0.0) > 0]
        if logs:
            weight = len(logs) / (len(logs) + (1 if level != "none" else 0))
            factor += weight * (median(logs) - factor)
            level, known = name, len(logs)
    spread = SPREADS[what][level]
    if level == "none" and not measured and what != "memory":
        spread = UNMEASURED_SPREAD
    if level == "method" and known >= 3:
        off = sorted(abs(math.log(each.ratios[what]) - factor) for each in groups["method"][:MOST_LESSONS])
        spread = max(LEAST_SPREAD, off[int(0.8 * (len(off) - 1))])
    return Correction(math.exp(factor), math.exp(spread), known, level)


def memory_parts(job: WorkloadInputs, gpu: bool) -> dict[str, float]:
    """Bytes at the moment of the most: ``libraries``, ``weights``, ``adapter``, ``optimiser``, ``activations``, ``rows``, ``evaluation``."""
    base, learns = job.base, job.adapter + job.head
    held = HELD_BYTES[held_precision(job.method, job.training)]
    tokens = largest_portion(job, job.longest)
    adapters = 0.0 if job.method.whole_model else ADAPTER_KEPT_BYTES[gpu]
    frozen = min(base.layers, job.method.frozen_blocks(base.layers))
    # The fused kernels of a GPU keep no attention weights.
    attention = 0.0 if job.packed or gpu else base.hidden_size / HEAD_UNITS * job.longest * ATTENTION_BYTES
    per_token = (base.layers - frozen) * (base.hidden_size * (KEPT_BYTES[gpu] + adapters) + attention)
    per_token *= 1.0 if gpu else job.method.relative_memory
    if job.training.gradient_checkpointing:
        per_token *= RECOMPUTED_SHARE
    output = job.vocabulary * OUTPUT_BYTES if job.writes else 0.0
    activations = tokens * (per_token + output)
    # The download is loaded afresh beside the trained model, to see that it answers the same. A GPU has given the
    # activations back by then; a process keeps the memory that it once had.
    again = base.parameters * held
    evaluation = max(0.0, again - activations) if gpu else again + (WRITING_BYTES if job.writes else 0.0)
    return {
        "libraries": RUNTIME_BYTES[gpu],
        "weights": base.parameters * held,
        "adapter": 0.0 if job.method.whole_model else learns * 4.0,
        "optimiser": learns * LEARNING_BYTES[gpu],
        "activations": activations,
        "rows": (job.train_rows + job.test_rows) * job.length * ROW_BYTES if not gpu else 0.0,
        "evaluation": evaluation,
    }


def _memory(job: WorkloadInputs, gpu: bool) -> float:
    return sum(memory_parts(job, gpu).values())


def _pace(job: WorkloadInputs, gpu: bool) -> float:
    """How many times as fast as one device the devices of a run learn together."""
    return 1.0 + FURTHER_DEVICE * (job.training.devices - 1) if gpu else 1.0


def _seconds(work: Workload, speed: Mapping[str, float] | None) -> float:
    scale = {name: (speed or REFERENCE)[name] / REFERENCE[name] for name in REFERENCE}
    return sum(
        amount / (GIGA if name in COUNTED_IN_GIGA else 1.0) * RATES[name] * scale.get(FOLLOWS.get(name, ""), 1.0)
        for name, amount in work.as_dict().items()
    )

"""``python -m tests.faults [F-02 ...]``: inject, print a table and a summary; exit code 1 on any miss.

``FAULTS_N`` multiplies every count (default 0.1), ``FAULTS_SEED`` is the seed (default 0).
"""

import logging
import math
import os
import sys
import tempfile
import time
import traceback
from pathlib import Path
from statistics import quantiles

# Forked trainers must find no threads of their parent's libraries.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from tests.faults.bench import Bench, NotHere
from tests.faults.injections import INJECTIONS


def main(names: list[str]) -> int:
    """Run the named injections, or all."""
    share, seed = float(os.environ.get("FAULTS_N", "0.1")), int(os.environ.get("FAULTS_SEED", "0"))
    chosen = sorted(
        (injection for injection in INJECTIONS if not names or injection.name in names),
        key=lambda injection: not injection.forks,
    )
    began, missed, injected = time.monotonic(), [], 0
    # What goes wrong here goes wrong on purpose.
    logging.lastResort = None
    print(f"FAULTS_N={share:g} seed={seed}\n{'':2}{'injection':<58}{'count':>7}{'seconds':>9}  result", flush=True)
    with tempfile.TemporaryDirectory(prefix="studio-faults-") as folder:
        bench = Bench(Path(folder), seed)
        try:
            for injection in chosen:
                count, since, result = max(1, math.ceil(injection.full * share)), time.monotonic(), "pass"
                try:
                    injection.act(bench, count)
                except NotHere as reason:
                    result = f"not here: {reason}"
                except Exception:  # a miss of any kind is reported and the next injection runs
                    traceback.print_exc()
                    missed.append(injection.name)
                    result = "MISS"
                injected += count
                title = f"{injection.name} {injection.title}"
                note = bench.notes.get(injection.name, "")
                print(f"  {title:<58}{count:>7}{time.monotonic() - since:>9.1f}  {result}  {note}".rstrip(), flush=True)
        finally:
            bench.close()
    _print_numbers(bench)
    seconds = time.monotonic() - began
    print(
        f"{injected} injections of {len(chosen)} kinds, {len(chosen) - len(missed)} kinds passed, "
        f"{len(missed)} missed{': ' + ', '.join(missed) if missed else ''}, {seconds:.0f} s"
    )
    return 1 if missed else 0


def _print_numbers(bench: Bench) -> None:
    counts = bench.counts
    print(f"  kills survived with a bitwise equal result   {counts.equal} runs, {counts.kills} kills")
    print(f"  stale writes refused                         {counts.stale_refused} of {counts.stale_tried}")
    print(f"  points lost / points doubled                 {counts.lost_points} / {counts.doubled_points}")
    if len(counts.cancel_seconds) > 1:
        p95 = quantiles(counts.cancel_seconds, n=20)[-1]
        print(f"  cancel latency p95 (s)                       {p95:.2f} of {len(counts.cancel_seconds)}")
    for name, seconds in sorted(counts.pickup_seconds.items()):
        middle, most = sorted(seconds)[len(seconds) // 2], max(seconds)
        print(f"  pickup, {name:<37}median {middle:.2f} s, most {most:.2f} s of {len(seconds)}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""One of several processes that train the jobs of a plan together: ``RANK=1 WORLD_SIZE=2 python -m ... plan.json``.

A test starts all of them; several jobs share one start, because importing torch takes longer than training here.
"""

import json
import os
import sys
from pathlib import Path

import torch
from accelerate.state import AcceleratorState, PartialState
from pydantic import TypeAdapter

from app.catalog.card import BaseModelCard
from app.catalog.spec import RunSpec
from app.run_report import NullReport
from worker.engine.loop.train import train
from worker.engine.reporting.list_report import ListReport
from worker.engine.runtime.distributed import init_process_group
from worker.engine.runtime.training_job import TrainingJob


def main(plan: Path) -> None:
    number, count = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    torch.set_num_threads(1)
    init_process_group(number, count, plan.with_suffix(".meeting"))
    for load in json.loads(plan.read_text()):
        AcceleratorState._reset_state()
        base = TypeAdapter(BaseModelCard).validate_python(load["card"])
        job = TrainingJob(
            RunSpec.model_validate(load["spec"]),
            base,
            Path(load["base"]),
            Path(load["rows"]),
            Path(load["splits"]),
            Path(load["folder"]),
            resume_from=Path(load["resume_from"]) if load["resume_from"] else None,
            portions=load["portions"],
        )
        report = ListReport() if PartialState().is_main_process else NullReport()
        train(job, report)
        if isinstance(report, ListReport):
            payload = {"metrics": report.metrics, "events": [event["message"] for event in report.events]}
            (job.folder / "reported.json").write_text(json.dumps(payload))
        PartialState().wait_for_everyone()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
    # As a trainer: skips the slow teardown of torch.
    os._exit(0)

"""One of several processes that train the orders of a plan together: ``RANK=1 WORLD_SIZE=2 python -m ... plan.json``.

A test starts all of them; several orders share one start, because importing torch takes longer than training here.
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
    for each in json.loads(plan.read_text()):
        AcceleratorState._reset_state()
        base = TypeAdapter(BaseModelCard).validate_python(each["card"])
        order = TrainingJob(
            RunSpec.model_validate(each["spec"]),
            base,
            Path(each["base"]),
            Path(each["rows"]),
            Path(each["splits"]),
            Path(each["folder"]),
            resume_from=Path(each["resume_from"]) if each["resume_from"] else None,
            portions=each["portions"],
        )
        report = ListReport() if PartialState().is_main_process else NullReport()
        train(order, report)
        if isinstance(report, ListReport):
            told = {"metrics": report.metrics, "events": [event["message"] for event in report.events]}
            (order.folder / "told.json").write_text(json.dumps(told))
        PartialState().wait_for_everyone()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
    # As a trainer: skips the slow teardown of torch.
    os._exit(0)

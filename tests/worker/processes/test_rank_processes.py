"""A run on several devices: a killed rank ends the others, and the run resumes from its checkpoint."""

import os
import signal

import psutil
import pytest

from app.db import transaction
from app.models import QUEUED, SUCCEEDED, Job
from app.services.runs import metrics, runs
from tests.worker.test_trainer import job_of, submit
from worker.jobs import supervisor


@pytest.mark.faults
def test_killed_rank_ends_all_ranks_and_the_run_resumes(owner: str) -> None:
    run = submit(owner, evaluations_per_epoch=4, devices=2)
    ranks: list[psutil.Process] = []

    def kill_second_rank_after_checkpoint(line: dict) -> None:
        if line["type"] == "checkpoint" and line["step"] > 0 and not ranks:
            first = psutil.Process(job_of(run).pid)
            ranks.extend([first, *first.children()])
            assert len(ranks) == 2 and {os.getpgid(rank.pid) for rank in ranks} == {first.pid}
            os.kill(ranks[1].pid, signal.SIGKILL)

    supervisor.execute(run.job_id, on_spool=kill_second_rank_after_checkpoint)
    job = job_of(run)
    # It has saved a step, so the attempt does not count.
    assert (job.state, job.attempt) == (QUEUED, 0), (job.state, job.error)
    assert not [rank for rank in ranks if rank.is_running()], "a process was left behind"
    messages = [event.message for event in metrics.events_since(owner, run.id).events]
    assert any("SIGKILL" in message for message in messages), messages
    with transaction() as session:
        session.get_one(Job, run.job_id).not_before = 0.0
    supervisor.execute(run.job_id)
    assert job_of(run).state == SUCCEEDED, job_of(run).error
    messages = [event.message for event in metrics.events_since(owner, run.id).events]
    assert any(message.startswith("Continuing after step") for message in messages)
    done = runs.get_run(owner, run.id)
    assert done.results["devices"] == 2 and done.results["metrics"]["accuracy"] > 0.8
    # Only rank 0 reports: no gap, and no point twice.
    assert [step for step, _ in metrics.read_curves(owner, run.id).series()["train/loss"]] == list(range(1, 16))

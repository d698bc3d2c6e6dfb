"""What Celery's task and signals do: choose the queue, start and end the executor, wake it."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.queue import LIGHT_QUEUE, TRAIN_QUEUE, WORK_TASK, celery_app
from app.services.queue import workers
from tests.studio.processes import wait_until
from worker import tasks
from worker.executor import Executor
from worker.jobs import supervisor
from worker.tasks import _choose_queue, _end_executor, _Process, _start_executor, _stop_jobs


@pytest.fixture(autouse=True)
def process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The state of a process that has just begun."""
    monkeypatch.setattr(_Process, "queue", TRAIN_QUEUE)
    monkeypatch.setattr(_Process, "executor", None)
    yield
    _end_executor()
    supervisor.stopping.clear()


@pytest.mark.parametrize(
    ("given", "queue"), [({}, TRAIN_QUEUE), ({"queues": "light"}, LIGHT_QUEUE), ({"queues": ["train"]}, TRAIN_QUEUE)]
)
def test_worker_serves_the_queue_that_is_named(given: dict, queue: str) -> None:
    _choose_queue(given)
    assert _Process.queue == queue


@pytest.mark.parametrize("queues", ["light,train", "celery", ["train", "light"]])
def test_worker_of_no_or_two_queues_is_refused(queues: object) -> None:
    with pytest.raises(SystemExit, match="A worker serves one queue"):
        _choose_queue({"queues": queues})


def test_refused_worker_ends_with_the_reason() -> None:
    command = [sys.executable, "-m", "celery", "-A", "worker.app", "worker", "-Q", "light,train", "-P", "solo"]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert refused.returncode == 1 and "A worker serves one queue" in refused.stderr


def test_executor_of_the_chosen_queue_is_started_and_ended(studio_home: Path) -> None:
    _choose_queue({"queues": "light"})
    _start_executor()
    assert isinstance(_Process.executor, Executor)
    wait_until(lambda: bool(workers.list_workers(LIGHT_QUEUE)), "a light worker has signed on")
    _stop_jobs()
    assert supervisor.stopping.is_set()
    _end_executor()
    assert _Process.executor is None and not workers.list_workers(LIGHT_QUEUE)
    _end_executor()


def test_message_wakes_the_executor_and_is_harmless_without_one(monkeypatch: pytest.MonkeyPatch) -> None:
    tasks.work("job")
    woken = threading.Event()
    executor = Executor(LIGHT_QUEUE)
    monkeypatch.setattr(executor, "wake", woken.set)
    monkeypatch.setattr(executor, "leave", lambda: None)
    _Process.executor = executor
    tasks.work("job")
    assert woken.is_set()


def test_task_has_the_name_that_messages_carry() -> None:
    assert WORK_TASK in celery_app().tasks

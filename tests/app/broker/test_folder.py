"""Messages in a folder: whole or not at all, and nothing in it ends a worker."""

import json
import os
import threading
from pathlib import Path
from queue import Empty

import pytest
from kombu import Connection

from app.broker.folder import FolderTransport
from tests.app.broker.messages import BROKEN, message


@pytest.fixture
def broker(tmp_path: Path):
    """A channel on a folder of its own; the folder of messages is ``tmp_path / "messages"``."""
    (tmp_path / "messages").mkdir()
    options = {
        "data_folder_in": str(tmp_path / "messages"),
        "data_folder_out": str(tmp_path / "messages"),
        "control_folder": str(tmp_path / "control"),
    }
    with Connection(transport=FolderTransport, transport_options=options) as connection:
        yield connection.channel()


def test_message_is_taken_once_and_in_order(broker, tmp_path: Path):
    for number in range(3):
        broker._put("train", message(f"job-{number}"))
    broker._put("light", message("other"))
    taken = [broker._get("train") for _ in range(3)]
    assert [found["body"] for found in taken] == [message(f"job-{number}")["body"] for number in range(3)]
    with pytest.raises(Empty):
        broker._get("train")
    assert len(os.listdir(tmp_path / "messages")) == 1


def test_broken_messages_are_moved_aside_and_the_good_one_behind_them_is_taken(broker, tmp_path: Path, caplog):
    for at, content in enumerate(BROKEN.values()):
        (tmp_path / "messages" / f"000_{at:02d}.train.msg").write_bytes(content)
    broker._put("train", message("job-1"))
    assert broker._get("train") == message("job-1")
    assert len(os.listdir(tmp_path / "unreadable")) == len(BROKEN)
    assert caplog.text.count("cannot be read") == len(BROKEN) and os.listdir(tmp_path / "messages") == []


def test_message_that_cannot_be_written_leaves_nothing_behind(broker, tmp_path: Path, monkeypatch):
    def full(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(Exception, match="No space left"):
        broker._put("train", message("job-1"))
    assert os.listdir(tmp_path / "messages") == []


def test_several_workers_never_take_one_message_twice(broker, tmp_path: Path):
    for number in range(60):
        broker._put("train", message(f"job-{number}"))
    taken: list[str] = []

    def take() -> None:
        while True:
            try:
                taken.append(broker._get("train")["body"])
            except Empty:
                return

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken)) == 60


def test_damaged_list_of_queues_is_written_anew(broker, tmp_path: Path):
    broker._queue_bind("train", "train", "", "train")
    file = tmp_path / "control" / "train.exchange"
    assert json.loads(file.read_text())[0][2] == "train"
    file.write_bytes(b"")
    broker._queue_bind("train", "train", "", "train")
    assert json.loads(file.read_text()) == [["train", "", "train"]]

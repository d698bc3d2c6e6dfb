"""Command lines and environment of the studio's processes."""

import subprocess
import sys
from pathlib import Path

import pytest

from studio import commands
from tests.conftest import forget_settings


def test_web_server_listens_where_the_settings_say(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_HOST", "0.0.0.0")
    monkeypatch.setenv("STUDIO_PORT", "8080")
    forget_settings()
    command = commands.web()
    assert command[0] == sys.executable and "studio.web:serve_web" in command
    assert command[command.index("--host") + 1] == "0.0.0.0" and command[command.index("--port") + 1] == "8080"


def test_only_named_proxies_say_who_asks(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "--no-proxy-headers" in commands.web()
    monkeypatch.setenv("STUDIO_TRUSTED_PROXIES", "10.0.0.1,10.0.0.2")
    forget_settings()
    command = commands.web()
    assert command[command.index("--forwarded-allow-ips") + 1] == "10.0.0.1,10.0.0.2"


def test_workers_of_each_queue_do_one_job_at_a_time_under_their_own_name(data_folder: Path) -> None:
    for command, queue, name in (
        (commands.worker(), "train", "celery@%h"),
        (commands.worker("gpu1"), "train", "gpu1@%h"),
        (commands.light_worker(), "light", "light@%h"),
    ):
        assert [command[command.index(option) + 1] for option in ("-Q", "-c", "-n")] == [queue, "1", name]


def test_processes_find_the_data_folder_from_any_folder(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(data_folder.parent)
    monkeypatch.setenv("STUDIO_DATA_DIR", "data")
    forget_settings()
    environment = commands.environment(STUDIO_PORT="81")
    assert environment["STUDIO_DATA_DIR"] == str(data_folder.resolve()) and environment["STUDIO_PORT"] == "81"


def test_command_takes_the_place_of_this_process(data_folder: Path) -> None:
    """Seen in a process of its own: its exit code is that of the command, and it runs where the packages are."""
    code = (
        "import sys; from studio.commands import become; "
        "become([sys.executable, '-c', 'import os, sys; print(os.getcwd()); sys.exit(7)'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=data_folder.parent,
        env={**commands.environment(), "PYTHONPATH": str(commands.ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (7, str(commands.ROOT)), done.stderr

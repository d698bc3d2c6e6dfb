"""`studio doctor`: a sound machine passes, and what is broken comes with a remedy."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.conftest import forget_settings
from tests.studio.processes import call, run

Examine = Callable[..., tuple[int, dict[str, dict[str, Any]]]]


def findings(printed: str, code: int) -> dict[str, dict[str, Any]]:
    payload = json.loads(printed)
    assert (payload["status"] == "ok") == (code == 0)
    return {check["name"]: check for check in payload["checks"]}


@pytest.fixture
def examined(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Examine]:
    """Runs `studio doctor` in this process with the given settings; returns exit code and findings by name."""

    def examine(**values: str) -> tuple[int, dict[str, dict[str, Any]]]:
        for name, value in values.items():
            monkeypatch.setenv(name, value)
        forget_settings()
        code = run("doctor", "--json")
        return code, findings(capsys.readouterr().out, code)

    yield examine
    forget_settings()


def test_fresh_machine_passes_and_nothing_is_made(tmp_path: Path) -> None:
    done = call("doctor", "--json", STUDIO_DATA_DIR=str(tmp_path / "data"))
    checks = findings(done.stdout, done.returncode)
    assert done.returncode == 0
    fences = checks["fences"]
    assert fences["status"] == "ok" or (fences["status"] == "missing" and fences["hint"])
    expected = {
        "fences",
        "python",
        "torch",
        "gpu",
        "memory",
        "disk",
        "database",
        "broker",
        "model starter-encoder",
        "chromium",
        "redis-server",
        "postgres",
    }
    assert expected <= set(checks)
    assert checks["database"]["status"] == "missing" and "studio up" in checks["database"]["hint"]
    assert checks["model starter-encoder"]["status"] == "ok"
    assert not (tmp_path / "data" / "studio.db").exists()


def test_servers_that_answer_pass(
    examined: Examine, tmp_path: Path, postgres_url: str, redis_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    place = {
        "STUDIO_DATA_DIR": str(tmp_path / "data"),
        "STUDIO_DATABASE_URL": postgres_url,
        "STUDIO_BROKER_URL": redis_url,
    }
    code, checks = examined(**place)
    assert code == 1 and "studio migrate" in checks["database"]["hint"], "no tables yet"
    assert run("migrate") == 0
    capsys.readouterr()
    code, checks = examined(**place)
    assert code == 0 and checks["broker"]["status"] == "missing" and "has no password" in checks["broker"]["value"]
    with redis.Redis.from_url(redis_url) as server:
        server.config_set("requirepass", "hush")
        try:
            _, checks = examined(**{**place, "STUDIO_BROKER_URL": redis_url.replace("redis://", "redis://:hush@")})
        finally:
            server.config_set("requirepass", "")
    assert checks["broker"]["status"] == "ok" and "hush" not in checks["broker"]["value"]


def test_unreachable_servers_come_with_a_remedy_and_without_passwords(
    examined: Examine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = {
        "STUDIO_DATA_DIR": str(tmp_path / "data"),
        "STUDIO_DATABASE_URL": "postgresql+psycopg://someone:hush@127.0.0.1:1/none",
        "STUDIO_BROKER_URL": "redis://:hush@127.0.0.1:1/0",
    }
    code, checks = examined(**place)
    assert code == 1
    for part, remedy in (("database", "STUDIO_DATABASE_URL"), ("broker", "STUDIO_BROKER_URL")):
        assert checks[part]["status"] == "broken" and remedy in checks[part]["hint"]
    assert run("doctor") == 1
    printed = capsys.readouterr().out
    assert "hush" not in printed and "broken" in printed

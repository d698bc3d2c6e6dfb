"""`studio doctor`: a sound machine passes, and what is broken comes with a remedy."""

import json
from pathlib import Path
from typing import Any

from tests.studio.processes import call


def examined(**values: str) -> tuple[int, dict[str, dict[str, Any]]]:
    done = call("doctor", "--json", **values)
    payload = json.loads(done.stdout)
    assert (payload["status"] == "ok") == (done.returncode == 0)
    return done.returncode, {check["name"]: check for check in payload["checks"]}


def test_fresh_machine_passes_and_nothing_is_made(tmp_path: Path) -> None:
    code, checks = examined(STUDIO_DATA_DIR=str(tmp_path / "data"))
    assert code == 0
    expected = {
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


def test_servers_that_answer_pass(tmp_path: Path, postgres_url: str, redis_url: str) -> None:
    place = {
        "STUDIO_DATA_DIR": str(tmp_path / "data"),
        "STUDIO_DATABASE_URL": postgres_url,
        "STUDIO_BROKER_URL": redis_url,
    }
    code, checks = examined(**place)
    assert code == 1 and "studio migrate" in checks["database"]["hint"], "no tables yet"
    assert call("migrate", **place).returncode == 0
    code, checks = examined(**place)
    assert code == 0 and checks["broker"]["status"] == "ok"


def test_unreachable_servers_come_with_a_remedy_and_without_passwords(tmp_path: Path) -> None:
    place = {
        "STUDIO_DATA_DIR": str(tmp_path / "data"),
        "STUDIO_DATABASE_URL": "postgresql+psycopg://someone:hush@127.0.0.1:1/none",
        "STUDIO_BROKER_URL": "redis://:hush@127.0.0.1:1/0",
    }
    code, checks = examined(**place)
    assert code == 1
    for part, remedy in (("database", "STUDIO_DATABASE_URL"), ("broker", "STUDIO_BROKER_URL")):
        assert checks[part]["status"] == "broken" and remedy in checks[part]["hint"]
    printed = call("doctor", **place)
    assert printed.returncode == 1 and "hush" not in printed.stdout and "broken" in printed.stdout

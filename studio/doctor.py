"""`studio doctor`: what works on this machine, and what to do about what does not. Changes nothing.

Each examination is a function that returns one or more findings; a failing one never hides the others.
"""

import importlib.metadata
import json
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

import click
import psutil
from rich.console import Console
from rich.markup import escape

from app.processes.subprocess import ROOT, model_environment, python_module
from app.services.queue import machine
from app.settings import get_settings

OK, MISSING, BROKEN = "ok", "missing", "broken"
MARKS = {OK: "[green]ok     [/green]", MISSING: "[yellow]missing[/yellow]", BROKEN: "[red]broken [/red]"}
PACKAGES = ("gradio", "fastapi", "celery", "sqlalchemy")
TRAINING_PACKAGES = ("torch", "transformers", "peft", "accelerate")
MIN_MEMORY_GB, MIN_DISK_GB = 2.0, 5.0
FENCE_SECONDS = 30.0
# Programs that only tests or server mode need.
PROGRAMS = {
    "chromium": "Needed by the tests only; `make test` installs it.",
    "redis-server": "Needed by the tests, and by server mode on one of its machines.",
    "postgres": "Needed by the tests, and by server mode on one of its machines.",
}


@dataclass(frozen=True)
class CheckResult:
    """One line: ``missing`` things are optional, ``broken`` ones keep the studio from working."""

    name: str
    status: str
    value: str
    hint: str = ""


def examine(as_json: bool) -> int:
    """Print all findings; returns 0, or 1 if something is broken."""
    findings = [finding for examination in EXAMINATIONS for finding in _carefully(examination)]
    broken = any(finding.status == BROKEN for finding in findings)
    if as_json:
        report = {"status": BROKEN if broken else OK, "checks": [asdict(finding) for finding in findings]}
        click.echo(json.dumps(report, ensure_ascii=False))
    else:
        _print(findings)
    return 1 if broken else 0


def examine_versions() -> list[CheckResult]:
    """Python and the packages that matter most."""
    fresh = sys.version_info >= (3, 11)
    hint = "" if fresh else "Python 3.11 or newer is needed."
    found = [CheckResult("python", OK if fresh else BROKEN, platform.python_version(), hint)]
    found += [_examine_package(package, BROKEN) for package in PACKAGES]
    return found + [_examine_package(package, _without_training()) for package in TRAINING_PACKAGES]


def _examine_package(name: str, if_absent: str) -> CheckResult:
    try:
        return CheckResult(name, OK, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return CheckResult(name, if_absent, "not installed", "Run `make install`.")


def _without_training() -> str:
    """In server mode the machine that serves pages trains nothing and may do without the means for it."""
    return MISSING if get_settings().database_url else BROKEN


def examine_gpu() -> list[CheckResult]:
    """What the driver says."""
    try:
        found = machine.read_gpus()
    except machine.DriverFails:
        return [
            CheckResult(
                "gpu",
                BROKEN,
                "the NVIDIA driver does not answer",
                "Reinstall the NVIDIA driver, or restart the machine.",
            )
        ]
    if not found:
        hint = "Training uses the processor; small models are fine on it."
        return [CheckResult("gpu", MISSING, "no NVIDIA driver", hint)]
    return [CheckResult("gpu", OK, _gpu_words(gpu)) for gpu in found]


def _gpu_words(gpu: machine.Gpu) -> str:
    return f"{gpu.name}, {gpu.free_bytes / 1e9:.1f} of {gpu.total_bytes / 1e9:.1f} GB free, driver {gpu.driver}"


def examine_memory() -> list[CheckResult]:
    """Free memory of the machine."""
    memory = psutil.virtual_memory()
    free = memory.available / 1e9
    low = free < MIN_MEMORY_GB
    value = f"{free:.1f} of {memory.total / 1e9:.1f} GB free, {psutil.cpu_count()} processor threads"
    hint = f"Training needs about {MIN_MEMORY_GB:.0f} GB; close other programs." if low else ""
    return [CheckResult("memory", BROKEN if low else OK, value, hint)]


def examine_disk() -> list[CheckResult]:
    """Free space where the data folder is, or will be."""
    folder = get_settings().resolved_data_dir
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(existing).free / 1e9
    low = free < MIN_DISK_GB
    hint = f"Free up {MIN_DISK_GB:.0f} GB, or set STUDIO_DATA_DIR to a larger disk." if low else ""
    return [CheckResult("disk", BROKEN if low else OK, f"{free:.1f} GB free for {folder}", hint)]


def examine_database() -> list[CheckResult]:
    """Reachable, and at the newest revision."""
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory
    from sqlalchemy import make_url

    from app import db, migrate

    settings = get_settings()
    url = make_url(settings.resolved_database_url)
    address = url.render_as_string(hide_password=True)
    if not settings.database_url and not Path(url.database or "").exists():
        return [
            CheckResult(
                "database", MISSING, f"{address} does not exist yet", "`studio up` makes it at the first start."
            )
        ]
    try:
        with db.get_engine().connect() as connection:
            present = MigrationContext.configure(connection).get_current_revision()
    except Exception as error:  # any error type of the driver
        reason = str(getattr(error, "orig", error)).strip().splitlines()[0]
        return [CheckResult("database", BROKEN, f"{address}: {reason}", "Start it, or correct STUDIO_DATABASE_URL.")]
    newest = ScriptDirectory.from_config(migrate.config()).get_current_head()
    if present != newest:
        value = f"{address} is at revision {present or 'none'}, the newest is {newest}"
        return [CheckResult("database", BROKEN, value, "Run `studio migrate`.")]
    return [CheckResult("database", OK, f"{address}, revision {present}")]


def examine_broker() -> list[CheckResult]:
    """The broker: a folder in the embedded default, otherwise a server that must answer."""
    from kombu.utils.url import maybe_sanitize_url

    from app.queue import celery_app

    settings = get_settings()
    if not settings.broker_url:
        return [CheckResult("broker", OK, f"a private folder, {settings.resolved_data_dir / 'broker'}")]
    address = str(maybe_sanitize_url(settings.broker_url))
    try:
        with celery_app().connection_for_read(connect_timeout=3) as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=3)
    except Exception as error:  # any error type of the transport
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        hint = "Start it, or correct STUDIO_BROKER_URL; until then runs wait in the queue."
        return [CheckResult("broker", BROKEN, f"{address}: {reason}", hint)]
    if urlsplit(settings.broker_url).password is None:
        hint = (
            "Set a password (`requirepass`) and write it into STUDIO_BROKER_URL: who reaches Redis can read its queues."
        )
        return [CheckResult("broker", MISSING, f"{address} has no password", hint)]
    return [CheckResult("broker", OK, address)]


def examine_models() -> list[CheckResult]:
    """Each base model is present and is what its publisher made."""
    from app.catalog.base_models import base_model_path, base_models
    from app.errors import StudioError

    found = []
    for card in base_models():
        try:
            found.append(CheckResult(f"model {card.name}", OK, f"{base_model_path(card.name)}, SHA-256 as published"))
        except StudioError as error:
            status = _without_training() if error.code == "model_not_installed" else BROKEN
            found.append(CheckResult(f"model {card.name}", status, error.message, error.hint))
    return found


def examine_programs() -> list[CheckResult]:
    """Programs outside of Python."""
    found = []
    for name, hint in PROGRAMS.items():
        # Debian keeps PostgreSQL's programs outside PATH.
        path = shutil.which(name) or next(map(str, Path("/usr/lib/postgresql").glob(f"*/bin/{name}")), None)
        found.append(CheckResult(name, OK, path) if path else CheckResult(name, MISSING, "not installed", hint))
    return found


def examine_studio() -> list[CheckResult]:
    """Whether a studio runs on this data folder, and where its logs are."""
    from studio.claimed_folder import running_address

    logs = get_settings().resolved_data_dir / "logs"
    address = running_address()
    return [
        CheckResult("studio", OK, f"runs at {address}") if address else CheckResult("studio", OK, "not running"),
        CheckResult("logs", OK, str(logs))
        if logs.exists()
        else CheckResult("logs", MISSING, f"{logs} does not exist yet"),
    ]


def examine_fences() -> list[CheckResult]:
    """What keeps a training process from the network and from other people's files, tried in a process like one."""
    arguments = python_module("worker.processes.sandbox", safe_path=True)
    tried = subprocess.run(
        arguments,
        env={**model_environment(), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=FENCE_SECONDS,
        check=True,
    )
    missing: list[str] = json.loads(tried.stdout)
    if not missing:
        return [CheckResult("fences", OK, "trainings have no network and see only the files of their own run")]
    return [CheckResult("fences", MISSING, "a training is not fully closed off here", hint) for hint in missing]


EXAMINATIONS: tuple[Callable[[], list[CheckResult]], ...] = (
    examine_versions,
    examine_gpu,
    examine_memory,
    examine_disk,
    examine_database,
    examine_broker,
    examine_models,
    examine_programs,
    examine_fences,
    examine_studio,
)


def _carefully(examination: Callable[[], list[CheckResult]]) -> list[CheckResult]:
    try:
        return examination()
    except Exception as error:  # one failing examination must not hide the others
        name = examination.__name__.removeprefix("examine_")
        return [CheckResult(name, BROKEN, f"could not be examined: {error}", "Run `make install`, then try again.")]


def _print(findings: list[CheckResult]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for finding in findings:
        console.print(f"{MARKS[finding.status]} {finding.name}: {escape(finding.value)}")
        if finding.hint:
            console.print(f"        {escape(finding.hint)}")

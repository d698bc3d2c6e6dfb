"""Stands in for the trainer to try what a trainer must not be able to do; writes what it found into its folder."""

import json
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from worker.processes import sandbox


def main() -> None:
    sandbox.confine(network=True)
    line = sys.stdin.readline()
    if not line:
        return
    given = json.loads(line)
    folder, data = Path(given["folder"]), Path(given["data"])
    port = json.loads((folder / "job.json").read_text())["spec"]["probe_port"]
    sandbox.enter_folder(folder)
    job = json.loads((folder / "job.json").read_text())
    others = next(path for path in (data / "datasets").iterdir() if path.name == "other")
    sandbox.close_data_folder(data, [Path(job["rows"]).parent], folder, Path(job["cache"]))
    print("said on standard output")
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    findings = {
        "missing": sandbox.missing_fences,
        "files_done": {name: _done(act) for name, act in _acts(data, folder, others).items()},
        "reached": _reaches(("127.0.0.1", port)),
        "interfaces": [name for _, name in socket.if_nameindex() if name != "lo"],
        "environment": dict(os.environ),
        "cwd": os.getcwd(),
        "user": os.getuid(),
        "core": resource.getrlimit(resource.RLIMIT_CORE)[0],
        "files": resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        "memory": resource.getrlimit(resource.RLIMIT_AS)[0],
    }
    (folder / "findings.json").write_text(json.dumps(findings))
    (folder / "adapter").mkdir()
    (folder / "adapter" / "manifest.json").write_text('{"files": {}}')
    (folder / "predictions.jsonl").write_text("")
    (folder / "result.json").write_text('{"metrics": {"accuracy": 1.0}}')


def _acts(data: Path, folder: Path, others: Path) -> dict[str, Callable[[], object]]:
    """What a trainer might try with files, by the folder that it is about."""
    return {
        "read database": (data / "studio.db").read_bytes,
        "write database": lambda: (data / "studio.db").open("ab").write(b"x"),
        "make message": lambda: (data / "broker" / "messages" / "forged.msg").write_text("{}"),
        "read other data": (others / "rows.parquet").read_bytes,
        "list data": lambda: list((data / "datasets").iterdir()),
        "write own data": lambda: (data / "datasets" / "x").write_text("x"),
        "write code": lambda: (Path(__file__).parent / "forged.py").write_text("x"),
        "write own folder": lambda: (folder / "note").write_text("x"),
        "rename in own folder": lambda: (folder / "note").rename(folder / "renamed"),
        "write cache": lambda: (data / "cache" / "tokens").write_text("x"),
        "read system": Path("/etc/passwd").read_bytes,
        "read code": Path(__file__).read_bytes,
        "write device": lambda: Path("/dev/null").write_text("x"),
        "terabyte": lambda: os.truncate(_made(folder / "hole"), 2**40),
    }


def _made(path: Path) -> Path:
    path.write_text("x")
    return path


def _done(act: Callable[[], object]) -> bool:
    try:
        act()
    except OSError:
        return False
    return True


def _reaches(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, timeout=2).close()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    main()

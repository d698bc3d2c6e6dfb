"""The process that parses one file."""

import json
import subprocess
import sys
from pathlib import Path

from tests.app import written_files as write

ROWS = [("eins", "a"), ("zwei", "b")]


def order(folder: Path, content: bytes, **limits: int) -> dict:
    """What the process reads from its standard input."""
    path = folder / "a.csv"
    path.write_bytes(content)
    return {
        "memory_bytes": 1 << 28,
        "cpu_seconds": 60,
        "file_bytes": 1 << 28,
        "folder": str(folder),
        "limits": limits,
        "target": str(folder / "rows"),
        "files": [{"path": str(path), "name": "a.csv", "choices": {}}],
    }


def answer(folder: Path, content: bytes, **limits: int) -> dict:
    """What the process writes after reading a file."""
    with subprocess.Popen([sys.executable, "-m", "app.readers.child"], stdin=subprocess.PIPE) as child:
        assert child.stdin is not None
        child.stdin.write(json.dumps(order(folder, content, **limits)).encode() + b"\n")
        child.stdin.flush()
        assert child.wait(30) == 0
    return json.loads((folder / "answer.json").read_bytes())


def test_answer_names_format_columns_and_rows_of_each_file(tmp_path):
    (part,) = answer(tmp_path, write.as_csv(ROWS), first=1)["parts"]
    assert (part["format"], part["columns"], part["first_id"], part["rows"]) == ("csv", ["text", "label"], 0, 1)
    assert (tmp_path / "rows").is_file()


def test_refusal_is_an_answer_with_its_status(tmp_path):
    refusal = answer(tmp_path, b"text,text\na,b\n")
    assert (refusal["error"]["code"], refusal["status"]) == ("columns", 422)


def test_parser_ends_when_nobody_waits_for_it(tmp_path):
    path = tmp_path / "long.csv"
    path.write_bytes(write.as_csv([("word " * 20, str(n)) for n in range(400_000)]))
    order = {
        "memory_bytes": 1 << 28,
        "cpu_seconds": 60,
        "file_bytes": 1 << 28,
        "folder": str(tmp_path),
        "limits": {},
        "target": str(tmp_path / "rows"),
        "files": [{"path": str(path), "name": "a.csv", "choices": {}}],
    }
    command = [sys.executable, "-m", "app.readers.child"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        assert child.stdin is not None
        child.stdin.write(json.dumps(order).encode() + b"\n")
        child.stdin.close()
        assert child.wait(20) == 1
    assert not (tmp_path / "answer.json").exists()


def test_parser_loads_no_large_library(tmp_path):
    code = "from app.readers import child; child.main(); import sys; print(*{n.split('.')[0] for n in sys.modules})"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps(order(tmp_path, write.as_csv(ROWS))).encode() + b"\n")
        process.stdin.flush()
        loaded = set(process.stdout.read().decode().split())
    assert (tmp_path / "rows").is_file() and "pyarrow" in loaded
    assert not loaded & {"torch", "gradio", "fastapi", "sqlalchemy", "pydantic", "pandas", "charset_normalizer"}

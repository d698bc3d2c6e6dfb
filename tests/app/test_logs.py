"""Log records: JSON lines with the ids of job and run, and text lines; one line each."""

import io
import json
import logging

import pytest

from app import logs
from app.settings import get_settings


def test_records_name_job_and_run_and_stay_on_one_line(monkeypatch: pytest.MonkeyPatch, studio_home: object) -> None:
    monkeypatch.setenv("STUDIO_LOG_FORMAT", "json")
    get_settings.cache_clear()
    for formatter, parse in ((logs.JsonLines("worker"), json.loads), (logs.TextLines(), str)):
        out = io.StringIO()
        handler = logging.StreamHandler(out)
        handler.setFormatter(formatter)
        log = logging.Logger("test")
        log.addHandler(handler)
        with logs.about(job="j1"), logs.about(run="r1"):
            log.info("a name with\nERROR a forged line and \x1b[31m colour")
        (line,) = out.getvalue().splitlines()
        parse(line)
        assert "j1" in line and "r1" in line and "\x1b" not in line

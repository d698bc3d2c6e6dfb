"""Findings: problems get unique keys, lines become row ids, lines without a row are kept apart."""

import numpy as np
import pytest

from app.catalog.task_types.base import Problem
from app.errors import NotFound
from app.services.datasets.findings import LineIndex, collect, find_finding, load_findings, store_findings

# Rows 0 to 2 are from the main file, 3 and 4 from the evaluation file; line 3 of the main file could not be read.
INDEX = LineIndex(np.array([0, 1, 2, 3, 4]), np.array([2, 4, 5, 2, 3]), range(3, 5))


def test_lines_and_ids_are_mapped_within_their_file():
    assert (INDEX.id(4, False), INDEX.id(3, False), INDEX.id(3, True)) == (1, None, 4)
    assert (INDEX.line(4), INDEX.line(9)) == (3, 0)


def test_problems_of_lines_keep_those_without_a_row():
    (finding,) = collect([Problem("bad", "error", "Bad.", "Fix it.", rows=[3, 4])], INDEX)
    assert (finding.row_ids, finding.lost_lines, finding.count) == ([1], [3], 2)


def test_keys_are_unique_and_name_the_evaluation_file(tmp_path):
    problems = [
        Problem("bad", "error", "Bad.", "", rows=[2], row_ids=[0]),
        Problem("bad", "warning", "Odd.", "", rows=[4], row_ids=[1]),
        Problem("bad", "error", "Bad.", "", rows=[2], row_ids=[3]),
    ]
    findings = collect(problems, INDEX)
    assert [finding.key for finding in findings] == ["bad", "bad.2", "evaluation.bad"]
    store_findings(tmp_path, findings)
    assert load_findings(tmp_path) == findings and find_finding(tmp_path, "bad.2") == findings[1]
    with pytest.raises(NotFound):
        find_finding(tmp_path, "good")

"""Rows without any value that is used."""

from app.services.datasets import datasets
from tests.app.services.datasets.letters import ROWS, write


def test_an_empty_row_is_one_problem(owner, tmp_path):
    path = write(tmp_path / "x.csv", [*ROWS, ("", " "), ("", "a")])
    report = datasets.check_file(path, "x.csv")
    lines = {problem["code"]: problem["rows"] for problem in report["problems"]}
    assert lines == {"empty_row": [102], "empty_text": [103]} and report["rows"] == {"total": 102, "usable": 100}


def test_an_empty_cell_of_a_single_column_is_recognised_by_the_task(owner, tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("text\n" + "".join(f"a line of running text, number {n}\n" for n in range(20)) + '""\n')
    report = datasets.check_file(path, "x.csv", task_type="continued-pretraining")
    assert "empty_row" not in [problem["code"] for problem in report["problems"]]

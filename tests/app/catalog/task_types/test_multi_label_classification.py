"""Multi-label classification: how rows are checked, counted and shown."""

from app.catalog.task_types import task_type

TASK = task_type("multi-label-classification")
COLUMNS = {"text": "text", "labels:;": "topics"}


def rows(*cells: str | None, evaluation: bool = False) -> list[dict]:
    return [
        {"_id": n, "_line": n + 2, "_evaluation": evaluation, "text": f"message {n} of many", "topics": cell}
        for n, cell in enumerate(cells)
    ]


def test_labels_are_counted_one_by_one() -> None:
    assert TASK.labels(rows("a;b", "b", "[]", None), COLUMNS) == {"a": 1, "b": 2}


def test_rows_without_anything_are_left_out_and_those_without_a_label_are_not() -> None:
    found = {problem.code: problem.rows for problem in TASK.check(rows(*["a;b", "b", "[]", "a"] * 5, None), COLUMNS)}
    assert found["empty_label"] == [22] and "too_few_rows" not in found and "one_class" not in found


def test_the_same_set_in_every_row_is_refused() -> None:
    assert TASK.check(rows(*["a;b", "b;a"] * 10), COLUMNS)[0].code == "one_class"


def test_a_text_with_other_labels_is_a_contradiction_whatever_their_order() -> None:
    twice = rows(*["a;b", "b"] * 10)
    twice += [
        {**twice[0], "_id": 50, "_line": 52, "topics": "b; a"},
        {**twice[1], "_id": 51, "_line": 53, "topics": "a"},
    ]
    found = {problem.code: problem.rows for problem in TASK.check(twice, COLUMNS)}
    assert found["duplicate_rows"] == [52] and found["conflicting_labels"] == [3, 53]


def test_a_label_of_the_evaluation_file_alone_is_named() -> None:
    found = [*rows(*["a;b", "b"] * 10), {**rows("a;z", evaluation=True)[0], "_id": 60, "_line": 9, "text": "another"}]
    [unknown] = [problem for problem in TASK.check(found, COLUMNS) if problem.code == "unknown_label"]
    assert unknown.rows == [9]


def test_columns_have_roles_and_text_is_all_that_a_model_reads() -> None:
    flags = {"text": "t", "label:water": "water"}
    assert [role.name for role in TASK.roles_of(flags)] == ["text", "labels", "label:water"]
    assert TASK.missing_role(flags) is None and TASK.missing_role({"text": "t"}).name == "labels"
    assert TASK.readable({"t": "too dry", "water": "1"}, flags) == "too dry"
    assert [role.name for role in TASK.roles_for("water")] == ["text", "labels", "label:water"]


def test_a_row_is_shown_with_its_labels_and_renamed_ones_are_written_as_they_were() -> None:
    [row] = rows("b; a")
    assert TASK.as_read(row, COLUMNS) == [("Text", "message 0 of many"), ("Labels", "a; b")]
    assert TASK.rewritten(row, COLUMNS, {"b": "c"}) == {"topics": "a;c"}
    assert TASK.rewritten({"water": "1"}, {"label:water": "water"}, {"water": "wet"}) == {}
    # Renaming takes no label of another column into the cell.
    both = {**COLUMNS, "label:water": "water"}
    assert TASK.rewritten({**row, "water": "1"}, both, {"b": "c"}) == {"topics": "a;c"}

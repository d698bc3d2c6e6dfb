"""The choice of what each column means: what was read from the cells stays chosen."""

import pytest

from studio_ui.components.column_meaning import describe_meaning
from studio_ui.components.nodes import is_element


def _found(node, tag):
    if isinstance(node, str) or node is None:
        return []
    inner = node[2:] if is_element(node) else node
    own = [node] if is_element(node) and node[0] == tag else []
    return own + [item for part in inner for item in _found(part, tag)]


@pytest.mark.parametrize("role", ["labels:/", "value:tags", "label:tags", "labels"])
def test_role_that_says_how_labels_are_written_is_offered_once(role):
    about = {
        "columns": ["text", "tags"],
        "rows": [],
        "task_type": "multi-label-classification",
        "mapping": {"text": "text", role: "tags"},
        "action": "Check",
        "always": False,
    }
    boxes = _found(describe_meaning("", {"task": "multi-label-classification", "about": about}), "select")
    # The first is the goal's; of the columns the second holds the labels.
    values = [option[1]["value"] for option in _found(boxes[2], "option")]
    assert values.count(role) == 1 and values[0] == ""

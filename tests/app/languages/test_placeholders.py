"""Every message of the code is given exactly the values that it names."""

import ast
import string
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
# Function -> which of its arguments are messages; those with two take a ``{number}`` of their own.
TAKES = {"_": (0,), "gettext": (0,), "html_text": (0,), "stated": (0,), "ngettext": (0, 1), "stated_number": (0, 1)}


def wrong_calls(source: str) -> list[str]:
    """The messages whose placeholders differ from the keywords of their call; calls with ``**values`` are not looked at."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return [message for call in calls for message in _messages(call) if not _fits(call, message)]


def _messages(call: ast.Call) -> list[str]:
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    given = [call.args[at] for at in TAKES.get(name, ()) if at < len(call.args)]
    return [node.value for node in given if isinstance(node, ast.Constant) and isinstance(node.value, str)]


def _fits(call: ast.Call, message: str) -> bool:
    keywords = {keyword.arg for keyword in call.keywords}
    placeholders = {name for _, name, _, _ in string.Formatter().parse(message) if name}
    # Without values a message is looked up only; its values are filled in elsewhere.
    return not keywords or None in keywords or placeholders - {"number"} <= keywords <= placeholders | {"number"}


@pytest.mark.parametrize("folder", ["app", "studio_ui", "worker", "studio"])
def test_messages_are_given_the_values_that_they_name(folder: str) -> None:
    paths = sorted((ROOT / folder).rglob("*.py"))
    found = {str(path.relative_to(ROOT)): wrong_calls(path.read_text(encoding="utf-8")) for path in paths}
    assert {name: messages for name, messages in found.items() if messages} == {}


def test_a_value_under_another_name_is_found() -> None:
    assert wrong_calls('_("Limits: {found}.", limits="2")') == ["Limits: {found}."]
    assert wrong_calls('_("Limits: {limits}.", limits="2")') == []

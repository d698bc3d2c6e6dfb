"""The audit trail is read in the reader's language: every act and object that a service records has words."""

import ast
from collections.abc import Iterator
from pathlib import Path

from app.services.accounts import access
from app.services.accounts.denials import DENIED
from studio_ui.pages.audit import ACTIONS, OBJECTS

SERVICES = Path(access.__file__).parent.parent
NAMES = ("record", "record_action")
# What is no literal in a call, with all that it can be there.
COMPUTED = {
    "DENIED": {DENIED},
    "origin['kind']": {"combined", "shrunk", "merged"},
    "kind": {"", "run", *access.KINDS.values(), "user"},
}


def calls() -> Iterator[ast.Call]:
    for path in sorted(SERVICES.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        if not any(node.module == "app.services.accounts.audit_chain" for node in imports):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NAMES:
                yield node


def literals(node: ast.expr) -> set[str]:
    """What an argument can be: a literal, either side of a condition, or what :data:`COMPUTED` says."""
    if isinstance(node, ast.Constant):
        return {node.value}
    if isinstance(node, ast.IfExp):
        return literals(node.body) | literals(node.orelse)
    return COMPUTED[ast.unparse(node)]


def passed_on(name: str) -> set[str]:
    """Literals that functions of the services are given as an argument of this name."""
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in SERVICES.rglob("*.py"))
    words = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg == name)
    return {word.value.value for word in words if isinstance(word.value, ast.Constant)}


def test_every_act_and_every_object_that_is_recorded_has_words() -> None:
    found = [(call.args[2], call.args[3]) for call in calls()]
    assert len(found) > 50
    acts, kinds = passed_on("action"), set()
    for act, kind in found:
        acts |= set() if ast.unparse(act) == "action" else literals(act)
        kinds |= literals(kind)
    assert acts >= {"predict", "link_identity", "set_quota", "edit"}
    assert kinds >= {"conversation", "project", "batch prediction"}
    assert acts - set(ACTIONS) == set()
    assert kinds - set(OBJECTS) - {""} == set()

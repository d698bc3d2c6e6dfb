"""What a person's role permits on a page: buttons that would be refused are closed, with the reason as their title.

Which role something takes is declared in `app/services/accounts/access.py`, by which the services refuse.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.services.accounts import access
from studio_ui.components.nodes import Node, el, is_element

# What makes a button do something.
ACTS = ("action", "query", "noted", "href", "download", "draggable")
# The key of `Permits.close` for every button that `nodes.noting` makes.
NOTED = "noted"


@dataclass(frozen=True)
class Permits:
    """What one person may do with what is in one project.

    ``refused`` has the roles that they lack, each with the reason in words.
    """

    refused: Mapping[str, str]

    @classmethod
    def read(cls, user_id: str, project_id: str) -> "Permits":
        """Those of a person in a project of which they see something."""
        lacking = access.refused_roles(user_id, project_id)
        return cls({need: f"{error.message} {error.hint}".strip() for need, error in lacking.items()})

    def allows(self, need: str) -> bool:
        """Whether the person has the role ``need``."""
        return need not in self.refused

    def note(self, need: str) -> Node:
        """A line that says why buttons are closed; empty where none is."""
        return el("p", self.refused[need], cls="muted small role-note") if need in self.refused else ""

    def close(self, nodes: Any, needs: Mapping[str, str]) -> Any:
        """The nodes with every button closed that takes a role which the person lacks.

        Args:
            needs: name of an action, ``#`` and the id of a link or button, the path of a link (``/new``), or :data:`NOTED` -> the
                role that it takes.
        """
        if not self.refused or not isinstance(nodes, list):
            return nodes
        if not is_element(nodes):
            return [self.close(node, needs) for node in nodes]
        tag, attributes, *children = nodes
        taken = (needs[name] for name in _names_of(attributes) if name in needs)
        reason = next((self.refused[need] for need in taken if need in self.refused), None)
        if reason is None:
            return [tag, attributes, *(self.close(child, needs) for child in children)]
        kept = {name: value for name, value in attributes.items() if name not in ACTS}
        if tag == "select":
            return [tag, {**kept, "disabled": "", "title": reason}, *children]
        # Not disabled: the reason is to be reached with the keyboard, too.
        return ["button", {**kept, "type": "button", "aria-disabled": "true", "title": reason}, *children]


def _names_of(attributes: Mapping[str, Any]) -> list[str]:
    names = [f"#{attributes['id']}"] if attributes.get("id") else []
    if "action" in attributes:
        names.append(str(attributes["action"]["name"]))
    if NOTED in attributes:
        names.append(NOTED)
    if "href" in attributes:
        names.append(str(attributes["href"]).partition("?")[0])
    return names

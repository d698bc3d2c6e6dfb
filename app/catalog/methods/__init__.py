"""The tuning methods, in the order of the menu. A new method is one file beside this one and one line in ``METHODS``."""

from typing import Annotated, Union

from pydantic import Field

from app.catalog.methods.base import Method
from app.catalog.methods.full import Full
from app.catalog.methods.lora import Lora
from app.errors import Rejected

METHODS: tuple[type[Method], ...] = (Lora, Full)

AnyMethod = Annotated[Union[Lora, Full], Field(discriminator="kind")]  # noqa: UP007 - made from the tuple's classes


def method_class(kind: str) -> type[Method]:
    """Look a method up by its kind, or refuse with the kinds there are."""
    for method in METHODS:
        if method.model_fields["kind"].default == kind:
            return method
    allowed = ", ".join(method.model_fields["kind"].default for method in METHODS)
    raise Rejected("unknown_method", f"There is no tuning method called {kind!r}.", f"Choose one of: {allowed}.")

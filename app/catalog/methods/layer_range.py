"""The setting that names which blocks of a model a method trains: ``all``, ``last 4`` or ``1-6``."""

import re
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from app.errors import Rejected
from app.languages import gettext as _

_LAYERS = re.compile(r"all|last ([1-9]\d*)|([1-9]\d*)-([1-9]\d*)")


def _checked_layers(text: str) -> str:
    text = " ".join(text.lower().split())
    found = _LAYERS.fullmatch(text)
    if found is None or (found[2] and int(found[2]) > int(found[3])):
        # The type makes this a complaint about the range of values, not about their form.
        raise PydanticCustomError("string_pattern_layers", _("Write `all`, `last 4`, or a range such as `1-6`"))
    return text


Layers = Annotated[str, AfterValidator(_checked_layers)]


def chosen_layers(layers: str, count: int) -> range:
    """Numbers of the blocks that ``layers`` names, counted from 0 at the input.

    Raises:
        Rejected: it names blocks that a model of ``count`` blocks does not have.
    """
    found = _LAYERS.fullmatch(layers)
    assert found is not None  # the field's validator let it through
    if layers == "all":
        return range(count)
    first, last = (count - int(found[1]), count) if found[1] else (int(found[2]) - 1, int(found[3]))
    if first < 0 or last > count:
        raise Rejected(
            "range",
            _("Layers `{layers}` are to learn, but the model has {count}.", layers=layers, count=count),
            _("Choose `all`, `last {count}` at most, or a range within `1-{count}`.", count=count),
            details={"fields": {"method.layers": _("at most {count}", count=count)}},
        )
    return range(first, last)

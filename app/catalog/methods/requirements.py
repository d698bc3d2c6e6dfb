"""Refuses what a tuning method cannot do before anything runs, naming the methods of the menu that can."""

from app.catalog.card import BaseModelCard
from app.catalog.methods import METHODS
from app.catalog.methods.base import Method
from app.catalog.methods.capabilities import ABILITIES, PARTS, SEQ2SEQ, can
from app.catalog.model_facts import ENCODER_DECODER
from app.errors import Rejected
from app.languages import gettext as _


def require(method: type[Method] | Method, ability: str, *, task_type: str = "", field: str = "") -> None:
    """Refuse what this method cannot do, naming methods that can.

    Args:
        task_type: the alternatives are to serve this task; any if empty.
        field: the setting that asked for it, named in the details.

    Raises:
        Rejected: ``method_cannot``; the hint names up to four alternatives in the order of the menu.
    """
    if can(method, ability):
        return
    hint = _alternatives(ability, task_type)
    raise Rejected(
        "method_cannot",
        _("{method} cannot {ability}.", method=method.title, ability=_(ABILITIES[ability])),
        hint,
        details={
            "method": _kind(method),
            "ability": ability,
            **(
                {
                    "fields": {
                        field: _(
                            "{method} cannot {ability}. {hint}",
                            method=method.title,
                            ability=_(ABILITIES[ability]),
                            hint=hint,
                        )
                    }
                }
                if field
                else {}
            ),
        },
    )


def refusals(method: type[Method]) -> dict[str, str]:
    """For each ability that is missing the sentences that :func:`require` would say, so that a form can say them first."""
    texts = {}
    for ability in ABILITIES:
        try:
            require(method, ability)
        except Rejected as refusal:
            texts[ability] = f"{refusal.message} {refusal.hint}"
    return texts


def require_model_kind(method: type[Method] | Method, kind: str) -> None:
    """Refuse a kind of model that the method does not train, naming methods that do.

    Raises:
        Rejected: ``method_not_for_model``.
    """
    if kind in method.capabilities.models:
        return
    able = [other.title for other in METHODS if kind in other.capabilities.models]
    raise Rejected(
        "method_not_for_model",
        _("{method} does not train models for {replace}.", method=method.title, replace=kind.replace("-", " ")),
        _("Choose one of these instead: {able}.", able=", ".join(able[:4])),
    )


def require_parts(method: Method, base: BaseModelCard) -> None:
    """Refuse a base model that lacks a part which the method attaches to, naming methods that need none of what is missing.

    Raises:
        Rejected: ``method_not_for_model``.
    """
    if base.architecture == ENCODER_DECODER:
        require_model_kind(method, SEQ2SEQ)
    missing = [part for part in method.needs() if part in base.lacks]
    if not missing:
        return
    able = [
        other.title for other in METHODS if not set(other.model_construct(kind=_kind(other)).needs()) & set(base.lacks)
    ]
    raise Rejected(
        "method_not_for_model",
        _(
            "{method} needs {part}, and {model} has none.",
            method=method.title,
            part=_(PARTS[missing[0]]),
            model=repr(base.name),
        ),
        _("Choose one of these instead: {able}.", able=", ".join(able[:4])),
        details={"method": _kind(method), "parts": missing},
    )


def _alternatives(ability: str, task_type: str) -> str:
    able = [other.title for other in METHODS if can(other, ability) and task_type in ("", *other.task_types)]
    return (
        _("Choose one of these instead: {able}.", able=", ".join(able[:4]))
        if able
        else _("No method of the studio can.")
    )


def _kind(method: type[Method] | Method) -> str:
    kind = method if isinstance(method, type) else type(method)
    return str(kind.model_fields["kind"].default)

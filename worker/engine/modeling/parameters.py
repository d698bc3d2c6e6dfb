"""Which parameters of a model train, and how many there are."""

from torch import nn

from app.errors import StudioError


def trainable_parameters(model: nn.Module) -> dict[str, nn.Parameter]:
    """The parameters that require gradients, by name."""
    return {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}


def count_parameters(model: nn.Module) -> tuple[int, int]:
    """(trainable, all) parameters.

    Raises:
        StudioError: ``nothing_to_train``: no parameter requires gradients.
    """
    count = sum(parameter.numel() for parameter in trainable_parameters(model).values())
    if count == 0:
        raise StudioError("nothing_to_train", "No weight of this model would learn.", "Choose another tuning method.")
    # Two 4-bit weights share a byte.
    total = sum(
        parameter.numel() * (1 + (type(parameter).__name__ == "Params4bit")) for parameter in model.parameters()
    )
    return count, total

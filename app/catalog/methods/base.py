"""What a tuning method declares: words for people, settings with bounds, and how it is applied to a model.

A method is one file with one class and one line in ``METHODS``. torch and peft are imported only inside functions.
"""

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    import torch

    from app.catalog.base_models import BaseModelCard


class Method(BaseModel):
    """Base of all methods; the fields of a subclass are its settings."""

    model_config = ConfigDict(extra="forbid")

    kind: str

    title: ClassVar[str]
    summary: ClassVar[str]
    when: ClassVar[str]
    against: ClassVar[str]
    source: ClassVar[str]
    level: ClassVar[str] = "plain"
    task_types: ClassVar[tuple[str, ...]] = ("text-classification",)

    def recommended_learning_rate(self, base: "BaseModelCard") -> float:
        """The rate used when the person leaves the field empty."""
        raise NotImplementedError

    def trainable_parameters(self, base: "BaseModelCard") -> int:
        """Weights of the encoder or decoder that learn, by arithmetic; the head is counted by the task type."""
        raise NotImplementedError

    def apply(self, model: "torch.nn.Module") -> "torch.nn.Module":
        """Return the model with everything frozen except what this method trains."""
        raise NotImplementedError

    @classmethod
    def card(cls) -> dict[str, Any]:
        """The declaration as the wizard and ``GET /api/v1/catalog`` show it."""
        return {
            "kind": cls.model_fields["kind"].default,
            "title": cls.title,
            "summary": cls.summary,
            "when": cls.when,
            "against": cls.against,
            "source": cls.source,
            "level": cls.level,
            "task_types": list(cls.task_types),
            "schema": cls.model_json_schema(),
        }

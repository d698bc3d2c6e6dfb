"""What a tuning method declares: words for people, settings with bounds, and how it is applied, kept and loaded.

A method is one file with one class and one line in ``METHODS``. torch and peft are imported only inside functions.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    import torch
    from peft import PeftConfig
    from transformers import PreTrainedModel

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

    def save(self, model: "torch.nn.Module", folder: Path, hub_id: str) -> None:
        """Write what was learned into a folder, in the field's own format; ``hub_id`` names the untouched model."""
        raise NotImplementedError

    def load(self, model: "torch.nn.Module", folder: Path) -> "torch.nn.Module":
        """Put what :meth:`save` wrote on the untouched model, ready to answer."""
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


class PeftMethod(Method):
    """A method that peft implements: the subclass says which configuration, the rest is the same for all of them."""

    def config(self, model: "torch.nn.Module") -> "PeftConfig":
        """peft's configuration for this model and these settings."""
        raise NotImplementedError

    def apply(self, model: "torch.nn.Module") -> "torch.nn.Module":
        """Wrap the model; peft freezes everything but its own weights."""
        from peft import get_peft_model

        return get_peft_model(cast("PreTrainedModel", model), self.config(model))

    def save(self, model: "torch.nn.Module", folder: Path, hub_id: str) -> None:
        """Write ``adapter_config.json`` and ``adapter_model.safetensors``.

        The configuration names the published model instead of a folder of this machine, so that the adapter loads
        anywhere.
        """
        from peft import PeftModel

        if not isinstance(model, PeftModel):
            raise TypeError(f"not wrapped by peft: {type(model).__name__}")
        for config in model.peft_config.values():
            config.base_model_name_or_path = hub_id
        # Embeddings never change here; left to decide by itself, peft would ask the hub for the original vocabulary.
        model.save_pretrained(str(folder), safe_serialization=True, save_embedding_layers=False)
        # peft writes a card with placeholders beside its files; the run writes a card with facts.
        (folder / "README.md").unlink(missing_ok=True)

    def load(self, model: "torch.nn.Module", folder: Path) -> "torch.nn.Module":
        """Load with peft's own loader, as any program would."""
        from peft import PeftModel

        return PeftModel.from_pretrained(cast("PreTrainedModel", model), str(folder))

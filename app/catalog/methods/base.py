"""What a tuning method declares: texts, settings with bounds, and how it is applied, saved and loaded.

A method is one file with one class and one line in ``METHODS``. torch and peft are imported only inside functions.
"""

import importlib
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar, cast

from pydantic import BaseModel, ConfigDict

from app.catalog.methods.capabilities import CAUSAL, SEQ2SEQ, SEQUENCES, TOKENS, Capabilities
from app.catalog.task_types import TASK_TYPES

if TYPE_CHECKING:
    import torch
    from peft import PeftConfig, PeftModel
    from transformers import PreTrainedModel

    from app.catalog.card import BaseModelCard

    Batch = dict[str, torch.Tensor]


# Kind of model -> family of task types that needs it.
_FAMILIES = {CAUSAL: "generation", SEQUENCES: "classification", TOKENS: "tokens"}


def served_tasks(kinds: Iterable[str]) -> tuple[str, ...]:
    """The task types that models of these kinds serve."""
    given = set(kinds)
    families = {family for kind, family in _FAMILIES.items() if kind in given}
    pairs = SEQ2SEQ in given
    return tuple(task.kind for task in TASK_TYPES if task.family in families or (pairs and task.sequence_to_sequence))


@dataclass(frozen=True)
class RunContext:
    """What a method may know about the run it serves.

    ``heads`` are the names of new parts inside the model, which must learn, be saved and be restored with the adapter;
    ``batches`` are a few training batches as arguments of the model; ``loss`` gives the loss (scalar) of the batch of
    that number for the model as it stands.
    """

    total_steps: int = 100
    seed: int = 0
    heads: tuple[str, ...] = ()
    batches: "Sequence[Batch]" = ()
    loss: "Callable[[int], torch.Tensor] | None" = None
    tokenizer: Any = None


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
    # Follows from the kinds of model that the method trains.
    task_types: ClassVar[tuple[str, ...]] = ()
    # Whether the download holds the whole model; otherwise it needs the base model.
    whole_model: ClassVar[bool] = False
    # Whether whole matrices get gradients although only few of their weights are trained.
    whole_gradients: ClassVar[bool] = False
    # Time of an update, and CPU memory for the backward pass, as multiples of LoRA's with as many adapter modules,
    # where they differ by more than a fifth: measured with the starter encoder, or taken from a measured table of methods.
    relative_time: ClassVar[float] = 1.0
    relative_memory: ClassVar[float] = 1.0
    capabilities: ClassVar[Capabilities] = Capabilities()

    @property
    def batches_wanted(self) -> int:
        """How many training batches :meth:`apply` looks at."""
        return 0

    @classmethod
    def __pydantic_init_subclass__(cls, **options: Any) -> None:
        """Serve every task whose model this method trains."""
        super().__pydantic_init_subclass__(**options)
        cls.task_types = served_tasks(cls.capabilities.models)

    @property
    def base_precision(self) -> str:
        """Precision of the base model's weights: ``full``, ``nf4`` or ``int8``."""
        return "full"

    @property
    def virtual_tokens(self) -> int:
        """Virtual tokens that precede every text and take up context."""
        return 0

    def recommended_learning_rate(self, base: "BaseModelCard") -> float:
        """The rate for a run of a few hundred updates or more when the field is left empty."""
        raise NotImplementedError

    def needs(self) -> tuple[str, ...]:
        """Parts of a model, of :data:`app.catalog.methods.capabilities.PARTS`, that the method attaches to."""
        return ()

    def check(self, base: "BaseModelCard") -> None:
        """Refuse settings that cannot work with this model.

        Raises:
            Rejected: names the setting, its value and what is allowed.
        """

    def trainable_parameters(self, base: "BaseModelCard") -> int:
        """Weights of the encoder or decoder that learn, by arithmetic; the head is counted by the task type."""
        raise NotImplementedError

    def apply(self, model: "torch.nn.Module", context: RunContext | None = None) -> "torch.nn.Module":
        """Return the model with everything frozen except what this method trains."""
        raise NotImplementedError

    def adapter_shapes(self, base: "BaseModelCard") -> list[tuple[int, int]]:
        """(inputs, outputs) of every adapter module that is computed in addition to the model's layers.

        For estimates of time; what only scales or shifts what a layer gives takes nothing in.
        """
        return []

    def frozen_blocks(self, count: int) -> int:
        """How many of the ``count`` blocks, from the input upwards, stay exactly the base model's."""
        return 0

    def rate_factor(self, name: str) -> float:
        """How many times the run's learning rate the parameter of this name learns with."""
        return 1.0

    def before_update(self, model: "torch.nn.Module", step: int) -> None:
        """Called with the gradients of update ``step`` in place, before they are limited and used."""

    def after_update(self, model: "torch.nn.Module", step: int) -> None:
        """Called after update ``step``, its gradients still in place."""

    def extra_state(self, model: "torch.nn.Module") -> "dict[str, torch.Tensor]":
        """What a checkpoint must hold besides learned weights and optimiser, by name."""
        return {}

    def restore_extra_state(self, model: "torch.nn.Module", state: "dict[str, torch.Tensor]") -> None:
        """Take back what :meth:`extra_state` gave."""

    def save(self, model: "torch.nn.Module", folder: Path, hub_id: str) -> None:
        """Write the trained weights into a folder, in the field's own format; ``hub_id`` names the base model."""
        raise NotImplementedError

    def load(self, model: "torch.nn.Module", folder: Path) -> "torch.nn.Module":
        """Load what :meth:`save` wrote into the base model, ready for inference."""
        raise NotImplementedError


class PeftMethod(Method):
    """A method that peft implements: the subclass says which configuration, the rest is the same for all of them."""

    # Module of ``app.catalog.tuners`` that teaches peft this method; its file travels with the download.
    tuner: ClassVar[str] = ""

    @classmethod
    def teach_peft(cls) -> ModuleType:
        """Import the tuner of this method, which peft then knows by name."""
        return importlib.import_module(f"app.catalog.tuners.{cls.tuner}")

    def config(self, model: "torch.nn.Module") -> "PeftConfig":
        """peft's configuration for this model and these settings."""
        raise NotImplementedError

    def complete(self, config: "PeftConfig", model: "torch.nn.Module", context: RunContext) -> None:
        """Add to the configuration what depends on the run."""

    def initialise(self, model: "PeftModel", context: RunContext) -> None:
        """Set starting values that depend on the run's data, right after wrapping."""

    def apply(self, model: "torch.nn.Module", context: RunContext | None = None) -> "torch.nn.Module":
        """Wrap the model; peft freezes everything but its own weights and the new heads."""
        from peft import get_peft_model

        context = context or RunContext()
        config: Any = self.config(model)
        if config.task_type is None and peft_task(model) in ("CAUSAL_LM", "TOKEN_CLS", "SEQ_2_SEQ_LM"):
            # Left without a task for others: with one, peft would add heads by names of its own to those that were found.
            config.task_type = peft_task(model)
        named = ("classifier", "score") if config.task_type in ("SEQ_CLS", "TOKEN_CLS") else ()
        heads = [name for name in context.heads if name.split(".")[0] not in named]
        if heads:
            config.modules_to_save = [*(config.modules_to_save or ()), *heads]
        self.complete(config, model, context)
        wrapped = cast("PeftModel", get_peft_model(cast("PreTrainedModel", model), config))
        self.initialise(wrapped, context)
        return wrapped

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
        self.write(model, folder)
        # peft writes a card with placeholders beside its files; the run writes a card with facts.
        (folder / "README.md").unlink(missing_ok=True)
        if self.tuner:
            shutil.copyfile(str(self.teach_peft().__file__), folder / f"{self.tuner}.py")

    def write(self, model: "PeftModel", folder: Path) -> None:
        """Write configuration and weights with peft's own writer."""
        # Embeddings never change here; left to decide by itself, peft would ask the hub for the original vocabulary.
        model.save_pretrained(str(folder), safe_serialization=True, save_embedding_layers=False)

    def load(self, model: "torch.nn.Module", folder: Path) -> "torch.nn.Module":
        """Load with peft's own loader, as any program would."""
        from peft import PeftModel

        if self.tuner:
            self.teach_peft()
        return PeftModel.from_pretrained(cast("PreTrainedModel", model), str(folder))


# End of the class name -> peft's name for the task; a bare encoder needs none.
_TASKS = {
    "ForCausalLM": "CAUSAL_LM",
    "LMHeadModel": "CAUSAL_LM",
    "ForSequenceClassification": "SEQ_CLS",
    "ForTokenClassification": "TOKEN_CLS",
    "ForConditionalGeneration": "SEQ_2_SEQ_LM",
    "MTModel": "SEQ_2_SEQ_LM",
}


def peft_task(model: "torch.nn.Module") -> str | None:
    """peft's name for what this model does, by its class."""
    name = type(model).__name__
    return next((task for end, task in _TASKS.items() if name.endswith(end)), None)

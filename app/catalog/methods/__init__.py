"""The tuning methods, in the order of the menu. A new method is one file beside this one and one line in ``METHODS``."""

from typing import TYPE_CHECKING, Annotated, Union

from pydantic import Field

from app.catalog.methods.adalora import AdaLora
from app.catalog.methods.base import Method
from app.catalog.methods.bitfit import BitFit
from app.catalog.methods.bottleneck_adapter import BottleneckAdapter
from app.catalog.methods.c3a import C3a
from app.catalog.methods.chosen_layers import ChosenLayers
from app.catalog.methods.compacter import Compacter
from app.catalog.methods.delora import Delora
from app.catalog.methods.dora import Dora
from app.catalog.methods.eva import Eva
from app.catalog.methods.fourierft import FourierFt
from app.catalog.methods.full import Full
from app.catalog.methods.gralora import Gralora
from app.catalog.methods.head_only import HeadOnly
from app.catalog.methods.hira import Hira
from app.catalog.methods.ia3 import Ia3
from app.catalog.methods.ln_tuning import LnTuning
from app.catalog.methods.loha import LoHa
from app.catalog.methods.lokr import LoKr
from app.catalog.methods.lora import Lora
from app.catalog.methods.lora_fa import LoraFa
from app.catalog.methods.lora_plus import LoraPlus
from app.catalog.methods.miss import Miss
from app.catalog.methods.oft import Oft
from app.catalog.methods.olora import Olora
from app.catalog.methods.p_tuning import PTuning
from app.catalog.methods.parallel_adapter import ParallelAdapter
from app.catalog.methods.pissa import Pissa
from app.catalog.methods.prefix_tuning import PrefixTuning
from app.catalog.methods.prompt_tuning import PromptTuning
from app.catalog.methods.qlora import Qlora
from app.catalog.methods.randlora import RandLora
from app.catalog.methods.road import Road
from app.catalog.methods.routed import Routed
from app.catalog.methods.rslora import RsLora
from app.catalog.methods.sparse import Sparse
from app.catalog.methods.trainable_tokens import TrainableTokens
from app.catalog.methods.vera import Vera
from app.catalog.methods.waveft import WaveFt
from app.errors import Rejected
from app.languages import gettext as _

METHODS: tuple[type[Method], ...] = (
    Lora,
    Full,
    HeadOnly,
    Qlora,
    RsLora,
    Ia3,
    Sparse,
    BottleneckAdapter,
    ParallelAdapter,
    PromptTuning,
    PTuning,
    PrefixTuning,
    BitFit,
    LnTuning,
    ChosenLayers,
    Dora,
    LoraPlus,
    LoraFa,
    Pissa,
    Olora,
    Eva,
    AdaLora,
    LoHa,
    LoKr,
    Oft,
    Miss,
    Hira,
    Vera,
    RandLora,
    Delora,
    Gralora,
    C3a,
    FourierFt,
    WaveFt,
    Road,
    TrainableTokens,
    Compacter,
)
# Forms that a run gets by being made of other runs; nobody chooses them for training.
DERIVED: tuple[type[Method], ...] = (Routed,)

if TYPE_CHECKING:
    AnyMethod = Method
else:
    AnyMethod = Annotated[Union[METHODS + DERIVED], Field(discriminator="kind")]  # noqa: UP007 - made from the tuple's classes


def method_class(kind: str) -> type[Method]:
    """Look a method up by its kind, or refuse with the kinds there are."""
    for method in METHODS + DERIVED:
        if method.model_fields["kind"].default == kind:
            return method
    allowed = ", ".join(method.model_fields["kind"].default for method in METHODS)
    raise Rejected(
        "unknown_method",
        _("There is no tuning method called {kind}.", kind=repr(kind)),
        _("Choose one of: {allowed}.", allowed=allowed),
    )

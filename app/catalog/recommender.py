"""Which tuning method to try first, by rules that each say where they come from. Pure: knows facts, no table and no model.

A rule that applies gives or takes points and says why in half a sentence; the ranking is the sum. No published rule is
reliable enough to be the last word: the best and the worst learning rate of one method differ by more than the best and
the worst method at their best rates, so the ranking is a place to start.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.catalog.card import BaseModelCard
from app.catalog.methods import METHODS
from app.catalog.methods.base import Method
from app.languages import decimal, gettext_noop
from app.languages import gettext as _

# Wishes beyond quality.
WISHES = {
    "keep_abilities": "The model must keep its other abilities.",
    "one_model": "The result must be one plain model, without an adapter.",
    "many_variants": "Many variants of one model will be served at the same time.",
    "fast_answer": "A first answer within a minute matters most.",
}

FEW_ROWS, MANY_ROWS, FEW_PER_LABEL = 100, 10_000, 8
SMALL_MODEL, LARGE_MODEL = 150_000_000, 7_000_000_000
# Share of the free memory that a run may take.
ROOM = 0.8
# Ranks to choose from, and bytes of a weight in 4 bits with its scales.
RANKS, NF4_BYTES = (8, 16, 32, 64), 0.6
MEASURED = gettext_noop("measured with the starter encoder on Banking77")
PEFT = gettext_noop("peft's benchmark of methods (MetaMathQA to GSM8K)")


@dataclass(frozen=True)
class Facts:
    """What the rules look at; ``answer_tokens`` are those that a writing model learns from, ``memory_bytes`` are free."""

    task_type: str
    family: str
    base: BaseModelCard
    rows: int
    labels: int = 0
    least_per_label: int = 0
    answer_tokens: int = 0
    memory_bytes: int = 2**63
    has_gpu: bool = False
    wishes: frozenset[str] = frozenset()

    @property
    def weight_bytes(self) -> int:
        """The base model's weights in the format they are trained in: bf16 on a GPU, fp32 on a processor."""
        return self.base.parameters * (2 if self.has_gpu else 4)


@dataclass(frozen=True)
class Advice:
    """Points for some methods, half a sentence, and its source; ``settings`` are other values than the default for some."""

    points: dict[str, float]
    words: str
    source: str
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass
class Ranked:
    """A method, its points and what gave them."""

    method: type[Method]
    points: float = 0.0
    reasons: list[Advice] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """The method's name in a spec."""
        kind: str = self.method.model_fields["kind"].default
        return kind


Rule = Callable[[Facts], Advice | None]


def recommend(facts: Facts) -> dict[str, Any]:
    """The methods that serve the task, the most promising first.

    Returns:
        ``{"about", "before": [{"words", "source"}], "ranked": [{"kind", "title", "level", "points", "settings", "sentence",
        "reasons": [{"words", "source", "points"}]}]}``; ``about`` is what is known of the data and the model in half a
        sentence, ``before`` what to do before any training.
    """
    serving = {ranked.kind: ranked for ranked in map(Ranked, METHODS) if facts.task_type in ranked.method.task_types}
    for advice in filter(None, (rule(facts) for rule in RULES)):
        for kind, points in advice.points.items():
            if kind in serving:
                serving[kind].points += points
                serving[kind].reasons.append(advice)
    # Equal points: the order of the menu, plain methods before special ones.
    order = sorted(serving.values(), key=lambda candidate: (-candidate.points, candidate.method.level != "plain"))
    hints = [{"words": note.words, "source": note.source} for note in filter(None, (rule(facts) for rule in BEFORE))]
    return {"about": about(facts), "before": hints, "ranked": [_as_json(ranked, facts) for ranked in order]}


def about(facts: Facts) -> str:
    """The facts in half a sentence."""
    labels = _(", {labels} labels", labels=facts.labels) if facts.labels else ""
    kind = _("a writing model") if facts.family == "generation" else _("an encoder")
    return _(
        "{facts_rows} training rows{labels}, {kind} of {parameters} million weights",
        facts_rows=decimal(facts.rows),
        labels=labels,
        kind=kind,
        parameters=decimal(facts.base.parameters / 1000000.0),
    )


def _as_json(ranked: Ranked, facts: Facts) -> dict[str, Any]:
    pro = [reason for reason in ranked.reasons if reason.points[ranked.kind] > 0]
    against = [reason for reason in ranked.reasons if reason.points[ranked.kind] < 0]
    words = "; ".join(reason.words for reason in (pro or against)[:2])
    settings: dict[str, Any] = {}
    for reason in ranked.reasons:
        settings |= reason.settings.get(ranked.kind, {})
    return {
        "kind": ranked.kind,
        "title": ranked.method.title,
        "level": ranked.method.level,
        "points": round(ranked.points, 1),
        "settings": settings,
        "sentence": f"{about(facts)}: {words}." if words else "",
        "reasons": [
            {"words": reason.words, "source": reason.source, "points": reason.points[ranked.kind]}
            for reason in ranked.reasons
        ],
    }


def _kinds(keep: Callable[[type[Method]], bool]) -> list[str]:
    return [method.model_fields["kind"].default for method in METHODS if keep(method)]


def _robust(facts: Facts) -> Advice:
    return Advice(
        {"lora": 3, "bottleneck-adapter": 1.5},
        _("it comes close to moving every weight, and holds up without a search for settings"),
        "abstract of arXiv 2303.15647v2 and its authors' experiment code",
    )


def _memory(facts: Facts) -> Advice | None:
    if facts.weight_bytes * 1.5 <= ROOM * facts.memory_bytes:
        return Advice({"qlora": -2}, _("the model fits into memory without compression"), _("memory by arithmetic"))
    large = _kinds(lambda method: method.model_fields["kind"].default != "qlora")
    return Advice(
        {"qlora": 6, **dict.fromkeys(large, -4.0)},
        _(
            "in full precision its weights take {weight_bytes} GB of {memory_bytes} GB free",
            weight_bytes=decimal(facts.weight_bytes / 1000000000.0, 1),
            memory_bytes=decimal(facts.memory_bytes / 1000000000.0, 1),
        ),
        _("memory by arithmetic; {peft}", peft=_(PEFT)),
    )


def _compressed(facts: Facts) -> Advice | None:
    """Rule 13: what learns wrongly, or not at all, on a compressed model is not offered for one."""
    if facts.weight_bytes * 1.5 <= ROOM * facts.memory_bytes:
        return None
    unfit = _kinds(lambda method: not method.capabilities.nf4)
    return Advice(
        dict.fromkeys(unfit, -16.0), _("it cannot be trained on a compressed model"), _("measured, method by method")
    )


def _rank(facts: Facts) -> Advice | None:
    """Rule 4: the smallest rank whose numbers are at least as many as answer tokens; from 64 on scaled for stability."""
    if facts.family != "generation" or not facts.answer_tokens:
        return None
    per_rank = sum(inputs + outputs for block in facts.base.blocks for inputs, outputs in block.linear_shapes)
    rank = next((size for size in RANKS if size * per_rank >= facts.answer_tokens), RANKS[-1])
    source = _("Tinker's LoRA primer (at least as many numbers as answer tokens); {peft}", peft=_(PEFT))
    words = _(
        "{answer_tokens} answer tokens ask for rank {rank}", answer_tokens=decimal(facts.answer_tokens), rank=rank
    )
    if rank < RANKS[-1]:
        return Advice(dict.fromkeys(("lora", "qlora"), 0.5), words, source, _ranked_so(("lora", "qlora"), rank))
    words = _(
        "{answer_tokens} answer tokens are more than LoRA of rank 32 has numbers",
        answer_tokens=decimal(facts.answer_tokens),
    )
    return Advice({"rslora": 4}, words, source, _ranked_so(("rslora",), rank))


def _ranked_so(kinds: Sequence[str], rank: int) -> dict[str, dict[str, Any]]:
    """The rank as a setting of these methods, with the strength that belongs to it, where their defaults differ."""
    settings: dict[str, dict[str, Any]] = {}
    for method in METHODS:
        kind, default = method.model_fields["kind"].default, method.model_fields.get("rank")
        if kind in kinds and default is not None and default.default != rank:
            settings[kind] = {"rank": rank, "alpha": rank if kind == "rslora" else 2 * rank}
    return settings


def _full(facts: Facts) -> Advice | None:
    if facts.family != "generation" and facts.base.parameters <= SMALL_MODEL:
        points = 2.0 if facts.rows >= MANY_ROWS / 5 else 0.5
        return Advice({"full": points}, _("the model is small enough to move all of it"), _(MEASURED))
    if facts.rows >= MANY_ROWS:
        return Advice(
            {"full": 3.5}, _("with ten thousand rows full tuning wins where memory allows it"), "arXiv 2304.14999"
        )
    return Advice({"full": -2}, _("fewer than ten thousand rows do not repay moving all weights"), "arXiv 2304.14999")


def _few_rows(facts: Facts) -> Advice | None:
    if facts.rows > FEW_ROWS:
        return None
    return Advice(
        {"ia3": 3.5, "bitfit": 3, "head-only": 1.5, "sparse": 1.5, "adalora": -1, "rslora": -1},
        _(
            "with {facts_rows} rows a few thousand learning numbers do as well as all of them, and memorise less",
            facts_rows=facts.rows,
        ),
        f"arXiv 2304.14999; {_(MEASURED)}",
    )


def _few_per_label(facts: Facts) -> Advice | None:
    if facts.family != "classification" or not facts.labels or facts.least_per_label > FEW_PER_LABEL:
        return None
    return Advice(
        {"head-only": 2.5, "ia3": 1.5, "sparse": 1, "bitfit": 1},
        _(
            "some labels have {least_per_label} rows: start with what cannot memorise them",
            least_per_label=facts.least_per_label,
        ),
        _("{measured}; SetFit's results with 8 rows a label", measured=_(MEASURED)),
    )


def _soft_prompts(facts: Facts) -> Advice | None:
    if facts.family == "generation" and facts.base.parameters < LARGE_MODEL:
        return Advice(
            {"prompt-tuning": -3, "p-tuning": -3, "prefix-tuning": -2},
            _("soft prompts reach other methods only from about seven billion weights"),
            f"Lester et al. 2021, arXiv 2104.08691; {_(PEFT)}",
        )
    return None


def _words(facts: Facts) -> Advice | None:
    if facts.family != "tokens":
        return None
    return Advice(
        {"lora": 1.5, "ia3": 1, "bitfit": 1, "full": 1},
        _("for labelling words it trains and reloads without exceptions on every encoder"),
        _("measured, method by method and model by model"),
    )


def _retention(facts: Facts) -> Advice | None:
    if "keep_abilities" not in facts.wishes:
        return None
    encoder = facts.family != "generation"
    gentle = {"prompt-tuning": 4.5, "head-only": 4} if encoder else {"oft": 3, "lora": 1}
    # Of what was measured on writing models, LoRA on the feed-forward part forgot least for its quality.
    settings: dict[str, dict[str, Any]] = {} if encoder else {"lora": {"targets": "feed-forward"}}
    harsh = {"full": -4, "ia3": -2, "miss": -3, **({} if encoder else {"prefix-tuning": -3})}
    return Advice(
        {"sparse": 4, **harsh, **gentle},
        _("it keeps most of what the model knew") if encoder else _("it forgets little"),
        _("{measured} (similarity conclusions before and after)", measured=_(MEASURED)) if encoder else _(PEFT),
        settings,
    )


def _sparse(facts: Facts) -> Advice:
    return Advice(
        {"sparse": 2}, _("quality and keeping what the model knew are both good"), f"{_(PEFT)}; {_(MEASURED)}"
    )


def _one_model(facts: Facts) -> Advice | None:
    if "one_model" not in facts.wishes:
        return None
    unfit = _kinds(lambda method: not method.capabilities.merge)
    return Advice(
        dict.fromkeys(unfit, -20.0), _("it cannot be merged into one plain model"), _("measured, method by method")
    )


def _many_variants(facts: Facts) -> Advice | None:
    if "many_variants" not in facts.wishes:
        return None
    unfit = _kinds(lambda method: not method.capabilities.mixed_batches)
    return Advice(
        {**dict.fromkeys(unfit, -6.0), "lora": 3},
        _("only LoRA and its relatives answer rows of different variants in one batch"),
        _("measured, method by method"),
    )


def _fast(facts: Facts) -> Advice | None:
    if "fast_answer" not in facts.wishes:
        return None
    return Advice({"head-only": 8}, _("it is done in seconds and shows what the rest has to beat"), _(MEASURED))


def _processor(facts: Facts) -> Advice | None:
    if facts.has_gpu or facts.base.parameters < 600_000_000:
        return None
    return Advice(
        {"lora": 1, "ia3": 1, "full": -4, "dora": -1, "hira": -1},
        _("without a graphics card a model of this size leaves time for small adapters only"),
        _("step times measured on a processor"),
    )


def _ask_first(facts: Facts) -> Advice | None:
    """Rule 1: what an instruction can do needs no training."""
    if facts.family != "generation":
        return None
    return Advice(
        {},
        _(
            "Before any training, give the base model an instruction with three to five examples in the chat; if that answers "
            "well enough, nothing needs to be tuned."
        ),
        _("peft's overview of methods"),
    )


def _smaller_base(facts: Facts) -> Advice | None:
    """Rule 2, its end: a model that does not even fit in 4 bits."""
    if facts.base.parameters * NF4_BYTES * 1.5 <= ROOM * facts.memory_bytes:
        return None
    return Advice(
        {},
        _(
            "Even in 4 bits the model's weights take {parameters} GB of {memory_bytes} GB free: choose a smaller base model.",
            parameters=decimal(facts.base.parameters * NF4_BYTES / 1000000000.0, 1),
            memory_bytes=decimal(facts.memory_bytes / 1000000000.0, 1),
        ),
        _("memory by arithmetic"),
    )


# What to say before any method is chosen.
BEFORE: Sequence[Rule] = (_ask_first, _smaller_base)
RULES: Sequence[Rule] = (
    _robust,
    _memory,
    _compressed,
    _rank,
    _full,
    _few_rows,
    _few_per_label,
    _soft_prompts,
    _words,
    _retention,
    _sparse,
    _one_model,
    _many_variants,
    _fast,
    _processor,
)

"""LoRA that also lets the meaning of your data's most frequent tokens change."""

from collections import Counter
from typing import Any, ClassVar, Literal

from pydantic import Field

from app.catalog.card import BaseModelCard
from app.catalog.methods.base import RunContext
from app.catalog.methods.capabilities import Capabilities
from app.catalog.methods.lora_family import LoraFamily


class TrainableTokens(LoraFamily):
    """Settings of Trainable tokens."""

    kind: Literal["trainable-tokens"] = "trainable-tokens"
    rank: int = Field(
        8,
        ge=1,
        le=256,
        title="Rank",
        description="Rank of the low-rank update. Higher learns more detail and makes a larger download.",
    )
    tokens: int = Field(
        64,
        ge=1,
        le=10_000,
        title="Tokens",
        description="How many of the most frequent tokens of your data are trained.",
    )

    title: ClassVar[str] = "Trainable tokens"
    summary: ClassVar[str] = "LoRA, and the embeddings of your data's most frequent tokens are trained as well."
    when: ClassVar[str] = "Jargon: words that mean something else in your field than in everyday text."
    against: ClassVar[str] = "Frequent everyday words change as well; a larger download than LoRA's."
    source: ClassVar[str] = "peft's trainable tokens with Hu et al. 2021, arXiv 2106.09685"
    level: ClassVar[str] = "advanced"
    capabilities: ClassVar[Capabilities] = Capabilities()

    @property
    def batches_wanted(self) -> int:
        """A few are enough to see what is usual."""
        return 32

    def frozen_blocks(self, count: int) -> int:
        """None: the tokens learn below all blocks."""
        return 0

    def trainable_parameters(self, base: BaseModelCard) -> int:
        """LoRA's, and a vector for every token."""
        return super().trainable_parameters(base) + self.tokens * base.hidden_size

    def complete(self, config: Any, model: Any, context: RunContext) -> None:
        """Choose the tokens that most rows have, leaving out those that every row has: they only mark its ends."""
        if not context.batches:
            raise ValueError("choosing tokens by frequency needs training batches")
        words = model.get_input_embeddings()
        name = next(name for name, module in model.named_modules() if module is words)
        rows = [
            set(ids[mask.bool()].tolist())
            for batch in context.batches
            for ids, mask in zip(batch["input_ids"], batch["attention_mask"], strict=True)
        ]
        seen = Counter(token for row in rows for token in row)
        ranked = sorted(seen, key=lambda token: (seen[token] == len(rows), -seen[token], token))
        spare = [token for token in range(words.weight.shape[0]) if token not in seen]
        config.trainable_token_indices = {name: sorted([*ranked, *spare][: self.tokens])}

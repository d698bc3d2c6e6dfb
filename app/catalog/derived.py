"""Where a run's weights come from when it does not learn them: other runs, combined or made smaller.

Settings with bounds and words, as the methods have them.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Parent(BaseModel):
    """A finished run that this one is made of."""

    model_config = ConfigDict(extra="forbid")

    run_id: str = Field(max_length=64)
    name: str = Field("", max_length=200)
    weight: float = Field(1.0, ge=0, le=1000)


class Combined(BaseModel):
    """Several adapters of one base model as one, without training."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["combined"] = "combined"
    parents: list[Parent] = Field(min_length=2, max_length=8)
    how: Literal["average", "average-svd", "ties", "dare", "arrow"] = Field(
        "average",
        title="Way",
        description="average keeps every model's change in full, its rank is the sum of theirs; average-svd keeps the "
        "strongest directions; ties keeps the largest changes of each and lets them vote; dare the same with a random "
        "share; arrow keeps them apart and lets every token choose those that fit it.",
    )
    rank: int = Field(
        16,
        ge=1,
        le=256,
        title="Rank",
        description="Width of the new matrices; `average` needs none.",
    )
    density: float = Field(
        0.5,
        gt=0,
        le=1,
        title="Density",
        description="Share of each model's change that takes part in the vote of ties and dare.",
    )
    top_k: int = Field(
        3,
        ge=1,
        le=8,
        title="Models per token",
        description="How many models answer a token with arrow; all of them, if there are fewer.",
    )
    temperature: float = Field(
        1.0,
        gt=0,
        le=100,
        title="Temperature",
        description="How sharply arrow chooses: small sends a token to the one model that fits best, large to all alike.",
    )


class ExtractedLora(BaseModel):
    """A full fine-tune as a LoRA: the strongest directions of what changed."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["shrunk"] = "shrunk"
    parents: list[Parent] = Field(min_length=1, max_length=1)
    rank: int = Field(
        32,
        ge=1,
        le=256,
        title="Rank",
        description="How many directions of each layer's change are kept. More is nearer to the original and larger.",
    )


class Merged(BaseModel):
    """An adapter as one plain model: what was learned is added to the base model's own weights."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["merged"] = "merged"
    parents: list[Parent] = Field(min_length=1, max_length=1)


Origin = Annotated[Combined | ExtractedLora | Merged, Field(discriminator="kind")]

"""The load of an inference server, as ``/status`` answers and as its supervisor stores it."""

from pydantic import BaseModel


class PoolStatus(BaseModel):
    """The models in memory: names of base models, numbers of tuned models and classifiers, and where they compute.

    ``vllm`` is the name of the base model in vLLM, or empty.
    """

    bases: list[str]
    tuned: int
    classifiers: int
    device: str
    vllm: str


class ServerStatus(PoolStatus):
    """Replies in progress and waiting, seconds since the last use, and the models in memory."""

    replies: int
    waiting: int
    idle_seconds: float

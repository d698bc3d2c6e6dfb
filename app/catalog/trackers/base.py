"""What a tracker is: a program that people already keep their runs in, and how one of ours is written for it.

A tracker's own library is imported only while it writes, in a process of its own.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

Point = tuple[str, int, float, float]


@dataclass(frozen=True)
class TrackedRun:
    """One run as trackers see runs.

    Attributes:
        settings: flat, ``"method.rank"`` to a plain value.
        results: the numbers of the final test, by name.
        points: ``(metric, step, value, time)`` with the time in seconds since 1970, by step.
    """

    id: str
    name: str
    project: str
    started_at: float
    ended_at: float
    succeeded: bool
    settings: dict[str, Any]
    results: dict[str, float]
    points: list[Point]

    def as_dict(self) -> dict[str, Any]:
        """JSON form; :meth:`from_dict` reads it back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "TrackedRun":
        """Inverse of :meth:`as_dict`."""
        return cls(**{**values, "points": [tuple(point) for point in values["points"]]})

    def by_step(self) -> list[tuple[int, dict[str, float]]]:
        """All metrics of each step together, in order."""
        steps: dict[int, dict[str, float]] = {}
        for key, step, value, _ in self.points:
            steps.setdefault(step, {})[key] = value
        return sorted(steps.items())


class Tracker(ABC):
    """One tracker.

    Attributes:
        package: the module whose presence means that it is installed.
        environment: names from the worker's environment that its library reads; they decide about a server.
        after: what to do with the downloaded files.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    package: ClassVar[str]
    summary: ClassVar[str]
    after: ClassVar[str]
    environment: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def write(self, run: TrackedRun, folder: Path, environment: Mapping[str, str]) -> str:
        """Write the run; returns the address where it can be seen, or nothing when it was written into ``folder``.

        Args:
            folder: empty; what is in it afterwards is what the person downloads.
            environment: the values of ``environment`` that are set.
        """

"""Libraries that a process does without although they are installed, because another library would load them unasked."""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


class LeftOutLibraries(MetaPathFinder):
    """Refuses to find certain top-level modules, as if they were not installed."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Leave every other module to the other finders.

        Raises:
            ModuleNotFoundError: it is one of those that are left out.
        """
        if fullname in self._names:
            raise ModuleNotFoundError(f"{fullname} is left out of this process", name=fullname)
        return None


def leave_out_pandas() -> None:
    """Spare this process pandas, which pyarrow would load with its first array: half a second and 60 MB for nothing."""
    sys.meta_path.insert(0, LeftOutLibraries("pandas"))

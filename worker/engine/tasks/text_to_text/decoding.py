"""How a download writes targets: what stands before each source, how long sources and targets are, how many beams."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

DECODING = "decoding.json"


@dataclass(frozen=True)
class Decoding:
    """Settings of generation; ``max_source_tokens`` are read of a source, by a model that has an encoder."""

    source_prefix: str
    max_source_tokens: int
    max_new_tokens: int
    num_beams: int

    def write(self, folder: Path) -> None:
        """Put them beside the weights, for programs that read the download."""
        (folder / DECODING).write_text(json.dumps(asdict(self), ensure_ascii=False, indent=1), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> "Decoding":
        """What :meth:`write` wrote."""
        return cls(**json.loads((folder / DECODING).read_text(encoding="utf-8")))

"""Where the rows of a dataset were fetched from; kept with its versions, in the specs of runs and on model cards."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict


class DatasetSource(BaseModel):
    """A data set of the Hugging Face Hub, or a file at an address. Empty words: not stated.

    Attributes:
        repo: id on the hub, with ``config``, ``split``, the ``test_split`` whose rows are the test, the ``revision`` that was
            asked for and the ``commit`` that it stood for.
        address: of a file that is not on the hub, without password and query.
        sha256: of that file.
        licence: as the card of the data set states it.
        first_rows: only so many of each split were taken; 0: all.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["hub", "address"]
    repo: str = ""
    config: str = ""
    split: str = ""
    test_split: str = ""
    revision: str = ""
    commit: str = ""
    licence: str = ""
    address: str = ""
    sha256: str = ""
    first_rows: int = 0

    def as_dict(self) -> dict[str, Any]:
        """What is stored: the fields that say something."""
        return self.model_dump(exclude_defaults=True)

    def words(self) -> str:
        """One line of Markdown, as on a model card."""
        if self.kind == "address":
            return f"`{self.address}`, SHA-256 `{self.sha256}`"
        parts = [f"`{self.repo}`"]
        parts += [
            f"{name} `{value}`" for name, value in (("configuration", self.config), ("split", self.split)) if value
        ]
        parts += [f"tested on split `{self.test_split}`"] if self.test_split else []
        parts += [f"the first {self.first_rows:,} rows"] if self.first_rows else []
        parts += [f"revision `{self.revision}` at commit `{self.commit}`"]
        return ", ".join(parts) + (f"; licence {self.licence}" if self.licence else "; it states no licence")

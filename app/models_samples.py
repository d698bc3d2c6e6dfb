"""The table of samples that a causal language model generated at the evaluations of its run."""

from sqlalchemy import BigInteger, ForeignKey, Integer, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class GenerationSample(Base):
    """A held-out row at one step of a run: base's and tuned answer; the key makes a second delivery harmless."""

    __tablename__ = "written_samples"
    __table_args__ = (UniqueConstraint("run_id", "step", "row_id"),)
    seq: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    step: Mapped[int] = mapped_column(BigInteger)
    row_id: Mapped[int] = mapped_column(Integer)
    input: Mapped[str] = mapped_column(Text)
    expected: Mapped[str] = mapped_column(Text)
    base_answer: Mapped[str] = mapped_column(Text)
    answer: Mapped[str] = mapped_column(Text)

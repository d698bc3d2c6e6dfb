"""Tables about what runs cost: the estimate before, the actual after, and how fast a machine was measured to be."""

from typing import Any

from sqlalchemy import JSON, Float, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, db_now


class RunCost(Base):
    """What a run was estimated to cost when it began, on which machine, and what it did cost.

    ``counted`` is the estimate before anything was learned from earlier runs, by which later ones are corrected;
    ``formula`` is the number of the arithmetic that made it. ``actual`` stays empty for a run that did not finish.
    """

    __tablename__ = "run_costs"
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    machine: Mapped[str] = mapped_column(String(200), index=True)
    family: Mapped[str] = mapped_column(String(40))
    base_model: Mapped[str] = mapped_column(String(200))
    method: Mapped[str] = mapped_column(String(60))
    formula: Mapped[int] = mapped_column(Integer)
    counted: Mapped[dict[str, float]] = mapped_column(JSON)
    estimate: Mapped[dict[str, Any]] = mapped_column(JSON)
    actual: Mapped[dict[str, float] | None] = mapped_column(JSON)
    finished_at: Mapped[float | None] = mapped_column(Float, index=True)


class MachineSpeed(Base):
    """How long two fixed pieces of work took on a machine, in seconds; measured once by a worker."""

    __tablename__ = "machine_speeds"
    machine: Mapped[str] = mapped_column(String(200), primary_key=True)
    measured_at: Mapped[float] = mapped_column(Float, default=db_now())
    seconds: Mapped[dict[str, float]] = mapped_column(JSON)

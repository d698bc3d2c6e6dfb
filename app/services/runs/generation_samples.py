"""Answers of a generative model to some held-out rows at each evaluation of its run, beside those of the base model."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.db import dialect, snapshot
from app.errors import NotFound
from app.languages import decimal
from app.languages import gettext as _
from app.models_samples import GenerationSample
from app.services.runs import runs

TEXTS = ("input", "expected", "base_answer", "answer")


@dataclass(frozen=True)
class SampledAnswer:
    """One held-out row with the base model's and the tuned model's answer."""

    row_id: int
    input: str
    expected: str
    base_answer: str
    answer: str


@dataclass(frozen=True)
class SampledStep:
    """The answers of one evaluation; ``steps`` are all that have answers, ``step`` is None while there are none."""

    steps: Sequence[int]
    step: int | None
    rows: Sequence[SampledAnswer]

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the REST API."""
        return asdict(self)


def append(session: Session, run_id: str, lines: Sequence[dict[str, Any]]) -> None:
    """Store spool lines of type ``written``; a line delivered twice is stored once.

    Args:
        session: the transaction in which the caller has proved its claim.
    """
    rows = [
        {"run_id": run_id, "step": line["step"], "row_id": line["row_id"], **{name: line[name] for name in TEXTS}}
        for line in lines
        if line["type"] == "written"
    ]
    if rows:
        insert = postgresql.insert if dialect().name == "postgresql" else sqlite.insert
        session.execute(insert(GenerationSample).on_conflict_do_nothing(), rows)


def at_step(user_id: str, run_id: str, step: int | None = None) -> SampledStep:
    """The answers of one evaluation of one's own run; of the newest without ``step``.

    Raises:
        NotFound: the run is not theirs, or there are no answers of that step.
    """
    with snapshot() as session:
        runs.find(session, user_id, run_id)
        mine = GenerationSample.run_id == run_id
        by_step = select(GenerationSample.step).where(mine).distinct().order_by(GenerationSample.step)
        steps = list(session.scalars(by_step))
        if step is None:
            step = steps[-1] if steps else None
        elif step not in steps:
            known = ", ".join(f"{sampled:,}" for sampled in steps[-20:]) or _("none yet")
            raise NotFound(
                "step_not_found",
                _("No answers were written at step {step}.", step=decimal(step)),
                _("There are some at: {known}.", known=known),
            )
        wanted = select(GenerationSample).where(mine, GenerationSample.step == step).order_by(GenerationSample.seq)
        rows = session.scalars(wanted).all()
    return SampledStep(
        steps, step, [SampledAnswer(row.row_id, *(getattr(row, name) for name in TEXTS)) for row in rows]
    )

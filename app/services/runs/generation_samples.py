"""What a model that writes said at each check of its run, beside the untouched base. Sole user of its table."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.db import dialect, snapshot
from app.errors import NotFound
from app.models_samples import GenerationSample
from app.services.runs import runs

TEXTS = ("input", "expected", "base_answer", "answer")


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


def at_step(user_id: str, run_id: str, step: int | None = None) -> dict[str, Any]:
    """The answers of one check of one's own run; of the newest without ``step``.

    Returns:
        ``{"steps": [...], "step", "rows": [{"row_id", "input", "expected", "base_answer", "answer"}]}``; ``step`` is None
        while there are none.

    Raises:
        NotFound: the run is not theirs, or no answers were written at that step.
    """
    with snapshot() as session:
        runs.find(session, user_id, run_id)
        mine = GenerationSample.run_id == run_id
        steps = list(
            session.scalars(select(GenerationSample.step).where(mine).distinct().order_by(GenerationSample.step))
        )
        if step is None:
            step = steps[-1] if steps else None
        elif step not in steps:
            known = ", ".join(f"{each:,}" for each in steps[-20:]) or "none yet"
            raise NotFound(
                "step_not_found", f"No answers were written at step {step:,}.", f"There are some at: {known}."
            )
        wanted = select(GenerationSample).where(mine, GenerationSample.step == step).order_by(GenerationSample.seq)
        rows = session.scalars(wanted).all()
    told = [{"row_id": row.row_id, **{name: getattr(row, name) for name in TEXTS}} for row in rows]
    return {"steps": steps, "step": step, "rows": told}

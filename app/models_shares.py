"""The table of read-only links: who lets whom see which runs, until when."""

from sqlalchemy import JSON, Boolean, Float, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, db_now


class Share(Base):
    """A link that shows some runs of one user to everybody who has it; only the SHA-256 of its token is stored.

    ``view`` is the query of the compare page's address: baseline, axis, smoothing and the like. ``with_rows`` says whether
    held-out rows and their answers are shown, too.
    """

    __tablename__ = "shares"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    owner_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[float] = mapped_column(Float, default=db_now())
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    run_ids: Mapped[list[str]] = mapped_column(JSON)
    view: Mapped[str] = mapped_column(Text, default="")
    with_rows: Mapped[bool] = mapped_column(Boolean, default=False)
    expires_at: Mapped[float] = mapped_column(Float)
    revoked_at: Mapped[float | None] = mapped_column(Float)
    opened: Mapped[int] = mapped_column(Integer, default=0)

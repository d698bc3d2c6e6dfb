"""Tables of what people sign in with besides links: passwords, second factors, recovery codes."""

from sqlalchemy import BigInteger, Float, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, db_now


class Password(Base):
    """A person's password as an argon2id hash with its parameters and salt."""

    __tablename__ = "passwords"
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    hash: Mapped[str] = mapped_column(String(200))
    changed_at: Mapped[float] = mapped_column(Float, default=db_now())


class SecondFactor(Base):
    """A shared secret for one-time codes by time (RFC 6238), base32.

    It counts once ``confirmed_at`` is set; codes up to ``last_step`` were used.
    """

    __tablename__ = "second_factors"
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    secret: Mapped[str] = mapped_column(String(64))
    confirmed_at: Mapped[float | None] = mapped_column(Float)
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)


class RecoveryCode(Base):
    """A code that stands in for the second factor once; only its SHA-256 is stored."""

    __tablename__ = "recovery_codes"
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    code_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    used_at: Mapped[float | None] = mapped_column(Float)


class OutsideIdentity(Base):
    """By which issuer and subject a person is known outside: at an OpenID Connect provider, or to a proxy (issuer ``header``)."""

    __tablename__ = "outside_identities"
    issuer: Mapped[str] = mapped_column(String(300), primary_key=True)
    subject: Mapped[str] = mapped_column(String(255), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    email: Mapped[str] = mapped_column(String(320), default="")
    created_at: Mapped[float] = mapped_column(Float, default=db_now())
    used_at: Mapped[float | None] = mapped_column(Float)

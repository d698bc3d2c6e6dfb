"""Whom a sign-in provider vouches for, and what a browser begins with."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Attempt:
    """What one browser begins to sign in with, and must bring back.

    Args:
        state: names the attempt in the addresses.
        nonce: names it in the provider's identity token.
        verifier: of PKCE; the provider has seen its SHA-256 only.
    """

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True)
class ProvidedIdentity:
    """Whom a provider vouches for.

    ``email`` is empty unless it says that it has verified the address; ``groups`` is None where it says nothing about them.
    """

    issuer: str
    subject: str
    name: str
    email: str
    groups: frozenset[str] | None = None

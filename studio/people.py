"""People as the command line names them, on a database that is up to date."""

from sqlalchemy import select

from app.db import snapshot
from app.errors import NotFound
from app.models import User
from app.services.accounts import accounts, audit_chain
from app.settings import get_settings
from studio.claimed_folder import bring_up_to_date, running_address


def find_user(name: str) -> User:
    """The person of that name, or the owner for an empty name.

    Raises:
        NotFound: nobody is called that.
    """
    bring_up_to_date()
    if not name:
        return accounts.ensure_owner()
    with snapshot() as session:
        found = session.scalars(select(User).where(User.name == name)).first()
    if found is None:
        raise NotFound("user_not_found", f"There is no user called {name!r}.", f"Create one: studio user add {name}")
    return found


def sign_in_link(person: User) -> str:
    """A one-time link to the studio that runs on this data folder, or else at the address that the settings name."""
    address = running_address() or get_settings().address
    return f"{address}/sign-in?token={accounts.create_sign_in_link(person.id)}"


FAULTS = {
    "missing": "is missing",
    "changed": "was changed",
    "details": "has other details than those it was written with",
    "end": "and all after it are missing",
    "added": "was not written by the studio",
}


def verify_audit_trail(noted: str = "") -> tuple[str, bool]:
    """What a check of the audit trail has found, in words, and whether it is whole.

    Args:
        noted: the hash of an entry as it was exported or printed earlier; it must still be part of the trail.
    """
    bring_up_to_date()
    state = audit_chain.verify()
    if not state.is_whole:
        return f"The audit trail is broken: entry {state.broken} {FAULTS[state.fault]}.", False
    if noted and not audit_chain.holds(noted.strip().lower()):
        return f"The audit trail is consistent, but holds no entry with the hash {noted}: it was written anew.", False
    erased = f", the details of {state.erased} were taken out" if state.erased else ""
    return f"The audit trail is whole: {state.entries} entries{erased}. Hash of the last: {state.sha256}", True

"""People as the command line names them, on a database that is up to date."""

from sqlalchemy import select

from app.db import snapshot
from app.errors import NotFound
from app.models import User
from app.services.accounts import accounts
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

"""Accounts of people for whom somebody else vouches: an OpenID Connect provider, or a proxy that names them in a header.

An account is found by issuer and subject alone. An address never finds one, unless the provider has verified it and an
administrator allows that.
"""

import logging
import shlex

from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.db import db_now, snapshot, transaction
from app.errors import Conflict, NotAllowed, Rejected
from app.languages import gettext as _
from app.models import User
from app.models_sign_in import OutsideIdentity
from app.services.accounts import accounts, names
from app.services.accounts.accounts import ADMINISTRATOR, MEMBER, OWNER
from app.services.accounts.audit_chain import record
from app.services.accounts.identity_claims import ProvidedIdentity
from app.services.accounts.people import require_administrator
from app.settings import Settings, get_settings

logger = logging.getLogger(__name__)

# The issuer of people whom a proxy names.
HEADER_ISSUER = "header"
MOST_NAMES = 100
MAX_SUBJECT = 255


def sign_in(identity: ProvidedIdentity, agent: str, by: str = "provider") -> tuple[User, str]:
    """Open a session for whoever the identity belongs to, with the role that its groups give.

    Args:
        by: how they signed in, for the audit trail.

    Returns:
        The user and the value of the session cookie.

    Raises:
        NotAllowed: their account is disabled, or domain or groups do not let them in, or nobody has invited them.
    """
    settings = get_settings()
    _check_admitted(identity, settings)
    user_id = _known(identity.issuer, identity.subject) or _linked(identity, settings) or _created(identity, settings)
    with transaction() as session:
        user = accounts.require_user(session, user_id)
        if not user.active:
            refusal = NotAllowed(
                "account_disabled",
                _("The account of {name} is disabled.", name=repr(user.name)),
                _("An administrator of this studio can enable it."),
            )
            refusal.withheld = ("user", user.id)
            raise refusal
        if identity.issuer != HEADER_ISSUER:
            _set_role(session, user, _role(identity, settings))
        found = session.scalars(_identities(identity.issuer, identity.subject)).one()
        found.email, found.used_at = identity.email[:320], db_now()
        return user, accounts.open_session(session, user.id, agent, by)


def link(admin_id: str, user_id: str, issuer: str, subject: str, *, move: bool = False) -> None:
    """Give an account an identity, so that whoever has it signs in to this account.

    Args:
        issuer: that of the provider, or :data:`HEADER_ISSUER`.
        subject: what the provider calls the person (claim ``sub``), or what the proxy writes into its header.
        move: take it from the account that has it, as one that was made at a first sign-in.

    Raises:
        NotAllowed: the caller is no administrator.
        Rejected: an identity has 1 to 255 characters.
        Conflict: another account has it.
    """
    if not 1 <= len(subject) <= MAX_SUBJECT or not subject.isprintable():
        raise Rejected(
            "identity",
            _("{subject} is no identity.", subject=repr(subject[:60])),
            _("It has 1 to {most} characters, all of which can be shown.", most=MAX_SUBJECT),
        )
    with transaction() as session:
        require_administrator(session, admin_id)
        accounts.require_user(session, user_id)
        found = session.scalars(_identities(issuer, subject).with_for_update()).first()
        if found is not None and found.user_id == user_id:
            return
        if found is not None and not move:
            name = accounts.require_user(session, found.user_id).name
            raise Conflict(
                "identity_taken",
                _("The identity {subject} belongs to {name}.", subject=repr(subject), name=repr(name)),
                _("Move it to the other account with --move; nothing of {name} is deleted.", name=repr(name)),
            )
        if found is not None:
            session.delete(found)
            session.flush()
        _link(session, user_id, ProvidedIdentity(issuer, subject, "", ""), by=admin_id)


def user_of(issuer: str, subject: str) -> User | None:
    """The active user of an identity."""
    query = select(User).join(OutsideIdentity, OutsideIdentity.user_id == User.id)
    with snapshot() as session:
        return session.scalars(
            query.where(OutsideIdentity.issuer == issuer, OutsideIdentity.subject == subject, User.active)
        ).first()


def listed(words: str) -> frozenset[str]:
    """The entries of a setting that are separated by commas."""
    return frozenset(filter(None, (word.strip() for word in words.split(","))))


def _check_admitted(identity: ProvidedIdentity, settings: Settings) -> None:
    """Refuse who is in none of the allowed domains or groups; those apply to providers, a proxy decides by itself."""
    if identity.issuer == HEADER_ISSUER:
        return
    domains = {domain.lower() for domain in listed(settings.oidc_domains)}
    if domains and identity.email.rpartition("@")[2] not in domains:
        raise NotAllowed(
            "domain_not_allowed",
            _("Your verified address is in none of the domains that may sign in here."),
            _("Ask an administrator of this studio; the provider must say that it has verified your address."),
        )
    groups = listed(settings.oidc_member_groups) | listed(settings.oidc_admin_groups)
    if listed(settings.oidc_member_groups) and not groups & (identity.groups or frozenset()):
        raise NotAllowed(
            "group_not_allowed",
            _("You are in none of the groups that may sign in here."),
            _("Ask an administrator of this studio."),
        )


def _role(identity: ProvidedIdentity, settings: Settings) -> str | None:
    """The role that groups give; None where administrators decide here, or the provider has said nothing about groups."""
    admins = listed(settings.oidc_admin_groups)
    if not admins:
        return None
    if identity.groups is None:
        # A scope that is missing, or too many groups for a token: no reason to take a role from everybody.
        logger.warning(
            "the identity %r has no list of groups in the claim %r (STUDIO_OIDC_GROUPS_CLAIM, STUDIO_OIDC_SCOPES): its role stays",
            identity.subject[:60],
            settings.oidc_groups_claim,
        )
        return None
    return ADMINISTRATOR if admins & identity.groups else MEMBER


def _set_role(session: Session, user: User, role: str | None) -> None:
    if role is None or user.role in (OWNER, role):
        return
    data = {"name": user.name, "from": user.role, "to": role, "by": "groups of the provider"}
    user.role = role
    record(session, user.id, "change_role", "user", user.id, data=data)


def _known(issuer: str, subject: str) -> str | None:
    with snapshot() as session:
        found = session.scalars(_identities(issuer, subject)).first()
        return found.user_id if found else None


def _identities(issuer: str, subject: str) -> Select[OutsideIdentity]:
    return select(OutsideIdentity).where(OutsideIdentity.issuer == issuer, OutsideIdentity.subject == subject)


def _linked(identity: ProvidedIdentity, settings: Settings) -> str | None:
    """The account whose name is the verified address, where that is allowed; never the owner's or one that has an identity."""
    if not (settings.oidc_link_by_email and identity.email):
        return None
    with transaction() as session:
        user = session.scalars(select(User).where(User.name == identity.email).with_for_update()).first()
        if user is None or user.role == OWNER:
            return None
        if session.scalars(select(OutsideIdentity).where(OutsideIdentity.user_id == user.id)).first():
            return None
        _link(session, user.id, identity)
        return user.id


def _created(identity: ProvidedIdentity, settings: Settings) -> str:
    if not settings.oidc_create_accounts:
        raise NotAllowed(
            "not_invited",
            _("Nobody with this identity has an account here."),
            _(
                "Ask an administrator of this studio for one, or to give you yours: {command}",
                command=f"studio user link NAME {shlex.quote(identity.subject)}",
            ),
        )
    wanted = names.clean_name(identity.name or identity.email) or _("Colleague")
    for number in range(1, MOST_NAMES):
        # Numbered where somebody else has the name.
        name = wanted if number == 1 else f"{wanted[:190]} {number}"
        try:
            with transaction() as session:
                user_id = accounts.insert_user(session, name).id
                _link(session, user_id, identity)
                return user_id
        except IntegrityError:
            # Another request may have made the account of this very identity.
            if known := _known(identity.issuer, identity.subject):
                return known
    raise Conflict("user_exists", _("There already is a user called {name}.", name=repr(wanted)), _("Rename one."))


def _link(session: Session, user_id: str, identity: ProvidedIdentity, by: str = "") -> None:
    session.add(
        OutsideIdentity(user_id=user_id, issuer=identity.issuer, subject=identity.subject, email=identity.email[:320])
    )
    details = {"issuer": identity.issuer, "subject": identity.subject[:200], "email": identity.email}
    record(session, by or user_id, "link_identity", "user", user_id, data=details)

"""`studio user link`: an existing account for somebody whom a sign-in provider or a proxy vouches for."""

import click

from app.errors import Rejected


@click.command("link")
@click.argument("name")
@click.argument("identity")
@click.option(
    "--by",
    type=click.Choice(["provider", "header"]),
    help="Who knows the person by it; needed where both are configured.",
)
@click.option("--move", is_flag=True, help="Take it from the account that has it, such as one made at a first sign-in.")
def link_identity(name: str, identity: str, by: str | None, move: bool) -> None:
    """Let somebody sign in to an existing account by single sign-on.

    IDENTITY is what the provider calls the person (the claim `sub`), or what the proxy writes into its header.
    """
    from app.services.accounts import single_sign_on
    from studio.people import find_user

    admin, person = find_user(""), find_user(name)
    single_sign_on.link(admin.id, person.id, _issuer(by), identity, move=move)
    click.echo(f"Whoever is known as {identity!r} signs in as {person.name}.")


def _issuer(by: str | None) -> str:
    """The issuer of the identity.

    Raises:
        Rejected: it is not said which one, or it is not configured.
    """
    from app.services.accounts.single_sign_on import HEADER_ISSUER
    from app.settings import get_settings

    settings = get_settings()
    issuers = {"provider": settings.oidc_issuer, "header": HEADER_ISSUER if settings.sign_in_header else ""}
    known = {kind: issuer for kind, issuer in issuers.items() if issuer and by in (None, kind)}
    if len(known) == 1:
        return known.popitem()[1]
    if known:
        raise Rejected(
            "which_issuer", "Both a provider and a header are configured.", "Add --by provider or --by header."
        )
    asked = {"provider": "STUDIO_OIDC_ISSUER", "header": "STUDIO_SIGN_IN_HEADER"}
    missing = asked[by] if by else " or ".join(asked.values())
    raise Rejected("no_provider", "Single sign-on is not configured here.", f"Set {missing}, as for the studio itself.")

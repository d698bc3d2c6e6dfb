"""The sign-in provider of the settings; light, since every sign-in page is made with it."""

from functools import lru_cache
from typing import TYPE_CHECKING

from app.settings import get_settings

if TYPE_CHECKING:
    from app.services.accounts.identity_provider import IdentityProvider


def is_configured() -> bool:
    """Whether people can sign in with a provider."""
    settings = get_settings()
    return bool(settings.oidc_issuer and settings.oidc_client_id)


def provider() -> "IdentityProvider":
    """The provider of the settings, with what is known of it by now."""
    settings = get_settings()
    return _provider(settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret)


@lru_cache(maxsize=4)
def _provider(issuer: str, client_id: str, secret: str) -> "IdentityProvider":
    from app.services.accounts.identity_provider import IdentityProvider

    return IdentityProvider(issuer, client_id, secret)


def sign_out_address(return_to: str) -> str:
    """Where the provider's own session is ended; empty where it has no such page, or nobody has signed in with it yet."""
    return provider().sign_out_address(return_to) if _provider.cache_info().currsize else ""

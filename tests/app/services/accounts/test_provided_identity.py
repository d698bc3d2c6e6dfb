"""When people can sign in with a provider at all."""

import pytest

from app.services.accounts import provided_identity
from app.settings import get_settings


def test_a_provider_needs_issuer_and_client_id(owner: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not provided_identity.is_configured() and provided_identity.sign_out_address("http://127.0.0.1/") == ""
    monkeypatch.setenv("STUDIO_OIDC_ISSUER", "https://id.example")
    get_settings.cache_clear()
    assert not provided_identity.is_configured()
    monkeypatch.setenv("STUDIO_OIDC_CLIENT_ID", "studio")
    get_settings.cache_clear()
    assert provided_identity.is_configured() and provided_identity.provider() is provided_identity.provider()

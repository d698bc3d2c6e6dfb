"""Which addresses a provider may have; its sign-in is tested over real HTTP in tests/app/api/test_provider_sign_in.py."""

import pytest

from app.services.accounts.identity_provider import is_protected


@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("https://id.example/realms/a", True),
        ("http://127.0.0.1:8080", True),
        ("http://localhost/x", True),
        ("http://id.example", False),
        ("http://127.0.0.1.evil.example", False),
        ("file:///etc/passwd", False),
        ("https://", False),
        ("", False),
    ],
)
def test_only_https_and_this_machine_are_asked(address: str, good: bool) -> None:
    assert is_protected(address) is good

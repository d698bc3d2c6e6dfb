"""An OpenID Connect provider: where it is, what it vouches for, and every check of that (OpenID Connect Core 1.0, RFC 7636, RFC 9207).

Authlib makes the requests and checks the claims, joserfc the signatures. Nothing here knows the database.
Loading them takes half a second, so this is imported by the first sign-in through a provider.
"""

import threading
import time
import unicodedata
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import BadSignatureError, ClaimError, ExpiredTokenError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from app.errors import StudioError
from app.languages import gettext as _
from app.languages import gettext_noop
from app.services.accounts.identity_claims import Attempt, ProvidedIdentity
from app.settings import get_settings

# Signatures of a key pair; a shared secret, or none, never counts.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
TIMEOUT_SECONDS = 10.0
DISCOVERY_SECONDS = 3600.0
# For so long after a failure the provider is not asked again for its description: anybody may open the sign-in page.
FAILURE_SECONDS = 10.0
# Keys are read again for a signature that none of them made, but not more often than this, however many sign in.
KEYS_SECONDS = 30.0
CLOCK_SECONDS = 30
DISCOVERY = "/.well-known/openid-configuration"
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
# Claim -> why an identity that has it otherwise is refused.
REFUSED_CLAIMS = {
    "nonce": gettext_noop("It answers another attempt to sign in than this browser's."),
    "aud": gettext_noop("It was made for another application than this studio."),
    "azp": gettext_noop("It was made for another application than this studio."),
    "iss": gettext_noop("It is from another provider than the one that was asked."),
    "exp": gettext_noop("It has expired, or a clock is wrong."),
    "iat": gettext_noop("It is from the future: a clock is wrong."),
    "nbf": gettext_noop("It does not count yet: a clock is wrong."),
}


class IdentityProvider:
    """One provider; description and keys are read again after an hour, and its keys when a signature is of none of them."""

    def __init__(self, issuer: str, client_id: str, secret: str) -> None:
        self.issuer, self._client_id, self._secret = issuer, client_id, secret
        self._describing, self._reading_keys = threading.Lock(), threading.Lock()
        self._described: tuple[float, Mapping[str, Any]] = (0.0, {})
        self._failed: tuple[float, StudioError] | None = None
        self._keys: tuple[float, KeySet] | None = None
        self._asked_again_at = -KEYS_SECONDS

    def authorization_address(self, attempt: Attempt, redirect_uri: str) -> str:
        """Where the browser goes to sign in.

        Raises:
            StudioError: 503, the provider does not answer, or 502, not as it should.
        """
        endpoint = str(self._description()["authorization_endpoint"])
        with self._client(redirect_uri) as client:
            address, _state = client.create_authorization_url(
                endpoint, state=attempt.state, nonce=attempt.nonce, code_verifier=attempt.verifier
            )
        return str(address)

    def sign_out_address(self, return_to: str) -> str:
        """Where the provider's own session is ended; empty where it has no such page or was not asked yet."""
        endpoint = str(self._described[1].get("end_session_endpoint") or "")
        if not endpoint:
            return ""
        query = {"client_id": self._client_id, "post_logout_redirect_uri": return_to}
        return str(httpx2.URL(endpoint, params=query))

    def identity(self, code: str, attempt: Attempt, redirect_uri: str) -> ProvidedIdentity:
        """Whom the provider vouches for with a code, which it takes once.

        Raises:
            StudioError: 401 the code or the identity is refused; 502 or 503 the provider fails.
        """
        token = self._redeem(code, attempt, redirect_uri)
        claims = self._claims(str(token.get("id_token") or ""), attempt, str(token.get("access_token") or ""))
        email = str(claims.get("email") or "").strip()
        verified = email.lower() if claims.get("email_verified") is True else ""
        return ProvidedIdentity(
            issuer=self.issuer,
            subject=str(claims["sub"]),
            name=_name_in(claims, verified),
            email=verified,
            groups=_groups_in(claims),
        )

    def _redeem(self, code: str, attempt: Attempt, redirect_uri: str) -> Mapping[str, Any]:
        endpoint = str(self._description()["token_endpoint"])
        try:
            with self._client(redirect_uri) as client:
                token: Mapping[str, Any] = client.fetch_token(endpoint, code=code, code_verifier=attempt.verifier)
        except OAuthError as error:
            refused = _("The provider does not accept this sign-in: {error}.", error=str(error.error)[:60])
            hint = _("A code counts once and for some minutes. Begin again on the sign-in page.")
            raise StudioError("provider_refused", refused, hint, status=401) from error
        except (httpx2.HTTPError, ValueError) as error:
            raise self._unreachable(error) from error
        return token

    def _claims(self, id_token: str, attempt: Attempt, access_token: str) -> CodeIDToken:
        """The claims of an identity token, after every check."""
        try:
            found = self._decode(id_token)
            options: Any = {"iss": {"essential": True, "value": self.issuer}}
            options["aud"] = {"essential": True, "value": self._client_id}
            params = {"client_id": self._client_id, "nonce": attempt.nonce, "access_token": access_token}
            claims = CodeIDToken(found.claims, found.header, options, params)
            claims.validate(leeway=CLOCK_SECONDS)
        except ExpiredTokenError as error:
            raise _refused(_(REFUSED_CLAIMS["exp"])) from error
        except ClaimError as error:
            reason = REFUSED_CLAIMS.get(error.claim)
            raise _refused(_(reason) if reason else _("Its part {claim} is wrong.", claim=repr(error.claim))) from error
        except (JoseError, ValueError) as error:
            raise _refused(_("Its signature is not of this provider's keys.")) from error
        return claims

    def _decode(self, id_token: str) -> jwt.Token:
        read_at, keys = self._known_keys()
        try:
            return jwt.decode(id_token, keys, algorithms=ALGORITHMS)
        except (InvalidKeyIdError, BadSignatureError):
            # Providers change their keys, some under the same name; a new one is in the list before it signs a token.
            return jwt.decode(id_token, self._newer_keys(read_at), algorithms=ALGORITHMS)

    def _known_keys(self) -> tuple[float, KeySet]:
        """The provider's keys and when they were read; a key that it has withdrawn counts for an hour at most."""
        with self._reading_keys:
            if self._keys is None or time.monotonic() - self._keys[0] >= DISCOVERY_SECONDS:
                self._keys = self._fetch_keys()
            return self._keys

    def _newer_keys(self, read_at: float) -> KeySet:
        """Keys that were read after that moment, or the same ones where the last reading is only seconds ago."""
        with self._reading_keys:
            if self._keys is None or (
                self._keys[0] == read_at and time.monotonic() - self._asked_again_at >= KEYS_SECONDS
            ):
                self._asked_again_at = time.monotonic()
                self._keys = self._fetch_keys()
            return self._keys[1]

    def _fetch_keys(self) -> tuple[float, KeySet]:
        found = self._get(str(self._description()["jwks_uri"]))
        try:
            return time.monotonic(), KeySet.import_key_set({"keys": list(found["keys"])})
        except (KeyError, TypeError, JoseError) as error:
            raise self._broken("jwks_uri") from error

    def _description(self) -> Mapping[str, Any]:
        """The provider's metadata, asked for by one thread at a time; a failure is remembered for ``FAILURE_SECONDS``."""
        if known := self._fresh_description():
            return known
        with self._describing:
            if known := self._fresh_description():
                return known
            if self._failed and time.monotonic() - self._failed[0] < FAILURE_SECONDS:
                known_failure = self._failed[1]
                code, status = known_failure.code, known_failure.status
                raise StudioError(code, known_failure.message, known_failure.hint, status=status)
            try:
                found = self._read_description()
            except StudioError as error:
                self._failed = (time.monotonic(), error)
                raise
            self._described, self._failed = (time.monotonic(), found), None
            return found

    def _fresh_description(self) -> Mapping[str, Any]:
        read_at, known = self._described
        return known if known and time.monotonic() - read_at < DISCOVERY_SECONDS else {}

    def _read_description(self) -> Mapping[str, Any]:
        """What OpenID Connect Discovery 1.0 calls metadata; the issuer must be the one of the settings to the letter."""
        found = self._get(self.issuer.rstrip("/") + DISCOVERY)
        if found.get("issuer") != self.issuer:
            raise self._broken("issuer")
        for name in ENDPOINTS:
            if not is_protected(str(found.get(name) or "")):
                raise self._broken(name)
        return found

    def _get(self, address: str) -> Mapping[str, Any]:
        if not is_protected(address):
            raise self._broken("issuer")
        try:
            with self._client("") as client:
                answer = client.request("GET", address, withhold_token=True)
                answer.raise_for_status()
                found = answer.json()
        except (httpx2.HTTPError, ValueError) as error:
            raise self._unreachable(error) from error
        if not isinstance(found, dict):
            raise self._broken(address)
        return found

    def _client(self, redirect_uri: str) -> OAuth2Client:
        settings = get_settings()
        return OAuth2Client(
            self._client_id,
            self._secret or None,
            token_endpoint_auth_method="client_secret_basic" if self._secret else "none",
            scope=settings.oidc_scopes,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            timeout=TIMEOUT_SECONDS,
            follow_redirects=False,
        )

    def _unreachable(self, error: Exception) -> StudioError:
        return StudioError(
            "provider_unreachable",
            _(
                "The sign-in provider {issuer} does not answer: {error}.",
                issuer=self.issuer,
                error=type(error).__name__,
            ),
            _("Try again in a moment, or sign in with a link."),
            status=503,
        )

    def _broken(self, part: str) -> StudioError:
        return StudioError(
            "provider_broken",
            _(
                "The sign-in provider {issuer} says something unusable about {part}.",
                issuer=self.issuer,
                part=repr(part),
            ),
            _("Its address must be https, or on this machine, and STUDIO_OIDC_ISSUER its issuer to the letter."),
            status=502,
        )


def is_protected(address: str) -> bool:
    """Whether an address is of https, or of this machine alone."""
    parts = urlsplit(address)
    loopback = parts.hostname in ("127.0.0.1", "::1", "localhost")
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and loopback))


def _name_in(claims: Mapping[str, Any], verified: str) -> str:
    """What the person is called; a name like an address only where the provider has verified that it is theirs.

    People may choose their name at some providers, and could pass for somebody else by it.
    """
    given = [str(claims.get(claim) or "").strip() for claim in ("preferred_username", "name", "email")]
    for name in filter(None, given):
        # Also signs that only look like one.
        if "@" not in unicodedata.normalize("NFKC", name) or (verified and name.lower() == verified):
            return name
    return next((unicodedata.normalize("NFKC", name).partition("@")[0].strip() for name in given if name), "")


def _groups_in(claims: Mapping[str, Any]) -> frozenset[str] | None:
    """The person's groups; one alone is a text at some providers. None where the claim is absent or neither."""
    found = claims.get(get_settings().oidc_groups_claim)
    if isinstance(found, str):
        return frozenset({found})
    return frozenset(map(str, found)) if isinstance(found, list) else None


def _refused(reason: str) -> StudioError:
    message = _("What the provider says about you is not accepted. {reason}", reason=reason)
    return StudioError("identity_refused", message, _("Begin again on the sign-in page."), status=401)

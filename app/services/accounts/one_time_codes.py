"""One-time codes by time, RFC 6238 with the choices of every authenticator: HMAC-SHA-1, six digits, 30 seconds."""

import base64
import hashlib
import hmac
import secrets
from urllib.parse import quote

STEP_SECONDS = 30
DIGITS = 6
# A code of the step before or after is accepted, for clocks that differ.
DRIFT_STEPS = 1
SECRET_BYTES = 20


def new_secret() -> str:
    """A random secret of 160 bits, base32."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


def code_at(secret: str, step: int, digits: int = DIGITS) -> str:
    """The code of a step, counted in 30 seconds from 1970 (RFC 4226, section 5.3)."""
    mac = hmac.digest(base64.b32decode(secret), step.to_bytes(8, "big"), hashlib.sha1)
    offset = mac[-1] & 0x0F
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


def step_of(secret: str, code: str, seconds: float, after: int) -> int | None:
    """The step whose code this is, None if there is none near the time that comes after step ``after``."""
    now = int(seconds) // STEP_SECONDS
    for step in range(now - DRIFT_STEPS, now + DRIFT_STEPS + 1):
        if step > after and hmac.compare_digest(code_at(secret, step).encode(), code.encode()):
            return step
    return None


def address_of(secret: str, account: str, issuer: str) -> str:
    """The ``otpauth:`` address that authenticators open or read as a QR code."""
    label = f"{quote(issuer, safe='')}:{quote(account, safe='')}"
    return f"otpauth://totp/{label}?secret={secret}&issuer={quote(issuer, safe='')}"

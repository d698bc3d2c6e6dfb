"""One-time codes against the test vectors of RFC 4226 and RFC 6238."""

import base64

import pytest

from app.services.accounts import one_time_codes

SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_codes_of_rfc_6238_appendix_b(seconds, code):
    assert one_time_codes.code_at(SECRET, seconds // 30, digits=8) == code


def test_codes_of_rfc_4226_appendix_d():
    codes = [one_time_codes.code_at(SECRET, step) for step in range(3)]
    assert codes == ["755224", "287082", "359152"]


def test_code_counts_a_step_early_and_late_and_never_twice():
    code = one_time_codes.code_at(SECRET, 100)
    assert [one_time_codes.step_of(SECRET, code, step * 30, 0) for step in (98, 99, 100, 101, 102)] == [
        None,
        100,
        100,
        100,
        None,
    ]
    assert one_time_codes.step_of(SECRET, code, 3000, 100) is None
    assert one_time_codes.step_of(SECRET, "", 3000, 0) is None


def test_address_is_read_by_authenticators():
    address = one_time_codes.address_of("ABC", "ann & bob", "A studio")
    assert address == "otpauth://totp/A%20studio:ann%20%26%20bob?secret=ABC&issuer=A%20studio"
    assert len(one_time_codes.new_secret()) == 32

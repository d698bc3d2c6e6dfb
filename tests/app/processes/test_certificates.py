"""The certificates of other programs: checked, and read once."""

import ssl

from app.processes.certificates import trusted


def test_they_are_checked_and_read_once() -> None:
    context = trusted()
    assert context.verify_mode is ssl.CERT_REQUIRED and context.check_hostname and context.get_ca_certs()
    assert trusted() is context

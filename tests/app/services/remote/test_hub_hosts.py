"""Which hosts a fetch may contact."""

import pytest

from app.errors import Rejected
from app.services.remote.hub_hosts import check_host
from tests.conftest import forget_settings


@pytest.mark.usefixtures("studio_home")
@pytest.mark.parametrize(
    "host", ["127.0.0.1", "0.0.0.0", "10.1.2.3", "192.168.0.1", "172.16.0.1", "100.64.0.1", "::1", "fe80::1", "fd00::1"]
)
def test_private_addresses_are_refused(host: str) -> None:
    with pytest.raises(Rejected, match="private network"):
        check_host(host, 80)


@pytest.mark.usefixtures("studio_home")
def test_hub_itself_may_be_inside_but_not_another_port_of_its_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:5000")
    forget_settings()
    check_host("127.0.0.1", 5000)
    with pytest.raises(Rejected):
        check_host("127.0.0.1", 5001)
    check_host("8.8.8.8", 443)
    forget_settings()

import pytest

from relay.config import SfuSettings
from relay.errors import Misuse
from relay.sfu.shell import udp
from tests.support.interfaces import link_local_address


def test_the_address_that_is_bound_is_the_candidate() -> None:
    assert udp.hosts(SfuSettings(host="127.0.0.1"), "127.0.0.1") == ("127.0.0.1",)
    assert udp.hosts(SfuSettings(host="fe80::7%eth0"), "fe80::7%eth0") == ("fe80::7",)


def test_a_socket_on_all_addresses_names_those_of_the_machine() -> None:
    found = udp.hosts(SfuSettings(host="::"), "::")
    assert found
    assert not [host for host in found if host.startswith("fe80") or "%" in host]
    assert not [host for host in udp.hosts(SfuSettings(), "0.0.0.0") if ":" in host]


def test_what_is_advertised_is_all_that_is_said() -> None:
    settings = SfuSettings(advertised_hosts=("203.0.113.7", "2001:db8::7"), external_hosts=("203.0.113.9",))
    assert udp.hosts(settings, "10.0.0.5") == ("203.0.113.7", "2001:db8::7")


@pytest.mark.parametrize(
    ("external", "own", "named"),
    [
        (("203.0.113.7",), "10.0.0.5", "203.0.113.7"),
        (("203.0.113.7",), "fd00::5", "fd00::5"),
        (("203.0.113.7/10.0.0.5", "203.0.113.8/10.0.1.5"), "10.0.1.5", "203.0.113.8"),
        (("203.0.113.7/10.0.0.5",), "192.168.0.1", "192.168.0.1"),
        (("203.0.113.7/10.0.0.5", "203.0.113.9"), "10.0.0.5", "203.0.113.7"),
        (("203.0.113.9", "203.0.113.7/10.0.0.5"), "10.0.0.5", "203.0.113.7"),
        (("2001:db8::7/fd00:0::5",), "fd00::5", "2001:db8::7"),
    ],
)
def test_behind_a_nat_the_outer_address_stands_for_the_own(external: tuple[str, ...], own: str, named: str) -> None:
    assert udp.hosts(SfuSettings(external_hosts=external), own) == (named,)


def test_a_link_local_address_is_bound_on_its_interface() -> None:
    host = link_local_address()
    with udp.bind(SfuSettings(host=host)) as bound:
        assert bound.getsockname()[0].partition("%")[0] == host.partition("%")[0]
        assert bound.getsockname()[3] > 0


@pytest.mark.parametrize("pair", ["", "example.net", "203.0.113.7/fd00::5", "203.0.113.7/10.0.0.5/8"])
def test_a_pair_that_names_no_addresses_is_refused(pair: str) -> None:
    with pytest.raises(Misuse):
        SfuSettings(external_hosts=(pair,))

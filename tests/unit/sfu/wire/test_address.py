import pytest

from relay.sfu.wire.address import host_of, packed_host


@pytest.mark.parametrize(
    ("host", "packed"),
    [
        ("192.0.2.1", "c0000201"),
        ("2001:db8::5", "20010db8000000000000000000000005"),
        ("::ffff:192.0.2.1", "c0000201"),  # what a dual-stack socket reports for an IPv4 peer
    ],
)
def test_text_becomes_bytes(host: str, packed: str) -> None:
    assert packed_host(host).hex() == packed


def test_bytes_become_text() -> None:
    assert host_of(bytes.fromhex("20010db8000000000000000000000005")) == "2001:db8::5"
    assert host_of(b"\xc0\x00\x02\x01") == "192.0.2.1"


def test_a_name_is_not_an_address() -> None:
    with pytest.raises(ValueError, match=r"kiosk\.local"):
        packed_host("kiosk.local")

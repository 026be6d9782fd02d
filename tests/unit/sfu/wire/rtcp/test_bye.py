import pytest

from relay.errors import Malformed, Misuse
from relay.sfu.wire import rtcp
from relay.sfu.wire.rtcp import Goodbye
from tests.support.shared import vectors


def test_the_packet_of_mediasoup() -> None:
    array = next(each for each in vectors("mediasoup_unit_test_packets.json")["arrays"] if "TestBye" in each["file"])
    (packet,) = rtcp.parse(bytes.fromhex(array["hex"]))
    assert packet == Goodbye((0x624276E0, 0x2624670E), b"Hasta la vista")
    assert packet.serialise().hex() == array["hex"]


def test_without_reason_or_sources() -> None:
    assert Goodbye((1,)).serialise().hex() == "81cb000100000001"
    assert rtcp.parse(Goodbye(()).serialise()) == (Goodbye(()),)


@pytest.mark.parametrize("data", ["81cb0000", "80cb000104616263"])
def test_what_breaks_the_format(data: str) -> None:
    with pytest.raises(Malformed, match="BYE"):
        rtcp.parse(bytes.fromhex(data))


def test_too_long_a_reason_is_misuse() -> None:
    with pytest.raises(Misuse):
        Goodbye((1,), bytes(256)).serialise()

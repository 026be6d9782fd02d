import pytest

from relay.errors import Malformed, Misuse
from relay.sfu.wire import rtcp
from relay.sfu.wire.rtcp import App


def test_passes_through() -> None:
    packet = App(5, 0x0A, b"abcd", b"12345678")
    assert packet.serialise().hex() == "85cc0004" + "0000000a" + b"abcd12345678".hex()
    assert rtcp.parse(packet.serialise()) == (packet,)


def test_cut_short() -> None:
    with pytest.raises(Malformed, match="APP"):
        rtcp.parse(bytes.fromhex("80cc00010000000a"))


def test_data_that_is_not_whole_words() -> None:
    with pytest.raises(Malformed, match="whole words"):
        rtcp.parse(bytes.fromhex("a0cc00030000000a" + b"abcd".hex() + "aabbcc01"))


@pytest.mark.parametrize("packet", [App(0, 1, b"abc"), App(32, 1, b"abcd"), App(0, 1, b"abcd", b"odd")])
def test_what_does_not_fit_is_misuse(packet: App) -> None:
    with pytest.raises(Misuse):
        packet.serialise()

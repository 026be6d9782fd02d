import pytest

from relay.errors import Malformed, Misuse
from relay.sfu.wire import rtcp
from relay.sfu.wire.rtcp import Remb


@pytest.mark.parametrize(
    ("bitrate_bps", "read_back"),
    [
        (0, 0),
        (0x3FFFF, 0x3FFFF),
        (0x40001, 0x40000),
        (1_500_000, 1_500_000 & ~0b111),
        (0x3FFFF << 63, 0x3FFFF << 63),
    ],
)
def test_eighteen_bits_of_the_rate_survive(bitrate_bps: int, read_back: int) -> None:
    assert rtcp.parse(Remb(1, bitrate_bps, (2, 3)).serialise()) == (Remb(1, read_back, (2, 3)),)


def test_on_the_wire() -> None:
    data = "8fce0005" + "00000001" + "00000000" + b"REMB".hex() + "010003e8" + "00000002"
    assert rtcp.parse(bytes.fromhex(data)) == (Remb(1, 1000, (2,)),)
    assert Remb(1, 1000, (2,)).serialise().hex() == data


@pytest.mark.parametrize("words", ["", "020003e800000002", "000003e800000002"])
def test_sources_must_be_those_counted(words: str) -> None:
    body = "00000001" + "00000000" + b"REMB".hex() + words
    with pytest.raises(Malformed, match="REMB"):
        rtcp.parse(bytes.fromhex(f"8fce{len(body) // 8:04x}{body}"))


def test_a_rate_that_does_not_fit_is_misuse() -> None:
    with pytest.raises(Misuse):
        Remb(1, 1 << 81).serialise()

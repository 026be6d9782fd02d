import pytest

from relay.errors import Malformed
from relay.sfu.wire import rtcp
from relay.sfu.wire.rtcp import Nack


@pytest.mark.parametrize(
    ("lost", "pairs"),
    [
        ((10,), "000a0000"),
        ((10, 11), "000a0001"),
        ((10, 26), "000a8000"),
        ((10, 27), "000a0000001b0000"),
        ((0xFFFE, 0xFFFF, 0, 14), "fffe8003"),  # across the wrap
        ((10, 9), "000a000000090000"),  # out of order costs a pair, no more
        (tuple(range(100, 134)), "0064ffff0075ffff"),
    ],
)
def test_sequence_numbers_are_packed_into_pairs(lost: tuple[int, ...], pairs: str) -> None:
    nack = Nack(1, 2, lost)
    assert nack.serialise()[12:].hex() == pairs
    assert rtcp.parse(nack.serialise()) == (nack,)


@pytest.mark.parametrize("data", ["81cd000100000001", "81cd00020000000100000002", "a1cd00030000000100000002000a0002"])
def test_what_breaks_the_format(data: str) -> None:
    with pytest.raises(Malformed, match="NACK"):
        rtcp.parse(bytes.fromhex(data))

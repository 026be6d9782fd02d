"""PLI and FIR."""

import pytest

from relay.errors import Malformed
from relay.sfu.wire import rtcp
from relay.sfu.wire.rtcp import Fir, FirEntry, Pli


def test_pli() -> None:
    assert Pli(0x11, 0x22).serialise().hex() == "81ce0002" + "00000011" + "00000022"
    assert rtcp.parse(Pli(0x11, 0x22).serialise()) == (Pli(0x11, 0x22),)


def test_fir() -> None:
    request = Fir(0x11, (FirEntry(0x22, 7), FirEntry(0x33, 255)))
    entries = "00000022" + "07000000" + "00000033" + "ff000000"
    assert request.serialise().hex() == "84ce0006" + "00000011" + "00000000" + entries
    assert rtcp.parse(request.serialise()) == (request,)


@pytest.mark.parametrize("data", ["81ce000100000001", "84ce00020000000100000000", "84ce0003000000010000000000000022"])
def test_what_breaks_the_format(data: str) -> None:
    with pytest.raises(Malformed):
        rtcp.parse(bytes.fromhex(data))

"""SCTP packets and chunks against their layouts, and what is refused."""

import pytest

from relay.errors import Malformed
from relay.sfu.wire import dcep
from relay.sfu.wire.sctp import packet, reconfig
from relay.sfu.wire.sctp.chunks import ChunkKind, Data, ForwardTsn, Init, Sack
from relay.sfu.wire.sctp.crc32c import crc32c
from relay.sfu.wire.sctp.packet import Packet
from relay.sfu.wire.sctp.reconfig import ResetRequest, ResetResponse, ResetResult


def test_a_data_chunk_has_the_layout_of_rfc_9260() -> None:
    data = Data(1, 2, 3, 51, b"hi", unordered=True, first=True, last=False)
    wire = Packet(5000, 5001, 0x01020304, (data.chunk(),)).serialise()
    assert wire[:8].hex() == "1388138901020304"
    assert wire[12:].hex() == "00060012" + "00000001" + "0002" + "0003" + "00000033" + b"hi".hex() + "0000"
    assert Data.parse(packet.parse(wire).chunks[0]) == data


def test_the_checksum_is_that_of_rfc_3720() -> None:
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(bytes(32)) == 0x8A9136AA


@pytest.mark.parametrize(
    "body", [b"", b"\x00\x00\x00", b"\x00\x00\x00\x03", b"\x00\x00\x00\x09abcd", b"\x00\x00\x00\x05abcd\x00\x00"]
)
def test_packets_that_are_cut_short_are_refused(body: bytes) -> None:
    with pytest.raises(Malformed):
        packet.parse(bytes(12) + body)


@pytest.mark.parametrize("kind", [ChunkKind.INIT, ChunkKind.INIT_ACK])
def test_init_is_read_back(kind: ChunkKind) -> None:
    init = Init(7, 131_072, 1024, 1024, 99, b"cookie!" if kind is ChunkKind.INIT_ACK else b"")
    assert Init.parse(init.chunk(kind)) == init


def test_a_peer_without_forward_tsn_is_told_apart() -> None:
    init = Init(7, 131_072, 1024, 1024, 99, forward_tsn=False, extensions=b"")
    assert not Init.parse(init.chunk(ChunkKind.INIT)).forward_tsn


def test_acknowledgements_and_resets_are_read_back() -> None:
    sack = Sack(100, 5000, ((2, 3), (5, 9)), (98, 99))
    assert Sack.parse(sack.chunk()) == sack
    forward = ForwardTsn(100, ((1, 5), (2, 6)))
    assert ForwardTsn.parse(forward.chunk()) == forward
    request, response = ResetRequest(1, 2, 3, (4, 5)), ResetResponse(1, ResetResult.PERFORMED)
    assert reconfig.parse(reconfig.chunk(request)) == [request]
    assert reconfig.parse(reconfig.chunk(response)) == [response]


@pytest.mark.parametrize(
    ("opened", "kind"),
    [
        (dcep.Open("annotation"), 0x00),
        (dcep.Open("pointer", ordered=False, max_retransmits=0), 0x81),
        (dcep.Open("标注", lifetime_ms=250, protocol="json"), 0x02),
        (dcep.Open("", ordered=False), 0x80),
    ],
)
def test_channel_types_are_those_of_rfc_8832(opened: dcep.Open, kind: int) -> None:
    wire = opened.serialise()
    assert wire[1] == kind
    assert dcep.Open.parse(wire) == opened


@pytest.mark.parametrize(
    "wire", [b"", b"\x02", bytes(12), b"\x03\x05" + bytes(10), b"\x03\x00" + bytes(6) + b"\x00\x09\x00\x00"]
)
def test_what_is_no_open_is_refused(wire: bytes) -> None:
    with pytest.raises(Malformed):
        dcep.Open.parse(wire)

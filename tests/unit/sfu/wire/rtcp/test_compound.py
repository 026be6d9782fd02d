import pytest

from relay.errors import Malformed, Misuse
from relay.sfu.wire import rtcp
from relay.sfu.wire.rtcp import (
    App,
    Chunk,
    Goodbye,
    Item,
    ItemType,
    Nack,
    Pli,
    SenderReport,
    SourceDescription,
    Unknown,
)

PLI = bytes.fromhex("81ce0002000000010000000a")


def test_a_compound_is_its_packets_in_order() -> None:
    packets = (
        SenderReport(1, 2 << 32, 3, 4, 5),
        SourceDescription((Chunk(1, (Item(ItemType.CNAME, b"kiosk"),)),)),
        Nack(1, 2, (7, 8)),
        App(3, 1, b"name", b"data"),
        Goodbye((1,), b"bye"),
    )
    assert rtcp.parse(rtcp.serialise(packets)) == packets


def test_a_memoryview_will_do() -> None:
    assert rtcp.parse(memoryview(PLI)) == (Pli(1, 10),)


def test_a_reduced_size_packet_stands_alone() -> None:
    assert rtcp.parse(PLI) == (Pli(1, 10),)


@pytest.mark.parametrize(
    "data",
    [
        "80c00000",  # FIR of RFC 2032
        "82ce000200000001000000aa",  # SLI
        "8fce0003000000010000000a00000000",  # application-layer feedback that is not REMB
        "8fce000200000001000000aa",
        "85cd000200000001000000aa",
    ],
)
def test_what_has_no_class_is_kept_as_it_came(data: str) -> None:
    (packet,) = rtcp.parse(bytes.fromhex(data))
    assert isinstance(packet, Unknown)
    assert packet.serialise().hex() == data


@pytest.mark.parametrize(("padding", "body"), [("00000004", ""), ("01", "aabbcc"), ("0002", "aabb")])
def test_padding_is_removed(padding: str, body: str) -> None:
    (packet,) = rtcp.parse(bytes.fromhex("a0c00001" + body + padding))
    assert packet == Unknown(192, 0, bytes.fromhex(body))
    assert rtcp.parse(packet.serialise()) == (packet,)


@pytest.mark.parametrize(
    ("data", "what", "offset"),
    [
        ("", "empty", 0),
        ("80c900", "header is cut short", 0),
        ("40c9000100000001", "version", 0),
        ("80c9000200000001", "overruns the datagram", 2),
        ("80c900010000000180", "header is cut short", 8),
        ("a0c00000", "padding", 0),
        ("a0c0000100000000", "padding", 0),
        ("a0c0000100000005", "padding", 0),
    ],
)
def test_what_breaks_the_framing_is_named_with_its_offset(data: str, what: str, offset: int) -> None:
    with pytest.raises(Malformed, match=what) as caught:
        rtcp.parse(bytes.fromhex(data))
    assert caught.value.offset == offset


def test_more_reports_than_a_header_can_count_are_misuse() -> None:
    with pytest.raises(Misuse, match="32 items"):
        Goodbye(tuple(range(32))).serialise()

import pytest

from relay.errors import Malformed, Misuse
from relay.sfu.wire import rtcp
from relay.sfu.wire.rtcp import Dlrr, ExtendedReport, LastReceiverReport, ReceiverReferenceTime, UnknownBlock
from tests.support.shared import vectors


def test_the_packet_of_pion_with_all_block_types() -> None:
    data = bytes.fromhex(vectors("rtcp_xr.json")["hex"])
    (packet,) = rtcp.parse(data)
    assert isinstance(packet, ExtendedReport)
    kinds = [block.type if isinstance(block, UnknownBlock) else type(block) for block in packet.blocks]
    assert kinds == [1, 2, 3, ReceiverReferenceTime, Dlrr, 6, 7]
    assert packet.blocks[3] == ReceiverReferenceTime(0x0102030405060708)
    dlrr = packet.blocks[4]
    assert isinstance(dlrr, Dlrr)
    assert dlrr.reports[0] == LastReceiverReport(0x88888888, 0x12345678, 0x99999999)
    assert packet.serialise() == data


def test_a_report_may_be_empty() -> None:
    assert rtcp.parse(ExtendedReport(1).serialise()) == (ExtendedReport(1),)


@pytest.mark.parametrize(
    ("blocks", "what"),
    [
        ("04000002" + "00000000", "overruns"),
        ("04000001" + "00000000", "RRTR is cut short"),
        ("05000001" + "00000000", "DLRR"),
    ],
)
def test_what_breaks_the_format(blocks: str, what: str) -> None:
    body = "00000001" + blocks
    with pytest.raises(Malformed, match=what):
        rtcp.parse(bytes.fromhex(f"80cf{len(body) // 8:04x}{body}"))


def test_a_block_of_broken_words_is_misuse() -> None:
    with pytest.raises(Misuse):
        ExtendedReport(1, (UnknownBlock(1, 0, b"odd"),)).serialise()

"""Sender and receiver reports, and the blocks in them."""

import pytest

from relay.errors import Malformed
from relay.sfu.wire import rtcp
from relay.sfu.wire.rtcp import ReceiverReport, ReportBlock, SenderReport

BLOCK = ReportBlock(
    ssrc=0x0B,
    fraction_lost=64,
    cumulative_lost=1000,
    highest_sequence=0x0001FFFF,
    jitter=45,
    last_sr=0x11223344,
    delay_since_last_sr=65536,
)


def test_sender_report_on_the_wire() -> None:
    report = SenderReport(0x0A, 0x1122334455667788, 90000, 10, 12000, (BLOCK,))
    expected = (
        "81c8000c" + "0000000a" + "1122334455667788" + "00015f90" + "0000000a" + "00002ee0"
        "0000000b" + "400003e8" + "0001ffff" + "0000002d" + "11223344" + "00010000"
    )
    assert report.serialise().hex() == expected
    assert rtcp.parse(bytes.fromhex(expected)) == (report,)
    assert report.compact_ntp == 0x33445566


def test_receiver_report_on_the_wire() -> None:
    report = ReceiverReport(0x0A, (BLOCK,))
    expected = "81c90007" + "0000000a" + "0000000b" + "400003e8" + "0001ffff" + "0000002d" + "11223344" + "00010000"
    assert report.serialise().hex() == expected
    assert rtcp.parse(bytes.fromhex(expected)) == (report,)


def test_a_report_may_be_empty() -> None:
    assert rtcp.parse(ReceiverReport(7).serialise()) == (ReceiverReport(7),)


@pytest.mark.parametrize(
    ("lost", "read_back"),
    [(-1, -1), (0x7FFFFF, 0x7FFFFF), (-0x800000, -0x800000), (0x800000, 0x7FFFFF), (-0x800001, -0x800000)],
)
def test_cumulative_loss_is_signed_and_clamped(lost: int, read_back: int) -> None:
    report = ReceiverReport(1, (ReportBlock(2, 0, lost, 0, 0, 0, 0),))
    (parsed,) = rtcp.parse(report.serialise())
    assert isinstance(parsed, ReceiverReport)
    assert parsed.reports[0].cumulative_lost == read_back


def test_a_profile_specific_extension_is_ignored() -> None:
    assert rtcp.parse(bytes.fromhex("80c90002" + "0000000a" + "deadbeef")) == (ReceiverReport(10),)


@pytest.mark.parametrize("data", ["80c90000", "81c900010000000a", "80c8000100000001"])
def test_a_report_cut_short(data: str) -> None:
    with pytest.raises(Malformed, match="cut short"):
        rtcp.parse(bytes.fromhex(data))

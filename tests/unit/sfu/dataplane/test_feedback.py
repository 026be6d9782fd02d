"""The walk through compound RTCP."""

import pytest

from relay.sfu.dataplane.feedback import condense
from tests.support.packets import (
    Block,
    bye,
    fir,
    nack,
    pli,
    receiver_report,
    remb,
    sdes,
    sender_report,
    transport_feedback,
)
from tests.support.shared import corpus

SENDER_REPORT, REPORT_BLOCK, NACK, PLI, FIR, BYE, TRANSPORT_FEEDBACK, REMB = range(8)


@pytest.mark.parametrize(
    ("compound", "records"),
    [
        (sender_report(7, 1 << 63, 99), [(SENDER_REPORT, 7, 99)]),
        (sender_report(7, 0, 99, Block(5, last_sr=3)), [(SENDER_REPORT, 7, 99), (REPORT_BLOCK, 5, 3)]),
        (receiver_report(7, Block(5, last_sr=3), Block(6, last_sr=4)), [(REPORT_BLOCK, 5, 3), (REPORT_BLOCK, 6, 4)]),
        (receiver_report() + sdes(), []),
        (nack(5, (10, 3), (40, 0)), [(NACK, 5, 10 << 16 | 3), (NACK, 5, 40 << 16)]),
        (receiver_report() + pli(5), [(PLI, 5, 0)]),
        (fir(5, 200), [(FIR, 5, 200)]),
        (receiver_report() + sdes() + bye(5, 6), [(BYE, 5, 0), (BYE, 6, 0)]),
        (receiver_report() + transport_feedback(), [(TRANSPORT_FEEDBACK, 0, 8)]),
        (remb(1_000_000, 5), [(REMB, 0, 1_000_000)]),
        (remb((1 << 18) - 1 << 60, 5), [(REMB, 0, 0xFFFFFFFF)]),
    ],
)
def test_what_the_packet_path_understands_becomes_records(compound: bytes, records: list[tuple[int, int, int]]) -> None:
    whole, found, remainder = condense(compound)
    assert (whole, [(kind, ssrc, value if kind not in (PLI, BYE) else 0) for kind, ssrc, value in found]) == (
        True,
        records,
    )
    assert remainder == b""


def test_other_packets_are_left_for_the_control_side_in_order() -> None:
    application = b"\x80\xcc\x00\x02" + bytes(4) + b"name"
    report = b"\x80\xcf\x00\x01" + bytes(4)
    other_layer = b"\x8f\xce\x00\x04" + bytes(8) + b"ALFI" + bytes(4)
    others = [application, other_layer, report]
    compound = receiver_report() + others[0] + pli(5) + transport_feedback() + others[1] + nack(5, (1, 0)) + others[2]
    whole, records, remainder = condense(compound)
    assert whole
    assert [kind for kind, _, _ in records] == [PLI, TRANSPORT_FEEDBACK, NACK]
    assert remainder == b"".join(others)


@pytest.mark.parametrize(
    "packet",
    [
        pli(5)[:-4],
        pli(5)[:-1],
        b"\x40" + pli(5)[1:],
        b"\x81\xc9\x00\x01" + bytes(4),  # a report block said, none there
        b"\x80\xc8\x00\x01" + bytes(4),  # a sender report without sender info
        b"\x82\xcb\x00\x01" + bytes(4),  # two said goodbye, one is named
        b"\x81\xcd\x00\x02" + bytes(8),  # a NACK that asks for nothing
        b"\x84\xce\x00\x02" + bytes(8),  # a FIR without target
        b"\x8f\xcd\x00\x03" + bytes(12),  # feedback without its head
        transport_feedback()[:2] + b"\x00\x04" + transport_feedback()[4:-4],  # without the delta of what arrived
        remb(1_000_000, 5)[:3] + b"\x04" + remb(1_000_000, 5)[4:-4],  # an estimate for a source that is not named
        b"\xa0\xc9\x00\x01\x00\x00\x00\x09",  # more padding than packet
        b"\x80\xc9",
    ],
)
def test_a_wrong_shape_ends_the_walk_and_what_came_before_stands(packet: bytes) -> None:
    whole, records, _ = condense(fir(5, 1) + packet)
    assert not whole
    assert records == [(FIR, 5, 1)]


def test_padding_is_no_content() -> None:
    padded = bytearray(nack(5, (10, 0))) + bytes([0, 0, 0, 4])
    padded[0] |= 0x20
    padded[3] += 1
    assert condense(bytes(padded)) == (True, [(NACK, 5, 10 << 16)], b"")


def test_a_compound_of_the_largest_datagram_fits_the_records() -> None:
    most = b"\x9f\xcb\x00\x1f" + bytes(124)
    whole, records, _ = condense(most * 16)
    assert whole
    assert len(records) == 496
    whole, records, _ = condense(nack(5, *[(1, 0)] * 509))
    assert whole
    assert len(records) == 509


def test_the_corpus_is_walked() -> None:
    for data in corpus("janus/rtcp_fuzzer"):
        condense(data[:2048])

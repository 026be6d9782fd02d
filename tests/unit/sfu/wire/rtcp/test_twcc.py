from typing import Any

import pytest

from relay.errors import Malformed, Misuse
from relay.sfu.wire import rtcp
from relay.sfu.wire.rtcp import Received, TransportFeedback
from relay.sfu.wire.rtcp.status_chunks import LARGE, LOST, SMALL, Run, pull_runs, push_symbols
from tests.support.shared import vectors


def feedback(data: bytes) -> TransportFeedback:
    (packet,) = rtcp.parse(data)
    assert isinstance(packet, TransportFeedback)
    return packet


def packets() -> list[dict[str, Any]]:
    return [each for each in vectors("rtcp_twcc.json")["packets"] if "deltas_us" in each]


def test_the_packets_of_pion() -> None:
    for vector in packets():
        data = bytearray.fromhex(vector["hex"])
        data[0] &= ~0x20  # they say that they are padded, but most do not count it right
        parsed = feedback(bytes(data))
        fields = (parsed.base_sequence, parsed.status_count, parsed.reference_time, parsed.feedback_count)
        assert fields == (vector["base"], vector["count"], vector["ref"], vector["fb"])
        assert [packet.delta_us for packet in parsed.received] == vector["deltas_us"]


def test_padding_of_one_byte_as_browsers_send_it() -> None:
    vector = packets()[0]
    parsed = feedback(bytes.fromhex(vector["hex"]))
    assert [packet.delta_us for packet in parsed.received] == vector["deltas_us"]
    assert feedback(parsed.serialise()) == parsed


@pytest.mark.parametrize(
    ("chunk", "runs"),
    [
        ("00dd", [Run(LOST, 221)]),
        ("9f1c", [Run(symbol, 1) for symbol in (0, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0)]),
        ("d980", [Run(symbol, 1) for symbol in (1, 2, 1, 2, 0, 0, 0)]),
    ],
)
def test_chunks(chunk: str, runs: list[Run]) -> None:
    count = sum(run.length for run in runs)
    assert pull_runs(bytes.fromhex(chunk), 0, count) == (runs, 2)


@pytest.mark.parametrize(
    ("symbols", "chunks"),
    [
        ([SMALL] * 3, "2003"),
        ([LOST] * 8191 + [LOST], "1fff0001"),
        ([SMALL, LOST] * 7, "aaaa"),
        ([SMALL, LARGE, LOST, SMALL, SMALL, SMALL, SMALL, SMALL], "d8552001"),
        ([LARGE] * 7, "4007"),
        ([], ""),
    ],
)
def test_symbols_take_few_chunks(symbols: list[int], chunks: str) -> None:
    assert push_symbols(symbols).hex() == chunks


def test_build_from_arrivals() -> None:
    (built,) = TransportFeedback.build(1, 2, 255, [(70000, 1_000_000), (70001, 1_000_100), (70004, 999_000)])
    assert built.base_sequence == 70000 & 0xFFFF
    assert built.status_count == 5
    assert built.reference_time == 15  # 1,000,000 µs is 15 × 64 ms and 40 ms
    assert built.feedback_count == 255
    assert [packet.delta_us for packet in built.received] == [40_000, 0, -1_000]
    assert feedback(built.serialise()) == built
    assert list(built.arrivals()) == [(4464, 1_000_000), (4465, 1_000_000), (4468, 999_000)]


def test_rounding_does_not_accumulate() -> None:
    arrivals = [(sequence, sequence * 1_100) for sequence in range(300)]
    (built,) = TransportFeedback.build(1, 2, 0, arrivals)
    for (_, told_us), (_, at_us) in zip(built.arrivals(), arrivals, strict=True):
        assert abs(told_us - at_us) <= 125


@pytest.mark.parametrize(
    "arrivals",
    [
        [(0, 0), (1, 10_000_000)],  # ten seconds of silence
        [(0, 10_000_000), (1, 0)],
        [(0, 0), (40_000, 1_000)],  # a gap in sequence
        [(sequence, sequence * 250) for sequence in range(401)],
    ],
)
def test_what_one_message_cannot_say_takes_two(arrivals: list[tuple[int, int]]) -> None:
    built = TransportFeedback.build(1, 2, 255, arrivals)
    assert [each.feedback_count for each in built] == [255, 0]
    told = [arrival for each in built for arrival in feedback(each.serialise()).arrivals()]
    assert told == [(sequence & 0xFFFF, at_us) for sequence, at_us in arrivals]
    assert all(len(each.serialise()) < 1000 for each in built)


def test_no_arrivals_no_message() -> None:
    assert TransportFeedback.build(1, 2, 0, []) == ()


def test_arrivals_must_ascend() -> None:
    with pytest.raises(Misuse, match="ascend"):
        TransportFeedback.build(1, 2, 0, [(2, 0), (1, 0)])


def test_a_long_loss_costs_nothing_to_hold() -> None:
    declared = TransportFeedback(1, 2, 0, 0xFFFF, 0, 0, (Received(0xFFFE, 0),))
    parsed = feedback(declared.serialise())
    assert parsed.received == (Received(0xFFFE, 0),)
    assert len(declared.serialise()) < 60


@pytest.mark.parametrize(
    ("fci", "what"),
    [
        ("", "cut short"),
        ("0001000100000000", "chunk is cut short"),
        ("0001000100000000" + "20010000"[:4] + "0000", None),
        ("0001000500000000" + "20050000", "delta is cut short"),
        ("0001ffff00000000" + "3fff3fff", "chunk is cut short"),
        ("0001000200000000" + "40020000", "delta is cut short"),
    ],
)
def test_what_breaks_the_format(fci: str, what: str | None) -> None:
    body = "0000000100000002" + fci
    data = bytes.fromhex(f"8fcd{len(body) // 8:04x}{body}")
    if what is None:
        assert feedback(data).received == (Received(1, 0),)
        return
    with pytest.raises(Malformed, match=what):
        rtcp.parse(data)


def test_a_delta_that_does_not_fit_is_misuse() -> None:
    with pytest.raises(Misuse, match="does not fit"):
        TransportFeedback(1, 2, 0, 1, 0, 0, (Received(0, 9_000_000),)).serialise()

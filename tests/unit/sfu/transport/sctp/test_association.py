"""One association: setting up, sending, giving up, resetting, ending."""

import random

from relay.sfu.transport.sctp import Association, Ended, Established, SctpLimits, StreamsReset
from relay.sfu.transport.sctp.association import PORT
from relay.sfu.transport.sctp.outbound import OutboundMessage
from relay.sfu.wire.sctp import packet
from relay.sfu.wire.sctp.chunks import ChunkKind, Data, Sack
from relay.sfu.wire.sctp.packet import Chunk, Packet
from tests.support.network import Conditions, Network
from tests.support.sctp_pair import SctpPair, payloads


def text(number: int, **how: object) -> OutboundMessage:
    return OutboundMessage(1, 51, f"message {number}".encode(), **how)  # type: ignore[arg-type]


def test_both_sides_are_established_whoever_speaks_first() -> None:
    for both in (False, True):
        pair = SctpPair(both=both)
        pair.run(1.0)
        assert pair.left.outputs == pair.right.outputs == [Established()]
        assert pair.left.association.deadline() is pair.right.association.deadline() is None


def test_nobody_there_ends_it() -> None:
    pair = SctpPair(Network(Conditions(loss=1.0)))
    pair.run(60.0)
    assert pair.left.outputs == [Ended("unreachable")]


def test_what_is_said_before_it_is_up_is_sent_then() -> None:
    pair = SctpPair()
    pair.send(text(1))
    pair.run(1.0)
    assert payloads(pair.right) == [b"message 1"]


def test_a_long_message_comes_whole_and_longer_ones_end_it() -> None:
    pair = SctpPair(limits=SctpLimits(message_bytes=20_000))
    long = random.Random(1).randbytes(20_000)
    pair.send(OutboundMessage(3, 53, long))
    pair.run(5.0)
    assert payloads(pair.right) == [long]
    pair.send(OutboundMessage(3, 53, long + b"x"))
    pair.run(5.0)
    assert pair.right.of(Ended) == [Ended("violation")]
    assert pair.left.of(Ended) == [Ended("aborted")]


def test_a_full_buffer_refuses_and_empties_again() -> None:
    pair = SctpPair(limits=SctpLimits(send_bytes=10_000))
    assert pair.send(OutboundMessage(1, 53, bytes(9_000)))
    assert not pair.send(OutboundMessage(1, 53, bytes(1_001)))
    pair.run(5.0)
    assert pair.send(OutboundMessage(1, 53, bytes(1_001)))


def test_a_lossy_message_is_not_repeated_and_does_not_hold_up_others() -> None:
    pair = SctpPair()
    pair.run(1.0)
    pair.network.forward.conditions = Conditions(loss=1.0)
    pair.send(text(1, max_retransmits=0))
    pair.run(0.01)
    pair.network.forward.conditions = Conditions()
    pair.send(text(2))
    pair.run(10.0)
    assert payloads(pair.right) == [b"message 2"]
    assert pair.left.association.deadline() is None


def test_a_message_past_its_time_is_not_sent_at_all() -> None:
    pair = SctpPair()
    pair.send(text(1, expires_at=-1.0))
    pair.send(text(2))
    pair.run(1.0)
    assert payloads(pair.right) == [b"message 2"]


def test_given_up_in_the_middle_a_long_message_leaves_nothing_behind() -> None:
    pair = SctpPair()
    pair.run(1.0)
    pair.network.forward.conditions = Conditions(loss=0.3)
    for number in range(20):
        pair.send(OutboundMessage(2, 53, bytes([number]) * 6_000, max_retransmits=0))
        pair.run(0.2)
    pair.network.forward.conditions = Conditions()
    pair.run(10.0)
    pair.send(text(99))
    pair.run(1.0)
    got = payloads(pair.right, 2)
    assert 0 < len(got) < 20
    assert got == sorted(got)
    assert payloads(pair.right, 1) == [b"message 99"]
    assert pair.left.association.deadline() is None


def test_a_reset_waits_for_what_was_said_and_lets_the_stream_begin_anew() -> None:
    pair = SctpPair(Network(Conditions(loss=0.2), seed=3))
    for number in range(10):
        pair.send(text(number))
    pair.left.take(pair.left.association.reset(1, pair.now), pair.now)
    pair.run(30.0)
    pair.left.take(pair.left.association.reset(1, pair.now), pair.now)
    pair.run(30.0)
    assert StreamsReset((1,)) in pair.right.outputs
    assert pair.right.outputs.index(StreamsReset((1,))) > 9
    pair.send(text(10))
    pair.run(30.0)
    assert payloads(pair.right)[-1] == b"message 10"


def test_a_lost_packet_is_repeated_before_the_time_out() -> None:
    pair = SctpPair()
    pair.run(1.0)
    pair.network.forward.conditions = Conditions(loss=1.0)
    pair.send(text(0))
    pair.network.forward.conditions = Conditions()
    for number in range(1, 5):
        pair.send(text(number))
        pair.run(0.001)
    pair.run(0.3)
    assert len(payloads(pair.right)) == 5


def test_strangers_and_damage_change_nothing() -> None:
    association = Association(SctpLimits(), random.Random(1).randbytes)
    for wire in (
        b"",
        bytes(100),
        Packet(PORT, PORT, 1, (Chunk(ChunkKind.ABORT, 0, b""),)).serialise(),
        Packet(PORT, PORT, 1, (Chunk(ChunkKind.DATA, 3, bytes(20)),)).serialise(),
        Packet(1, PORT, 0, (Chunk(ChunkKind.INIT, 0, bytes(20)),)).serialise(),
    ):
        assert association.handle_packet(wire, 0.0) == []
    assert association.ignored == 5


def test_acknowledgements_of_what_was_never_sent_are_passed_over() -> None:
    pair = SctpPair()
    pair.run(1.0)
    tag = packet.parse(_last_packet(pair)).tag
    forged = Packet(PORT, PORT, tag, (Sack(123, 0, ((1, 65_535),) * 100).chunk(),))
    pair.right.take(pair.right.association.handle_packet(forged.serialise(), pair.now), pair.now)
    pair.send(text(1), pair.right)
    pair.run(1.0)
    assert payloads(pair.left) == [b"message 1"]


def test_a_window_full_of_fragments_that_never_end_is_bounded() -> None:
    pair = SctpPair()
    pair.run(1.0)
    tag = packet.parse(_last_packet(pair)).tag
    tsn = Data.parse(packet.parse(_last_packet(pair)).chunks[0]).tsn
    outputs = []
    for number in range(1, 400):
        chunk = Data(tsn + number, 1, 0, 51, b"x", first=number == 1, last=False).chunk()
        outputs += pair.right.association.handle_packet(Packet(PORT, PORT, tag, (chunk,)).serialise(), pair.now)
    assert Ended("violation") in outputs


def _last_packet(pair: SctpPair) -> bytes:
    """A packet with data from left to right, read on its way and delivered."""
    outputs = pair.left.association.send(text(0), pair.now)
    (wire,) = [output for output in outputs or () if isinstance(output, bytes)] or [b""]
    pair.left.take(outputs, pair.now)
    if wire:
        return wire
    raise AssertionError("nothing was sent")

"""Transport-wide congestion control feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1).

A message says of `status_count` consecutive transport-wide sequence numbers which arrived, and when, in ticks of 250 µs.
Only what arrived is stored, so a message that declares a long loss costs nothing to hold.
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

from relay.errors import Misuse
from relay.sfu.wire.rtcp import feedback, status_chunks
from relay.sfu.wire.rtcp.framing import push, require
from relay.sfu.wire.rtcp.status_chunks import LARGE, LOST, RESERVED, SMALL, Run

TICK_US: Final = 250
REFERENCE_US: Final = 64_000
"""The unit of the reference time."""

_TICKS_PER_REFERENCE: Final = REFERENCE_US // TICK_US
_HEAD: Final = struct.Struct("!HHI")
_LARGE_DELTA: Final = struct.Struct("!h")
_MAX_ARRIVED: Final = 400
"""Per message we build: two bytes of delta and two bits of status each stay under 1000 bytes."""
_MAX_STATUSES: Final = 0x7FFF


@dataclass(frozen=True, slots=True)
class Received:
    """One packet that arrived."""

    sequence: int
    """16 bits, transport-wide."""
    delta_us: int
    """Since the previous one that arrived (the first: since the reference time); a multiple of 250, may be negative."""


@dataclass(frozen=True, slots=True)
class TransportFeedback:
    """Which packets of a transport arrived, and when."""

    PACKET_TYPE: ClassVar[int] = feedback.TRANSPORT_LAYER
    FORMAT: ClassVar[int] = 15

    sender_ssrc: int
    media_ssrc: int
    base_sequence: int
    status_count: int
    reference_time: int
    """24 bits, in units of 64 ms of the receiver's own clock."""
    feedback_count: int
    """8 bits, one more each message."""
    received: tuple[Received, ...]
    """In sequence order."""

    def arrivals(self) -> Iterator[tuple[int, int]]:
        """(sequence, µs on the receiver's clock modulo 2^24 × 64 ms) of what arrived, in sequence order."""
        at_us = self.reference_time * REFERENCE_US
        for packet in self.received:
            at_us += packet.delta_us
            yield packet.sequence, at_us

    @classmethod
    def parse(cls, _count: int, body: bytes) -> "TransportFeedback":
        """From a packet's body. Raises Malformed."""
        sender_ssrc, media_ssrc, fci = feedback.pull_ssrcs(body, "transport feedback")
        require(fci, _HEAD.size, "transport feedback")
        base, status_count, time_and_count = _HEAD.unpack_from(fci)
        runs, offset = status_chunks.pull_runs(fci, _HEAD.size, status_count)
        received = tuple(_pull_received(fci, offset, base, runs))
        return cls(sender_ssrc, media_ssrc, base, status_count, time_and_count >> 8, time_and_count & 0xFF, received)

    def serialise(self) -> bytes:
        """The packet, padded with zeros to a whole word. Misuse if a delta does not fit 16 bits of 250 µs."""
        symbols = [LOST] * self.status_count
        deltas = []
        for packet in self.received:
            symbol, delta = _push_delta(packet.delta_us)
            symbols[(packet.sequence - self.base_sequence) & 0xFFFF] = symbol
            deltas.append(delta)
        ssrcs = feedback.push_ssrcs(self.sender_ssrc, self.media_ssrc)
        head = _HEAD.pack(self.base_sequence, self.status_count, self.reference_time << 8 | self.feedback_count)
        body = ssrcs + head + status_chunks.push_symbols(symbols) + b"".join(deltas)
        return push(self.PACKET_TYPE, self.FORMAT, body + bytes(-len(body) % 4))

    @classmethod
    def build(
        cls, sender_ssrc: int, media_ssrc: int, feedback_count: int, arrivals: Iterable[tuple[int, int]]
    ) -> "tuple[TransportFeedback, ...]":
        """Messages for `arrivals`: (unwrapped sequence number, arrival in µs), ascending by sequence number.

        More than one if the arrivals, or a gap between two in time or in sequence, are more than one message can say.
        Rounding to 250 µs does not accumulate. Misuse if the sequence numbers do not ascend.
        """
        return tuple(
            cls._of_group(sender_ssrc, media_ssrc, (feedback_count + index) & 0xFF, group)
            for index, group in enumerate(_groups(arrivals))
        )

    @classmethod
    def _of_group(
        cls, sender_ssrc: int, media_ssrc: int, feedback_count: int, group: list[tuple[int, int]]
    ) -> "TransportFeedback":
        base = group[0][0]
        reference = group[0][1] // _TICKS_PER_REFERENCE
        previous = reference * _TICKS_PER_REFERENCE
        received = []
        for sequence, ticks in group:
            received.append(Received(sequence & 0xFFFF, (ticks - previous) * TICK_US))
            previous = ticks
        return cls(
            sender_ssrc,
            media_ssrc,
            base_sequence=base & 0xFFFF,
            status_count=group[-1][0] - base + 1,
            reference_time=reference & 0xFFFFFF,
            feedback_count=feedback_count,
            received=tuple(received),
        )


def _groups(arrivals: Iterable[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    """The arrivals, times in ticks, cut where a message must end."""
    group: list[tuple[int, int]] = []
    for sequence, at_us in arrivals:
        arrival = (sequence, round(at_us / TICK_US))
        if group and sequence <= group[-1][0]:
            raise Misuse("arrivals must ascend by sequence number")
        if group and not _fits(group, arrival):
            yield group
            group = []
        group.append(arrival)
    if group:
        yield group


def _fits(group: list[tuple[int, int]], arrival: tuple[int, int]) -> bool:
    delta_ticks = arrival[1] - group[-1][1]
    span = arrival[0] - group[0][0]
    return len(group) < _MAX_ARRIVED and span < _MAX_STATUSES and -0x8000 <= delta_ticks <= 0x7FFF


def _pull_received(fci: bytes, offset: int, base: int, runs: list[Run]) -> Iterator[Received]:
    index = base
    for symbol, length in runs:
        if symbol in (LOST, RESERVED):
            index += length
            continue
        for _ in range(length):
            require(fci, offset + symbol, "transport feedback delta")
            ticks = fci[offset] if symbol == SMALL else _LARGE_DELTA.unpack_from(fci, offset)[0]
            yield Received(index & 0xFFFF, ticks * TICK_US)
            offset += symbol
            index += 1


def _push_delta(delta_us: int) -> tuple[int, bytes]:
    ticks = delta_us // TICK_US
    if 0 <= ticks <= 0xFF:
        return SMALL, bytes((ticks,))
    if not -0x8000 <= ticks <= 0x7FFF:
        raise Misuse(f"a delta of {delta_us} µs does not fit transport feedback")
    return LARGE, _LARGE_DELTA.pack(ticks)

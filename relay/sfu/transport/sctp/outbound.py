"""What we send a peer: fragments, retransmission, giving up what is late (RFC 9260 §6–7, RFC 3758, RFC 7496).

A message takes its place in its stream when its first fragment leaves, so one that is given up before costs nothing. One that
is given up later has all its TSNs skipped, those of fragments that never left too.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from relay.sfu.transport.sctp.congestion import CongestionWindow
from relay.sfu.transport.sctp.limits import MTU, SctpLimits
from relay.sfu.transport.sctp.serial import SEQUENCE_BITS, TSN_BITS, unwrap, wrap
from relay.sfu.wire.sctp.chunks import DATA_HEADER_BYTES, Data, ForwardTsn, Sack
from relay.sfu.wire.sctp.packet import HEADER_BYTES, Chunk

_FRAGMENT_BYTES: Final = (MTU - HEADER_BYTES - DATA_HEADER_BYTES) & ~3
_REPORTS_OF_LOSS: Final = 3
_MAX_SKIPPED: Final = 128
"""Streams that one FORWARD-TSN names; the packet holds twice as many."""


@dataclass(slots=True, eq=False)
class OutboundMessage:
    """given: what to send, and how long to try. owned: how far it has come."""

    stream: int
    protocol: int
    payload: bytes
    unordered: bool = False
    max_retransmits: int | None = None
    expires_at: float | None = None
    sequence: int = 0
    taken_bytes: int = 0
    """That have TSNs."""
    given_up: bool = False


@dataclass(slots=True, eq=False)
class _Sent:
    tsn: int
    data: Data
    message: OutboundMessage
    sent_at: float
    times: int = 1
    """It has left; 0: its message was given up before."""
    reports: int = 0
    """SACKs that tell of later chunks only."""
    arrived: bool = False
    lost: bool = False
    """To be sent again."""

    @property
    def under_way(self) -> bool:
        return bool(self.times) and not (self.arrived or self.lost or self.message.given_up)


class Outbound:
    """given: limits, our first TSN. owned: the queue, what is not acknowledged, window, timer T3."""

    def __init__(self, limits: SctpLimits, first_tsn: int) -> None:
        self._limits = limits
        self._queue: deque[OutboundMessage] = deque()
        self._outstanding: dict[int, _Sent] = {}
        """By TSN, ascending."""
        self._next = first_tsn
        self._acknowledged = first_tsn - 1
        self._sequences: dict[int, int] = {}
        self._window = CongestionWindow()
        self._peer_window = 0
        self._may_give_up = False
        self._under_way_bytes = 0
        self._held_bytes = 0
        self._recover_until: int | None = None
        """Losses up to this TSN are one event."""
        self._forward_from = first_tsn - 1
        """Up to where the peer was told that TSNs are given up."""
        self._timer: float | None = None

    @property
    def last_tsn(self) -> int:
        """The last one given to a chunk."""
        return self._next - 1

    @property
    def is_queued(self) -> bool:
        """Whether something has not left for the first time."""
        return bool(self._queue)

    def open(self, peer_window: int, *, may_give_up: bool) -> None:
        """The association is up."""
        self._peer_window = peer_window
        self._may_give_up = may_give_up

    def add(self, message: OutboundMessage) -> bool:
        """Send a message; False if the buffer is full."""
        size = len(message.payload)
        held = len(self._queue) + len(self._outstanding)
        if self._held_bytes + size > self._limits.send_bytes or held >= self._limits.send_messages:
            return False
        self._held_bytes += size
        self._queue.append(message)
        return True

    def begin_anew(self, streams: Iterable[int]) -> None:
        """Sequences of these streams start at 0 again."""
        for stream in streams:
            self._sequences.pop(stream, None)

    def take(self, room: int, now: float) -> list[Chunk]:
        """What may leave now and fits `room` bytes of a packet."""
        chunks: list[Chunk] = []
        if (forward := self._forward(now)) is not None:
            chunks.append(forward)
            room -= forward.size
        for sent in [each for each in self._outstanding.values() if each.lost]:
            if not self._fits(sent.data, room):
                return chunks
            if self._is_too_late(sent.message, sent.times - 1, now):
                self._give_up(sent.message, now)
                continue
            sent.lost, sent.sent_at, sent.times = False, now, sent.times + 1
            room -= self._leave(sent, now)
            chunks.append(sent.data.chunk())
        while (data := self._next_fragment(room, now)) is not None:
            chunks.append(data.chunk())
            room -= chunks[-1].size
        return chunks

    def handle_sack(self, sack: Sack, now: float) -> None:
        """Learn what has arrived. One that is old, or of things never sent, is passed over."""
        cumulative = unwrap(sack.cumulative, self._acknowledged, TSN_BITS)
        if not self._acknowledged <= cumulative < self._next:
            return
        was_full = self._under_way_bytes + MTU > self._window.bytes
        advanced = cumulative > self._acknowledged
        new_bytes = 0
        for tsn in range(self._acknowledged + 1, cumulative + 1):
            sent = self._outstanding.pop(tsn)
            new_bytes += self._arrive(sent, now)
            self._held_bytes -= len(sent.data.payload)
        self._acknowledged = cumulative
        new_bytes += self._handle_gaps(cumulative, sack.gaps, now)
        if self._recover_until is not None and cumulative >= self._recover_until:
            self._recover_until = None
        if advanced:
            self._timer = now + self._window.rto_s if self._outstanding else None
            if self._recover_until is None:
                self._window.acknowledged(new_bytes, full=was_full)
        self._peer_window = max(0, sack.window - self._under_way_bytes)

    def handle_timeout(self, now: float) -> None:
        """Timer T3: everything under way is taken for lost (§6.3.3)."""
        if self._timer is None or now < self._timer:
            return
        self._timer = None
        self._window.timed_out()
        self._recover_until = None
        self._forward_from = self._acknowledged
        for sent in list(self._outstanding.values()):
            if sent.under_way:
                self._lose(sent, now)
        if self._outstanding:
            self._timer = now + self._window.rto_s

    def deadline(self) -> float | None:
        """When `handle_timeout` has something to do."""
        return self._timer

    def _next_fragment(self, room: int, now: float) -> Data | None:
        while self._queue and not self._queue[0].taken_bytes and self._is_too_late(self._queue[0], 0, now):
            self._held_bytes -= len(self._queue.popleft().payload)
        if not self._queue:
            return None
        data = self._fragment(self._queue[0])
        if not self._fits(data, room):
            return None
        sent = self._assign(self._queue[0], data, now, times=1)
        self._leave(sent, now)
        return data

    def _fragment(self, message: OutboundMessage) -> Data:
        """The next one of a message, with the TSN it will have."""
        offset = message.taken_bytes
        payload = message.payload[offset : offset + _FRAGMENT_BYTES]
        sequence = message.sequence if offset else self._sequences.get(message.stream, 0)
        return Data(
            tsn=wrap(self._next, TSN_BITS),
            stream=message.stream,
            sequence=0 if message.unordered else wrap(sequence, SEQUENCE_BITS),
            protocol=message.protocol,
            payload=payload,
            unordered=message.unordered,
            first=offset == 0,
            last=offset + len(payload) == len(message.payload),
        )

    def _assign(self, message: OutboundMessage, data: Data, now: float, *, times: int) -> _Sent:
        if data.first and not message.unordered:
            message.sequence = self._sequences.get(message.stream, 0)
            self._sequences[message.stream] = message.sequence + 1
        message.taken_bytes += len(data.payload)
        if data.last:
            self._queue.popleft()
        sent = self._outstanding[self._next] = _Sent(self._next, data, message, now, times)
        self._next += 1
        return sent

    def _fits(self, data: Data, room: int) -> bool:
        if _on_wire(data) > room:
            return False
        size = len(data.payload)
        # With nothing under way one chunk may always leave: it also asks whether a closed window has opened (§6.1 A).
        allowed = min(self._window.bytes - self._under_way_bytes, self._peer_window)
        return size <= allowed or not self._under_way_bytes

    def _leave(self, sent: _Sent, now: float) -> int:
        size = len(sent.data.payload)
        self._under_way_bytes += size
        self._peer_window = max(0, self._peer_window - size)
        if self._timer is None:
            self._timer = now + self._window.rto_s
        return _on_wire(sent.data)

    def _arrive(self, sent: _Sent, now: float) -> int:
        """It is acknowledged; the bytes that are so for the first time."""
        if sent.arrived:
            return 0
        if sent.under_way:
            self._under_way_bytes -= len(sent.data.payload)
            if sent.times == 1:
                self._window.measured(now - sent.sent_at)
        sent.arrived, sent.lost = True, False
        return len(sent.data.payload)

    def _handle_gaps(self, cumulative: int, gaps: Iterable[tuple[int, int]], now: float) -> int:
        """§6.3.2, §7.2.4. Blocks that do not ascend are passed over: no message makes us look at a chunk twice."""
        new_bytes, highest, looked = 0, cumulative, cumulative
        told: set[int] = set()
        for first, last in gaps:
            for tsn in range(max(cumulative + first, looked + 1), min(cumulative + last, self.last_tsn) + 1):
                told.add(tsn)
                gained = self._arrive(self._outstanding[tsn], now)
                highest = tsn if gained else highest
                new_bytes += gained
                looked = tsn
        for sent in list(self._outstanding.values()):
            if sent.arrived and sent.tsn not in told:
                self._renege(sent)
            elif sent.under_way and sent.tsn < highest:
                self._miss(sent, now)
        return new_bytes

    def _renege(self, sent: _Sent) -> None:
        """The peer had it and has thrown it away (§6.2): timer T3 will send it again."""
        sent.arrived = False
        if sent.under_way:
            self._under_way_bytes += len(sent.data.payload)

    def _miss(self, sent: _Sent, now: float) -> None:
        sent.reports += 1
        if sent.reports != _REPORTS_OF_LOSS:
            return
        if self._recover_until is None:
            self._window.lost()
            self._recover_until = self.last_tsn
        self._lose(sent, now)

    def _lose(self, sent: _Sent, now: float) -> None:
        self._under_way_bytes -= len(sent.data.payload)
        sent.lost = True
        if self._is_too_late(sent.message, sent.times - 1, now):
            self._give_up(sent.message, now)

    def _is_too_late(self, message: OutboundMessage, retransmits: int, now: float) -> bool:
        if not self._may_give_up:
            return False
        if message.max_retransmits is not None and message.taken_bytes and retransmits >= message.max_retransmits:
            return True
        return message.expires_at is not None and now >= message.expires_at

    def _give_up(self, message: OutboundMessage, now: float) -> None:
        """What of it is not acknowledged is skipped. Fragments that never left get their TSNs too, so that they are."""
        for sent in self._outstanding.values():
            if sent.message is message:
                self._under_way_bytes -= len(sent.data.payload) if sent.under_way else 0
                sent.lost = False
        message.given_up = True
        while self._queue and self._queue[0] is message:
            self._assign(message, self._fragment(message), now, times=0)

    def _forward(self, now: float) -> Chunk | None:
        """FORWARD-TSN (RFC 3758 §3.5), if there is more to skip than the peer has been told."""
        point = self._acknowledged
        skipped: dict[int, int] = {}
        while (sent := self._outstanding.get(point + 1)) is not None and sent.message.given_up:
            point += 1
            if not sent.message.unordered:
                skipped[sent.data.stream] = sent.data.sequence
            if len(skipped) == _MAX_SKIPPED:
                break
        if point <= max(self._forward_from, self._acknowledged):
            return None
        self._forward_from = point
        if self._timer is None:
            self._timer = now + self._window.rto_s
        return ForwardTsn(wrap(point, TSN_BITS), tuple(skipped.items())).chunk()


def _on_wire(data: Data) -> int:
    return DATA_HEADER_BYTES + len(data.payload) + -len(data.payload) % 4

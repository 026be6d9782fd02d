"""What a peer sends us: which TSNs have arrived, fragments into messages, messages into their order (RFC 9260 §6.2–6.9).

Whatever is not delivered counts against the window that we advertise; what exceeds it is not acknowledged, so that its
sender keeps it. Fragments of a message have consecutive TSNs, so a message is looked for around the fragment that came.
"""

from typing import Final

from relay.errors import Malformed
from relay.sfu.transport.sctp.limits import SctpLimits
from relay.sfu.transport.sctp.outputs import Message
from relay.sfu.transport.sctp.serial import SEQUENCE_BITS, TSN_BITS, unwrap, wrap
from relay.sfu.wire.sctp.chunks import Data, ForwardTsn, Sack

_MAX_AHEAD: Final = 4096
"""TSNs beyond the last one in order that are looked at: more than the window holds of all but the smallest messages."""
_MAX_FRAGMENTS: Final = 256
"""Of one message: many times what the longest one needs, and few enough to be looked through at every arrival."""
_MAX_GAPS: Final = 64
_MAX_DUPLICATES: Final = 16


class Inbound:
    """given: limits, the peer's first TSN. owned: TSNs seen, fragments, messages waiting for their turn, next sequence by stream."""

    def __init__(self, limits: SctpLimits, first_tsn: int) -> None:
        self.cumulative = first_tsn - 1
        """Everything up to here has arrived, or was given up by the sender."""
        self._limits = limits
        self._ahead: set[int] = set()
        self._duplicates: list[int] = []
        self._fragments: dict[int, Data] = {}
        self._next_sequence: dict[int, int] = {}
        self._early: dict[int, dict[int, Message]] = {}
        """Whole messages of ordered streams that wait for others, by sequence."""
        self._held_bytes = 0

    @property
    def has_gaps(self) -> bool:
        """Whether something is missing."""
        return bool(self._ahead)

    @property
    def window(self) -> int:
        """Bytes that can be taken now."""
        return max(0, self._limits.receive_bytes - self._held_bytes)

    def receive(self, data: Data) -> tuple[bool, list[Message]]:
        """Take a chunk: whether it was new, and the messages that can be delivered now.

        Raises `Malformed` for fragments that do not belong together and for messages beyond the limit.
        """
        tsn = unwrap(data.tsn, self.cumulative, TSN_BITS)
        if tsn <= self.cumulative or tsn in self._ahead:
            if len(self._duplicates) < _MAX_DUPLICATES:
                self._duplicates.append(data.tsn)
            return False, []
        if tsn > self.cumulative + _MAX_AHEAD or len(data.payload) > self.window:
            return False, []
        self._ahead.add(tsn)
        self._advance()
        if data.stream >= self._limits.streams:
            return True, []
        self._held_bytes += len(data.payload)
        self._fragments[tsn] = data
        message = self._assemble(tsn)
        return True, [] if message is None else self._in_order(data, message)

    def forward(self, forward: ForwardTsn) -> list[Message]:
        """The sender gives up messages (RFC 3758 §3.6): what waited for them can be delivered."""
        cumulative = unwrap(forward.cumulative, self.cumulative, TSN_BITS)
        if not self.cumulative < cumulative <= self.cumulative + _MAX_AHEAD:
            return []
        self.cumulative = cumulative
        self._ahead = {tsn for tsn in self._ahead if tsn > cumulative}
        self._advance()
        for tsn in [tsn for tsn in self._fragments if tsn <= cumulative]:
            self._held_bytes -= len(self._fragments.pop(tsn).payload)
        return [
            message
            for stream, sequence in forward.skipped
            if stream < self._limits.streams
            for message in self._skip(stream, sequence)
        ]

    def reset(self, streams: tuple[int, ...]) -> None:
        """These streams begin anew at sequence 0; all of them if none is named."""
        for stream in streams or tuple(self._next_sequence):
            self._next_sequence.pop(stream, None)
            for message in self._early.pop(stream, {}).values():
                self._held_bytes -= len(message.payload)

    def sack(self) -> Sack:
        """What has arrived, with the duplicates since the last call."""
        duplicates, self._duplicates = tuple(self._duplicates), []
        return Sack(wrap(self.cumulative, TSN_BITS), self.window, tuple(self._gaps()), duplicates)

    def _gaps(self) -> list[tuple[int, int]]:
        blocks: list[tuple[int, int]] = []
        for tsn in sorted(self._ahead):
            offset = tsn - self.cumulative
            if blocks and blocks[-1][1] == offset - 1:
                blocks[-1] = blocks[-1][0], offset
            elif len(blocks) == _MAX_GAPS:
                break
            else:
                blocks.append((offset, offset))
        return blocks

    def _advance(self) -> None:
        while self.cumulative + 1 in self._ahead:
            self.cumulative += 1
            self._ahead.discard(self.cumulative)

    def _assemble(self, tsn: int) -> Message | None:
        """The message that the fragment `tsn` completes."""
        first = last = tsn
        while not self._fragments[first].first:
            first -= 1
            if first not in self._fragments:
                self._check_length(first + 1, last)
                return None
        while not self._fragments[last].last:
            last += 1
            if last not in self._fragments:
                self._check_length(first, last - 1)
                return None
        self._check_length(first, last)
        parts = [self._fragments.pop(each) for each in range(first, last + 1)]
        head = parts[0]
        same = (head.stream, head.unordered, head.sequence)
        if any((part.stream, part.unordered, part.sequence) != same or part.first for part in parts[1:]):
            raise Malformed("fragments of several messages are mixed")
        return Message(head.stream, head.protocol, b"".join(part.payload for part in parts))

    def _check_length(self, first: int, last: int) -> None:
        if last - first >= _MAX_FRAGMENTS:
            raise Malformed("a message has too many fragments")
        if sum(len(self._fragments[tsn].payload) for tsn in range(first, last + 1)) > self._limits.message_bytes:
            raise Malformed("a message is longer than agreed")

    def _in_order(self, data: Data, message: Message) -> list[Message]:
        if data.unordered:
            self._held_bytes -= len(message.payload)
            return [message]
        expected = self._next_sequence.setdefault(message.stream, 0)
        sequence = unwrap(data.sequence, expected, SEQUENCE_BITS)
        waiting = self._early.setdefault(message.stream, {})
        if sequence < expected or sequence in waiting:
            raise Malformed("a sequence number of a stream was used twice")
        waiting[sequence] = message
        return self._deliver(message.stream)

    def _skip(self, stream: int, sequence: int) -> list[Message]:
        expected = self._next_sequence.setdefault(stream, 0)
        last = unwrap(sequence, expected, SEQUENCE_BITS)
        if last < expected:
            return []
        waiting = self._early.setdefault(stream, {})
        passed = [waiting.pop(each) for each in sorted(waiting) if each <= last]
        self._held_bytes -= sum(len(message.payload) for message in passed)
        self._next_sequence[stream] = last + 1
        return passed + self._deliver(stream)

    def _deliver(self, stream: int) -> list[Message]:
        waiting = self._early.get(stream, {})
        delivered: list[Message] = []
        while (message := waiting.pop(self._next_sequence[stream], None)) is not None:
            self._next_sequence[stream] += 1
            self._held_bytes -= len(message.payload)
            delivered.append(message)
        if not waiting:
            self._early.pop(stream, None)
        return delivered

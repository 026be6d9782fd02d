"""One SCTP association (RFC 9260) inside a peer's DTLS (RFC 8261): packets and messages in, packets and messages out.

A subset, as data channels use it: one path, which ICE keeps; no heartbeats of ours, as ICE asks for consent; partial reliability
(RFC 3758) and stream resets (RFC 6525); no interleaving (RFC 8260), so messages are short.

    outputs = association.handle_packet(packet, now)
    for output in outputs:
        match output:
            case bytes(): ...              # send inside DTLS
            case Established(): ...        # `send` does not only queue any more
            case Message(stream, protocol, payload): ...
            case StreamsReset(streams): ...
            case Ended(reason): ...        # nothing comes any more
"""

from collections.abc import Callable, Iterable
from typing import Final

from relay.errors import Malformed
from relay.sfu.transport.sctp.handshake import Handshake, HandshakeState
from relay.sfu.transport.sctp.inbound import Inbound
from relay.sfu.transport.sctp.limits import MTU, SctpLimits
from relay.sfu.transport.sctp.outbound import Outbound, OutboundMessage
from relay.sfu.transport.sctp.outputs import AssociationOutput, Ended, Established, StreamsReset
from relay.sfu.transport.sctp.resets import Resets
from relay.sfu.wire.sctp import packet as wire
from relay.sfu.wire.sctp import reconfig
from relay.sfu.wire.sctp.chunks import ChunkKind, Data, ForwardTsn, Sack
from relay.sfu.wire.sctp.packet import Chunk, Packet

PORT: Final = 5000
"""`a=sctp-port` of both sides, as everybody has it."""

_ACK_DELAY_S: Final = 0.2
_MAX_REPLIES: Final = 16
"""To one packet: a packet full of HEARTBEATs is not worth as many answers."""
_SKIP_UNKNOWN: Final = 0x80
_NO_OF_TAG: Final = 1
_PROTOCOL_VIOLATION: Final = b"\x00\x0d\x00\x04"
_SETTING_UP: Final = (ChunkKind.INIT, ChunkKind.INIT_ACK, ChunkKind.COOKIE_ECHO, ChunkKind.COOKIE_ACK)


class Association:
    """given: limits, entropy, the peer's port. owned: the handshake, both directions, what is to be answered."""

    def __init__(self, limits: SctpLimits, entropy: Callable[[int], bytes], remote_port: int = PORT) -> None:
        self._limits = limits
        self._remote_port = remote_port
        self._handshake = Handshake(limits, entropy)
        self._outbound = Outbound(limits, self._handshake.first_tsn)
        self._inbound: Inbound | None = None
        self._resets: Resets | None = None
        self._replies: list[Chunk] = []
        self._ended = False
        self._unacknowledged = 0
        """Packets with data since the last SACK."""
        self._ack_at: float | None = None
        self.ignored = 0
        """Packets that are damaged, or not of this association."""

    def connect(self, now: float) -> list[AssociationOutput]:
        """Speak first; otherwise the peer does. Both may."""
        self._replies += self._handshake.start(now)
        return [*self._packets(now)]

    def handle_packet(self, data: bytes, now: float) -> list[AssociationOutput]:
        """Take what came inside DTLS."""
        if self._ended:
            return []
        try:
            packet = wire.parse(data)
        except Malformed:
            self.ignored += 1
            return []
        if not self._is_ours(packet):
            self.ignored += 1
            return []
        outputs: list[AssociationOutput] = []
        arrived = self._unacknowledged
        for chunk in packet.chunks:
            outputs += self._handle_guarded(chunk, now)
            if outputs and isinstance(outputs[-1], Ended):
                return outputs
            if chunk.kind not in _HANDLERS and not chunk.kind & _SKIP_UNKNOWN:
                break
        if self._unacknowledged > arrived:
            self._unacknowledged = arrived + 1
            self._ack_at = self._ack_at or now + _ACK_DELAY_S
        return [*outputs, *self._packets(now)]

    def send(self, message: OutboundMessage, now: float) -> list[AssociationOutput] | None:
        """Queue a message; None: the buffer is full, or the association has ended."""
        if self._ended or message.stream >= self._limits.streams or not self._outbound.add(message):
            return None
        return [*self._packets(now)]

    def reset(self, stream: int, now: float) -> list[AssociationOutput]:
        """Close our direction of a stream, once everything that is queued has left."""
        if self._resets is None or self._ended:
            return []
        self._resets.want(stream)
        return [*self._packets(now)]

    def handle_timeout(self, now: float) -> list[AssociationOutput]:
        """Do what is due."""
        if self._ended:
            return []
        self._replies += self._handshake.handle_timeout(now)
        if self._handshake.state is HandshakeState.FAILED:
            return self._end("unreachable")
        self._outbound.handle_timeout(now)
        return [*self._packets(now)]

    def deadline(self) -> float | None:
        """When `handle_timeout` has something to do, in the unit of `now`; None if never."""
        if self._ended:
            return None
        resets = None if self._resets is None else self._resets.deadline()
        times = (self._handshake.deadline(), self._outbound.deadline(), self._ack_at, resets)
        return min((time for time in times if time is not None), default=None)

    def _is_ours(self, packet: Packet) -> bool:
        """Ports, and verification tags (§8.5)."""
        if (packet.source_port, packet.destination_port) != (self._remote_port, PORT):
            return False
        first = packet.chunks[0]
        if first.kind == ChunkKind.INIT:
            return packet.tag == 0 and len(packet.chunks) == 1
        peer = self._handshake.peer
        if first.kind == ChunkKind.ABORT and first.flags & _NO_OF_TAG:
            return peer is not None and packet.tag == peer.tag
        return packet.tag == self._handshake.tag

    def _handle_guarded(self, chunk: Chunk, now: float) -> list[AssociationOutput]:
        handle = _HANDLERS.get(chunk.kind)
        if handle is None or (self._inbound is None and chunk.kind not in _BEFORE):
            return []
        try:
            return handle(self, chunk, now)
        except Malformed:
            abort = self._packet([Chunk(ChunkKind.ABORT, 0, _PROTOCOL_VIOLATION)])
            return [abort, *self._end("violation")]

    def _handle_handshake(self, chunk: Chunk, now: float) -> list[AssociationOutput]:
        self._replies += self._handshake.handle_chunk(chunk, now)
        peer = self._handshake.peer
        if self._inbound is not None or self._handshake.state is not HandshakeState.ESTABLISHED or peer is None:
            return []
        self._inbound = Inbound(self._limits, peer.tsn)
        self._resets = Resets(self._handshake.first_tsn, peer.tsn)
        self._outbound.open(peer.window, may_give_up=peer.forward_tsn)
        return [Established()]

    def _handle_data(self, chunk: Chunk, now: float) -> list[AssociationOutput]:
        data = Data.parse(chunk)
        inbound = self._established()
        is_new, messages = inbound.receive(data)
        self._unacknowledged += 1
        if not is_new or inbound.has_gaps or data.immediate or self._unacknowledged > 1:
            self._ack_at = now
        return [*messages]

    def _handle_forward(self, chunk: Chunk, now: float) -> list[AssociationOutput]:
        self._ack_at = now
        return [*self._established().forward(ForwardTsn.parse(chunk))]

    def _handle_sack(self, chunk: Chunk, now: float) -> list[AssociationOutput]:
        self._outbound.handle_sack(Sack.parse(chunk), now)
        return []

    def _handle_heartbeat(self, chunk: Chunk, _now: float) -> list[AssociationOutput]:
        if len(self._replies) < _MAX_REPLIES and len(chunk.body) < MTU // 2:
            self._replies.append(Chunk(ChunkKind.HEARTBEAT_ACK, 0, chunk.body))
        return []

    def _handle_reconfig(self, chunk: Chunk, _now: float) -> list[AssociationOutput]:
        outputs: list[AssociationOutput] = []
        inbound, resets = self._established(), self._resets
        if resets is None:
            return []
        for parameter in reconfig.parse(chunk)[:2]:
            if isinstance(parameter, reconfig.ResetResponse):
                resets.handle_response(parameter)
                continue
            reply, streams = resets.handle_request(parameter, inbound.cumulative)
            self._replies.append(reply)
            if streams is not None:
                inbound.reset(streams)
                outputs.append(StreamsReset(streams))
        return outputs

    def _handle_abort(self, _chunk: Chunk, _now: float) -> list[AssociationOutput]:
        return self._end("aborted")

    def _handle_shutdown(self, _chunk: Chunk, _now: float) -> list[AssociationOutput]:
        """Data channels end with their DTLS (RFC 8831 §6.1); who shuts down all the same gets the answer of one with nothing to send."""
        return [self._packet([Chunk(ChunkKind.SHUTDOWN_ACK, 0, b"")]), *self._end("shut-down")]

    def _handle_nothing(self, _chunk: Chunk, _now: float) -> list[AssociationOutput]:
        return []

    def _established(self) -> Inbound:
        if self._inbound is None:
            raise Malformed("a chunk before the association is up")
        return self._inbound

    def _end(self, reason: str) -> list[AssociationOutput]:
        self._ended = True
        return [Ended(reason)]

    def _packets(self, now: float) -> Iterable[bytes]:
        """Whatever can leave now, in as few packets as may be."""
        while chunks := self._next_chunks(now):
            yield self._packet(chunks)

    def _next_chunks(self, now: float) -> list[Chunk]:
        chunks: list[Chunk] = []
        room = MTU - wire.HEADER_BYTES
        while self._replies and self._replies[0].size <= room:
            chunks.append(self._replies.pop(0))
            room -= chunks[-1].size
            if chunks[-1].kind == ChunkKind.INIT:
                return chunks
        if self._inbound is None:
            return chunks
        if self._ack_at is not None and now >= self._ack_at:
            chunks.append(self._inbound.sack().chunk())
            self._ack_at, self._unacknowledged = None, 0
            room -= chunks[-1].size
        chunks += self._outbound.take(room, now)
        return chunks or self._reset_request(now)

    def _reset_request(self, now: float) -> list[Chunk]:
        if self._resets is None:
            return []
        if not self._outbound.is_queued:
            self._outbound.begin_anew(self._resets.ask(self._outbound.last_tsn, now))
        return self._resets.due(now)

    def _packet(self, chunks: list[Chunk]) -> bytes:
        peer = self._handshake.peer
        tag = 0 if peer is None or chunks[0].kind == ChunkKind.INIT else peer.tag
        return Packet(PORT, self._remote_port, tag, tuple(chunks)).serialise()


_HANDLERS: Final[dict[int, Callable[[Association, Chunk, float], list[AssociationOutput]]]] = {
    **dict.fromkeys(_SETTING_UP, Association._handle_handshake),
    ChunkKind.DATA: Association._handle_data,
    ChunkKind.SACK: Association._handle_sack,
    ChunkKind.HEARTBEAT: Association._handle_heartbeat,
    ChunkKind.HEARTBEAT_ACK: Association._handle_nothing,
    ChunkKind.ERROR: Association._handle_nothing,
    ChunkKind.ABORT: Association._handle_abort,
    ChunkKind.SHUTDOWN: Association._handle_shutdown,
    ChunkKind.SHUTDOWN_ACK: Association._handle_nothing,
    ChunkKind.SHUTDOWN_COMPLETE: Association._handle_nothing,
    ChunkKind.RE_CONFIG: Association._handle_reconfig,
    ChunkKind.FORWARD_TSN: Association._handle_forward,
}

_BEFORE: Final = (*_SETTING_UP, ChunkKind.ABORT)
"""What is looked at before the association is up."""

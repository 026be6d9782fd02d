"""Pipes: how a source of one worker feeds slots of another, without its peer noticing.

A pipe is a peer of the packet path whose path and keys are given instead of negotiated; each of the two workers has one
end. A source goes through it as a stream under an SSRC of its own, is taken at the other end under the name it has at
home, and from there on is a source like any other: NACK, RTX, PLI and sender reports are those of every stream. Nothing
here knows that the other end is on the same machine. Of a simulcast source each encoding is a stream of its own, so that at the
other end each slot has the one it should have; those that nobody there may be shown are not sent (`WantEncodings`).

Rules: a source is asked for by its name and sent as often as it is asked for with the same SSRCs; it is sent anew when
its payload types have changed. Both ends may ask for what is there already, or give up what is not.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from relay.errors import LimitReached, NotFound
from relay.ids import PeerId
from relay.sfu.media.layers import Layer
from relay.sfu.ports import Extension, Forwarder, Payload
from relay.sfu.session.events import SlotRef, SourceRef
from relay.sfu.session.layering import PAUSED, TOP, Layering
from relay.sfu.session.peer import Encoding, Stream
from relay.sfu.session.streams import Streams

HOP_BY_HOP = frozenset(
    {
        Extension.MID,
        Extension.RID,
        Extension.REPAIRED_RID,
        Extension.ABS_SEND_TIME,
        Extension.TRANSPORT_CC,
    }
)
"""Header extensions that mean something between two neighbours only; all others pass through a pipe."""
EXTENSION_IDS = {int(kind): int(kind) for kind in Extension if kind not in HOP_BY_HOP}
"""Both ends know them: nothing is negotiated."""
STREAMS_PER_KEY = 500
"""Sources sent under one pair of keys: SSRCs, two for each encoding, are not used twice under a key, and 4,096 are remembered to that end."""


class PipedEncoding(msgspec.Struct, frozen=True, array_like=True):
    """One stream of a source."""

    rid: str
    """Empty: its only one."""
    ssrc: int
    rtx_ssrc: int


class PipedStream(msgspec.Struct, frozen=True, array_like=True):
    """How a source is sent through a pipe."""

    kind: int
    payloads: tuple[Payload, ...]
    encodings: tuple[PipedEncoding, ...]
    """Smallest picture first."""

    @property
    def rids(self) -> tuple[str, ...]:
        """Of its encodings."""
        return tuple(each.rid for each in self.encodings)


class OpenPipe(msgspec.Struct, frozen=True, tag=True):
    """Make an end: SRTP with the worker at `address`. The keys are those of RFC 3711, master key and salt."""

    pipe: str
    address: tuple[str, int]
    profile: int
    receive_key: bytes
    send_key: bytes

    def __repr__(self) -> str:
        return f"OpenPipe({self.pipe!r}, {self.address})"


class ClosePipe(msgspec.Struct, frozen=True, tag=True):
    """Forget an end with everything that goes through it."""

    pipe: str


class SendSource(msgspec.Struct, frozen=True, tag=True):
    """Send a source of this worker; the answer is its `PipedStream`, or None while there is no such source."""

    pipe: str
    source: SourceRef


class WantEncodings(msgspec.Struct, frozen=True, tag=True):
    """Of a source that is sent: how many encodings, from the smallest, somebody at the other end may be shown."""

    pipe: str
    source: SourceRef
    count: int


class StopSource(msgspec.Struct, frozen=True, tag=True):
    """Send it no more."""

    pipe: str
    source: SourceRef


class TakeSource(msgspec.Struct, frozen=True, tag=True):
    """Receive a source of the other worker."""

    pipe: str
    source: SourceRef
    stream: PipedStream


class DropSource(msgspec.Struct, frozen=True, tag=True):
    """Receive it no more."""

    pipe: str
    source: SourceRef


PipeCommand = OpenPipe | ClosePipe | SendSource | WantEncodings | StopSource | TakeSource | DropSource


@dataclass(slots=True, eq=False)
class PipeEnd:
    """One end. `sources` are taken from the other worker, `slots` are sent to it; both by a name of their own."""

    id: PeerId
    handle: int
    sources: dict[str, Stream] = field(default_factory=dict)
    slots: dict[str, Stream] = field(default_factory=dict)
    taken: dict[SourceRef, PipedStream] = field(default_factory=dict)
    sent: dict[SourceRef, PipedStream] = field(default_factory=dict)


class Pipes:
    """The ends of all pipes of a worker.

    given: packet path, streams, who chooses layers, new SSRCs. owned: the ends by name.
    """

    def __init__(self, forwarder: Forwarder, streams: Streams, layering: Layering, new_ssrc: Callable[[], int]) -> None:
        self._forwarder = forwarder
        self._streams = streams
        self._layering = layering
        self._new_ssrc = new_ssrc
        self._ends: dict[str, PipeEnd] = {}

    def find(self, pipe: str) -> PipeEnd | None:
        """The end of this name."""
        return self._ends.get(pipe)

    @property
    def stream_count(self) -> int:
        """Streams sent and taken through all of them."""
        return sum(len(end.taken) + len(end.sent) for end in self._ends.values())

    def handle_command(self, command: PipeCommand, now_ns: int) -> PipedStream | None:
        """Carry out one command. Raises `LimitReached`, and `NotFound` for a pipe that is not open."""
        try:
            if isinstance(command, SendSource):
                return self._send(self._end(command.pipe), command.source, now_ns)
            _COMMANDS[type(command)](self, command, now_ns)
        except MemoryError as error:
            raise LimitReached(str(error)) from error
        return None

    def _end(self, pipe: str) -> PipeEnd:
        end = self._ends.get(pipe)
        if end is None:
            raise NotFound(f"There is no pipe {pipe!r}.")
        return end

    def _open(self, command: OpenPipe, _: int) -> None:
        self._forget(command.pipe)
        handle = self._forwarder.add_peer(trusted=True)
        self._forwarder.set_extensions(handle, EXTENSION_IDS)
        self._forwarder.set_path(handle, command.address)
        self._forwarder.set_keys(handle, command.profile, command.receive_key, command.send_key)
        self._ends[command.pipe] = PipeEnd(PeerId(command.pipe), handle)

    def _close(self, command: ClosePipe, _: int) -> None:
        self._forget(command.pipe)

    def _forget(self, pipe: str) -> None:
        end = self._ends.pop(pipe, None)
        if end is None:
            return
        for source in list(end.taken):
            self._drop(end, source)
        for source in list(end.sent):
            self._stop(end, source)
        self._forwarder.remove_peer(end.handle)

    def _send(self, end: PipeEnd, source: SourceRef, now_ns: int) -> PipedStream | None:
        stream = self._streams.source(source)
        sent = end.sent.get(source)
        if stream is None:
            self._stop(end, source)
            return None
        if sent is None or (sent.payloads, sent.rids) != (stream.payloads, _rids(stream)):
            self._stop(end, source)
            try:
                sent = self._send_anew(end, source, stream, now_ns)
            except MemoryError:
                self._stop(end, source)
                raise
        for encoding in sent.encodings:
            self._streams.route(SlotRef(end.id, _name(source, encoding.rid)), source, now_ns)
        return sent

    def _send_anew(self, end: PipeEnd, source: SourceRef, stream: Stream, now_ns: int) -> PipedStream:
        repaired = any(payload.rtx_payload_type >= 0 for payload in stream.payloads)
        encodings = tuple(
            PipedEncoding(rid, self._new_ssrc(), self._new_ssrc() if repaired else 0) for rid in _rids(stream)
        )
        end.sent[source] = sent = PipedStream(stream.kind, stream.payloads, encodings)
        for index, each in enumerate(encodings):
            handle = self._forwarder.add_slot(end.handle, stream.kind, each.ssrc, each.rtx_ssrc, stream.payloads)
            name = _name(source, each.rid)
            end.slots[name] = Stream(name, handle, "", each.ssrc, stream.kind, stream.payloads)
            if each.rid:
                self._forwarder.carry_encoding(handle, index)
                self._layering.select(handle, Layer(index, TOP.temporal))
            self._streams.adopt_slot(end, name, now_ns)
        return sent

    def _want(self, command: WantEncodings, _: int) -> None:
        end = self._ends.get(command.pipe)
        sent = end.sent.get(command.source) if end is not None else None
        if end is None or sent is None or len(sent.encodings) == 1:
            return
        for index, each in enumerate(sent.encodings):
            layer = Layer(index, TOP.temporal) if index < command.count else PAUSED
            self._layering.select(end.slots[_name(command.source, each.rid)].handle, layer)

    def _stop_source(self, command: StopSource, _: int) -> None:
        end = self._ends.get(command.pipe)
        if end is not None:
            self._stop(end, command.source)

    def _stop(self, end: PipeEnd, source: SourceRef) -> None:
        sent = end.sent.pop(source, None)
        for each in sent.encodings if sent is not None else ():
            name = _name(source, each.rid)
            if name in end.slots:
                self._streams.route(SlotRef(end.id, name), None, 0)
                self._streams.release_slot(end, name)

    def _take_source(self, command: TakeSource, now_ns: int) -> None:
        end, source, piped = self._end(command.pipe), command.source, command.stream
        if end.taken.get(source) == piped:
            return
        self._drop(end, source)
        lead, *others = piped.encodings
        handle = self._forwarder.add_track(end.handle, piped.kind, b"", lead.ssrc, lead.rtx_ssrc, piped.payloads)
        handles = [handle, *(self._forwarder.add_encoding(handle, each.ssrc, each.rtx_ssrc) for each in others)]
        encodings = tuple(Encoding(*each) for each in zip(piped.rids, handles, strict=True))
        name = _name(source)
        end.sources[name] = Stream(name, handle, "", lead.ssrc, piped.kind, piped.payloads, encodings)
        end.taken[source] = piped
        self._streams.adopt_source(end, name, source, now_ns)

    def _drop_source(self, command: DropSource, _: int) -> None:
        end = self._ends.get(command.pipe)
        if end is not None:
            self._drop(end, command.source)

    def _drop(self, end: PipeEnd, source: SourceRef) -> None:
        if end.taken.pop(source, None) is not None:
            self._streams.release_source(end, _name(source), source)


_COMMANDS: dict[type[msgspec.Struct], Callable[[Pipes, Any, int], None]] = {
    OpenPipe: Pipes._open,
    ClosePipe: Pipes._close,
    WantEncodings: Pipes._want,
    StopSource: Pipes._stop_source,
    TakeSource: Pipes._take_source,
    DropSource: Pipes._drop_source,
}


def _name(source: SourceRef, rid: str = "") -> str:
    return f"{source.peer}#{source.source}#{rid}" if rid else f"{source.peer}#{source.source}"


def _rids(stream: Stream) -> tuple[str, ...]:
    return tuple(each.rid for each in stream.encodings)

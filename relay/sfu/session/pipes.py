"""Pipes: how a source of one worker feeds slots of another, without its peer noticing.

A pipe is a peer of the packet path whose path and keys are given instead of negotiated; each of the two workers has one
end. A source goes through it as a stream under an SSRC of its own, is taken at the other end under the name it has at
home, and from there on is a source like any other: NACK, RTX, PLI and sender reports are those of every stream. Nothing
here knows that the other end is on the same machine.

Rules: a source is asked for by its name and sent as often as it is asked for with the same SSRCs; it is sent anew when
its payload types have changed. Both ends may ask for what is there already, or give up what is not.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from relay.errors import LimitReached, NotFound
from relay.ids import PeerId
from relay.sfu.ports import Extension, Forwarder, Payload
from relay.sfu.session.events import SlotRef, SourceRef
from relay.sfu.session.peer import Stream
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
STREAMS_PER_KEY = 1000
"""Sources sent under one pair of keys: SSRCs are not used twice under a key, and are remembered to that end."""


class PipedStream(msgspec.Struct, frozen=True, array_like=True):
    """How a source is sent through a pipe."""

    kind: int
    ssrc: int
    rtx_ssrc: int
    payloads: tuple[Payload, ...]


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


PipeCommand = OpenPipe | ClosePipe | SendSource | StopSource | TakeSource | DropSource


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

    given: packet path, streams, new SSRCs. owned: the ends by name.
    """

    def __init__(self, forwarder: Forwarder, streams: Streams, new_ssrc: Callable[[], int]) -> None:
        self._forwarder = forwarder
        self._streams = streams
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
        if sent is None or sent.payloads != stream.payloads:
            self._stop(end, source)
            sent = self._send_anew(end, source, stream, now_ns)
        self._streams.route(SlotRef(end.id, _name(source)), source, now_ns)
        return sent

    def _send_anew(self, end: PipeEnd, source: SourceRef, stream: Stream, now_ns: int) -> PipedStream:
        repaired = any(payload.rtx_payload_type >= 0 for payload in stream.payloads)
        ssrc, rtx_ssrc = self._new_ssrc(), self._new_ssrc() if repaired else 0
        handle = self._forwarder.add_slot(end.handle, stream.kind, ssrc, rtx_ssrc, stream.payloads)
        name = _name(source)
        end.slots[name] = Stream(name, handle, "", ssrc, stream.kind, stream.payloads)
        end.sent[source] = sent = PipedStream(stream.kind, ssrc, rtx_ssrc, stream.payloads)
        self._streams.adopt_slot(end, name, now_ns)
        return sent

    def _stop_source(self, command: StopSource, _: int) -> None:
        end = self._ends.get(command.pipe)
        if end is not None:
            self._stop(end, command.source)

    def _stop(self, end: PipeEnd, source: SourceRef) -> None:
        if end.sent.pop(source, None) is not None:
            name = _name(source)
            self._streams.route(SlotRef(end.id, name), None, 0)
            self._streams.release_slot(end, name)

    def _take_source(self, command: TakeSource, now_ns: int) -> None:
        end, source, piped = self._end(command.pipe), command.source, command.stream
        if end.taken.get(source) == piped:
            return
        self._drop(end, source)
        handle = self._forwarder.add_track(end.handle, piped.kind, b"", piped.ssrc, piped.rtx_ssrc, piped.payloads)
        name = _name(source)
        end.sources[name] = Stream(name, handle, "", piped.ssrc, piped.kind, piped.payloads)
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
    StopSource: Pipes._stop_source,
    TakeSource: Pipes._take_source,
    DropSource: Pipes._drop_source,
}


def _name(source: SourceRef) -> str:
    return f"{source.peer}#{source.source}"

"""What a node and its worker processes say to each other: msgpack behind a length, over a Unix socket pair.

The worker says `Ready` once it serves; the node has told it who it is with `Configure` before. A request of the node
carries an `id`, and its reply the same one, in the order of the requests. What the worker sends by itself has none.
"""

from typing import get_args

import msgspec

from relay.config import SfuSettings
from relay.errors import InvariantError, LimitReached, Malformed, Misuse, NotFound, RelayError, Unavailable
from relay.ids import PeerId
from relay.sfu.session.data_channels import Deliver
from relay.sfu.session.events import PeerOffer, PeerStats, SfuEvent, SfuStats, SlotRef, SourceRef
from relay.sfu.session.pipes import PipeCommand, PipedStream

VERSION = 2
"""Of these messages. A node whose program was replaced on the disk meanwhile must not start workers of the new one."""


class Configure(msgspec.Struct, frozen=True, tag=True):
    """The first message: who the worker is."""

    version: int
    index: int
    settings: SfuSettings
    """With its own ports."""
    log_level: int


class Answer(msgspec.Struct, frozen=True, tag=True):
    """As `MediaPlane.answer`; replied to with `Answered`."""

    id: int
    peer: PeerId
    offer: PeerOffer


class Route(msgspec.Struct, frozen=True, tag=True):
    """As `MediaPlane.route`."""

    id: int
    slot: SlotRef
    source: SourceRef | None


class Remove(msgspec.Struct, frozen=True, tag=True):
    """As `MediaPlane.remove`."""

    id: int
    peer: PeerId


class Pipe(msgspec.Struct, frozen=True, tag=True):
    """A command about a pipe; replied to with `Piped`."""

    id: int
    command: PipeCommand


class Stop(msgspec.Struct, frozen=True, tag=True):
    """Say goodbye to every peer and end."""

    id: int


Request = Answer | Route | Remove | Pipe | Stop
ToWorker = Configure | Deliver | Request


class Ready(msgspec.Struct, frozen=True, tag=True):
    """The media port is bound."""

    version: int
    address: tuple[str, int]


class Answered(msgspec.Struct, frozen=True, tag=True):
    """The SDP answer."""

    id: int
    sdp: str


class Piped(msgspec.Struct, frozen=True, tag=True):
    """What became of a pipe command."""

    id: int
    stream: PipedStream | None = None


class Done(msgspec.Struct, frozen=True, tag=True):
    """Carried out."""

    id: int


class Refused(msgspec.Struct, frozen=True, tag=True):
    """Not carried out; the fields of the error."""

    id: int
    kind: str
    message: str
    offset: int | None = None


Reply = Answered | Piped | Done | Refused


class Happened(msgspec.Struct, frozen=True, tag=True):
    """An event of the SFU: the name of its class, and itself."""

    kind: str
    event: msgspec.Raw


class Report(msgspec.Struct, frozen=True, tag=True):
    """How the worker is: its sign of life."""

    stats: SfuStats


class PeerReports(msgspec.Struct, frozen=True, tag=True):
    """How some of its peers are."""

    peers: tuple[PeerStats, ...]


class LogLine(msgspec.Struct, frozen=True, tag=True):
    """Something to be written into the log of the node."""

    level: int
    logger: str
    message: str
    fields: dict[str, str | int | float]
    error: str = ""


ToNode = Ready | Reply | Happened | Report | PeerReports | LogLine

_EVENTS: dict[str, type[SfuEvent]] = {kind.__name__: kind for kind in get_args(SfuEvent)}
_ERRORS: dict[str, type[RelayError]] = {kind.__name__: kind for kind in (LimitReached, Unavailable, Misuse, NotFound)}


def happened(event: SfuEvent) -> Happened:
    """An event as a message."""
    return Happened(type(event).__name__, msgspec.Raw(msgspec.msgpack.encode(event)))


def event_of(message: Happened) -> SfuEvent:
    """The event again; raises `Malformed` for one that is not known."""
    kind = _EVENTS.get(message.kind)
    if kind is None:
        raise Malformed(f"there is no event {message.kind!r}")
    return msgspec.msgpack.decode(message.event, type=kind)


def refused(request: int, error: Exception) -> Refused:
    """An error as a reply."""
    if isinstance(error, Malformed):
        return Refused(request, "Malformed", error.what, error.offset)
    return Refused(request, type(error).__name__, str(error))


def error_of(reply: Refused) -> RelayError:
    """The error again. One of a class that is not expected from a worker is a bug of the worker."""
    if reply.kind == "Malformed":
        return Malformed(reply.message, reply.offset)
    kind = _ERRORS.get(reply.kind)
    return InvariantError(f"a worker failed: {reply.kind}: {reply.message}") if kind is None else kind(reply.message)

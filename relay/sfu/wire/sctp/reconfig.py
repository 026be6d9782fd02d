"""Parameters of RE-CONFIG that close data channels: outgoing reset request and response (RFC 6525 §4.1, §4.4)."""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar, Final

from relay.errors import Malformed
from relay.sfu.wire.sctp.chunks import ChunkKind
from relay.sfu.wire.sctp.packet import Chunk, parameters, serialise_parameters

_OUTGOING: Final = 13
_RESPONSE: Final = 16


class ResetResult(IntEnum):
    """What became of a request (RFC 6525 §4.4)."""

    NOTHING_TO_DO = 0
    PERFORMED = 1
    DENIED = 2
    BAD_SEQUENCE = 5
    IN_PROGRESS = 6


@dataclass(frozen=True, slots=True)
class ResetRequest:
    """The sender's streams begin anew at sequence 0, once everything up to `last_tsn` has arrived."""

    _LAYOUT: ClassVar[struct.Struct] = struct.Struct("!III")

    request: int
    response: int
    last_tsn: int
    streams: tuple[int, ...]
    """Empty: all of them."""


@dataclass(frozen=True, slots=True)
class ResetResponse:
    """The answer to the request of this number."""

    request: int
    result: int


def parse(chunk: Chunk) -> list[ResetRequest | ResetResponse]:
    """The parameters that are understood; others are passed over. Raises `Malformed`."""
    found: list[ResetRequest | ResetResponse] = []
    for kind, value in parameters(chunk.body, 0):
        if kind == _OUTGOING:
            if len(value) < 12 or len(value) % 2:
                raise Malformed("reset request is cut short")
            streams = tuple(stream for (stream,) in struct.iter_unpack("!H", value[12:]))
            request, response, last_tsn = ResetRequest._LAYOUT.unpack_from(value)
            found.append(ResetRequest(request, response, last_tsn, streams))
        elif kind == _RESPONSE:
            if len(value) < 8:
                raise Malformed("reset response is cut short")
            found.append(ResetResponse(*struct.unpack_from("!II", value)))
    return found


def chunk(parameter: ResetRequest | ResetResponse) -> Chunk:
    """One parameter, for the wire."""
    if isinstance(parameter, ResetResponse):
        item = _RESPONSE, struct.pack("!II", parameter.request, parameter.result)
    else:
        fixed = ResetRequest._LAYOUT.pack(parameter.request, parameter.response, parameter.last_tsn)
        item = _OUTGOING, fixed + struct.pack(f"!{len(parameter.streams)}H", *parameter.streams)
    return Chunk(ChunkKind.RE_CONFIG, 0, serialise_parameters([item]))

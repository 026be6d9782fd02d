"""Closing streams in both directions (RFC 6525): one request of ours at a time, each request of the peer's carried out once."""

from dataclasses import dataclass
from typing import Final

from relay.sfu.transport.sctp.serial import TSN_BITS, unwrap, wrap
from relay.sfu.wire.sctp import reconfig
from relay.sfu.wire.sctp.packet import Chunk
from relay.sfu.wire.sctp.reconfig import ResetRequest, ResetResponse, ResetResult

_MAX_STREAMS_AT_ONCE: Final = 256
_RETRY_S: Final = 0.5


@dataclass(slots=True)
class _Asked:
    request: ResetRequest
    at: float
    """When it is asked again."""


class Resets:
    """given: the first numbers of both sides, which are their first TSNs (§4.1). owned: our request, theirs."""

    def __init__(self, ours: int, theirs: int) -> None:
        self._next = ours
        self._expected = theirs
        self._last_result = ResetResult.NOTHING_TO_DO
        self._wanted: dict[int, None] = {}
        self._asked: _Asked | None = None

    def want(self, stream: int) -> None:
        """Close our direction of a stream, as soon as may be."""
        if self._asked is None or stream not in self._asked.request.streams:
            self._wanted[stream] = None

    def ask(self, last_tsn: int, now: float) -> tuple[int, ...]:
        """Make the next request, when everything has been sent up to `last_tsn`; its streams begin anew."""
        if self._asked is not None or not self._wanted:
            return ()
        streams = tuple(self._wanted)[:_MAX_STREAMS_AT_ONCE]
        for stream in streams:
            del self._wanted[stream]
        request = ResetRequest(
            wrap(self._next, TSN_BITS), wrap(self._expected - 1, TSN_BITS), wrap(last_tsn, TSN_BITS), streams
        )
        self._next += 1
        self._asked = _Asked(request, now)
        return streams

    def due(self, now: float) -> list[Chunk]:
        """The request, if it is time to send it."""
        if self._asked is None or now < self._asked.at:
            return []
        self._asked.at = now + _RETRY_S
        return [reconfig.chunk(self._asked.request)]

    def deadline(self) -> float | None:
        """When `due` has something."""
        return None if self._asked is None else self._asked.at

    def handle_response(self, response: ResetResponse) -> None:
        """The peer has carried it out, or will not; only "in progress" is asked again."""
        asked = self._asked
        if asked is None or response.request != asked.request.request:
            return
        if response.result != ResetResult.IN_PROGRESS:
            self._asked = None

    def handle_request(self, request: ResetRequest, arrived: int) -> tuple[Chunk, tuple[int, ...] | None]:
        """The answer to the peer's request, and the streams to reset now (none named: all), or None. `arrived`: our cumulative TSN."""
        number = unwrap(request.request, self._expected, TSN_BITS)
        if number == self._expected - 1:
            return self._respond(request, self._last_result), None
        if number != self._expected:
            return self._respond(request, ResetResult.BAD_SEQUENCE), None
        if unwrap(request.last_tsn, arrived, TSN_BITS) > arrived:
            return self._respond(request, ResetResult.IN_PROGRESS), None
        self._expected += 1
        self._last_result = ResetResult.PERFORMED
        return self._respond(request, ResetResult.PERFORMED), request.streams

    @staticmethod
    def _respond(request: ResetRequest, result: ResetResult) -> Chunk:
        return reconfig.chunk(ResetResponse(request.request, result))

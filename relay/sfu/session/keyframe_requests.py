"""Carries wishes for keyframes from slots to the sources that feed them (RFC 4585 §6.3.1).

One PLI goes up, however many receivers want one; each source keeps its own `KeyframeRequests`.
"""

from relay.sfu.media.keyframes import KeyframeRequests
from relay.sfu.ports import Forwarder
from relay.sfu.session.deadlines import Deadlines
from relay.sfu.session.peer import Encoding, StreamOwner
from relay.sfu.session.streams import Streams
from relay.sfu.wire.rtcp.pli import Pli

RELAY_SSRC = 1
"""Sender SSRC of feedback that is not tied to a stream of the relay's own, as libwebrtc uses it."""


class KeyframeDesk:
    """The wishes for all tracks of a worker.

    given: packet path, streams, interval_s. owned: when to ask which track again.
    """

    def __init__(self, forwarder: Forwarder, streams: Streams, interval_s: float) -> None:
        self._forwarder = forwarder
        self._streams = streams
        self._interval_s = interval_s
        self._deadlines: Deadlines[int] = Deadlines()
        self.sent = 0
        """PLIs sent upstream."""

    def want(self, track: int, now: float) -> None:
        """A slot needs a keyframe of the track, or of the encoding of a source that goes by this handle."""
        owner = self._streams.encoding_of(track)
        if owner is None:
            return
        peer, _, encoding = owner
        if encoding.keyframes is None:
            encoding.keyframes = KeyframeRequests(self._interval_s)
        self._act(peer, encoding, encoding.keyframes, encoding.keyframes.want(now))

    def arrived(self, track: int) -> None:
        """A keyframe of the track began to arrive."""
        owner = self._streams.encoding_of(track)
        if owner is not None and owner[2].keyframes is not None:
            owner[2].keyframes.arrived()

    def handle_timeout(self, now: float) -> None:
        """Ask again for what has not come."""
        for track in self._deadlines.due(now):
            owner = self._streams.encoding_of(track)
            if owner is not None and owner[2].keyframes is not None:
                peer, _, encoding = owner
                self._act(peer, encoding, owner[2].keyframes, owner[2].keyframes.handle_timeout(now))

    def deadline(self) -> float | None:
        """When to call `handle_timeout`."""
        return self._deadlines.next()

    def _act(self, peer: StreamOwner, encoding: Encoding, requests: KeyframeRequests, ask: bool) -> None:
        if ask:
            ssrc = self._forwarder.track_ssrc(encoding.handle)
            pli = Pli(RELAY_SSRC, ssrc).serialise()
            if ssrc and self._forwarder.transmit_rtcp(peer.handle, pli):
                self.sent += 1
        self._deadlines.schedule(encoding.handle, requests.deadline())

"""Who speaks among several whom a peer hears: levels from the packet path, by the peer's own audio slots.

Only peers that hear more than one are looked at: in a conversation of two there is nothing to tell.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from relay.ids import PeerId
from relay.sfu.media.speaker import DominantSpeaker
from relay.sfu.ports import Forwarder, Kind
from relay.sfu.session.events import SlotRef, SpeakerChanged
from relay.sfu.session.peer import Peer
from relay.sfu.session.streams import Streams

_LOOK_S: Final = 0.2


@dataclass(slots=True)
class _Listener:
    dominant: DominantSpeaker[str] = field(default_factory=DominantSpeaker)
    heard: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    """By slot: its track, and the totals of that at the last look."""


class Speaking:
    """given: packet path, streams, peers. owned: for each peer that hears several, who has the word."""

    def __init__(self, forwarder: Forwarder, streams: Streams, peers: dict[PeerId, Peer]) -> None:
        self._forwarder = forwarder
        self._streams = streams
        self._peers = peers
        self._listeners: dict[PeerId, _Listener] = {}
        self._look_at = 0.0

    def routed(self, listener: PeerId) -> None:
        """What a peer hears has changed, or may have."""
        self._listeners.setdefault(listener, _Listener())

    def handle_tick(self, now: float) -> list[SpeakerChanged]:
        """Look, if it is time."""
        if now < self._look_at or not self._listeners:
            return []
        self._look_at = now + _LOOK_S
        changes = [self._look(peer, listener) for peer, listener in list(self._listeners.items())]
        return [change for change in changes if change is not None]

    def _look(self, peer: PeerId, listener: _Listener) -> SpeakerChanged | None:
        wished = self._wished(peer)
        if len(wished) < 2:
            del self._listeners[peer]
            return None
        before, listener.heard = listener.heard, {}
        loudness = {slot.slot: self._loudness(slot, before, listener.heard) for slot in wished}
        changed = listener.dominant.look(loudness)
        return (
            SpeakerChanged(SlotRef(peer, listener.dominant.speaker)) if changed and listener.dominant.speaker else None
        )

    def _wished(self, peer: PeerId) -> list[SlotRef]:
        """The audio slots of a peer that are to be fed."""
        found = self._peers.get(peer)
        slots = (
            []
            if found is None
            else [SlotRef(peer, name) for name, slot in found.slots.items() if slot.kind == Kind.AUDIO]
        )
        return [slot for slot in slots if self._streams.routes.source_of(slot) is not None]

    def _loudness(
        self, slot: SlotRef, before: Mapping[str, tuple[int, int, int]], heard: dict[str, tuple[int, int, int]]
    ) -> float:
        """Mean of the packets since the last look; 0 where none came, as in the pauses of who sends nothing then."""
        track = self._streams.routes.track_into(slot)
        if track is None:
            return 0.0
        levels, total = self._forwarder.loudness(track)
        heard[slot.slot] = (track, levels, total)
        known_track, known_levels, known_total = before.get(slot.slot, (track, levels, total))
        if known_track != track or levels <= known_levels:
            return 0.0
        return (total - known_total) / (levels - known_levels)

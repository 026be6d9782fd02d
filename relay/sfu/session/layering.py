"""Which layers of its source each slot is to have, and which encodings nobody needs.

A slot has the best there is, within what its downlink carries (`select`) and what its receiver has a use for (`limit`). An encoding above all that is selected is not wanted: its sender is told, at once when that changes upwards, and after a
while when it changes downwards. The smallest is always wanted: the next slot shows it while it waits for a better one.
"""

from typing import Final

from relay.sfu.media.layers import Layer
from relay.sfu.ports import Forwarder
from relay.sfu.session.events import EncodingsWanted, SlotRef, SourceRef
from relay.sfu.session.peer import Stream
from relay.sfu.session.streams import Streams

_PATIENCE_S: Final = 3.0
TOP: Final = Layer(3, 3)
"""More than any source has."""
PAUSED: Final = Layer(-1, 0)


class Layering:
    """The layers of a worker's sources and slots.

    given: packet path, streams. owned, by handle: what was selected for slots and what limits them, the number of encodings that senders were told to be wanted, and since when fewer would do.
    """

    def __init__(self, forwarder: Forwarder, streams: Streams) -> None:
        self._forwarder = forwarder
        self._streams = streams
        self._selected: dict[int, Layer] = {}
        self._limits: dict[int, Layer] = {}
        self._told: dict[int, int] = {}
        self._fewer_since_s: dict[int, float] = {}

    def select(self, slot: int, layer: Layer) -> None:
        """The most that a slot's downlink carries from now on; a negative spatial layer: nothing."""
        before = self._effective(slot)
        self._selected[slot] = layer
        self._apply(slot, before)

    def limit(self, slot: SlotRef, layer: Layer) -> None:
        """The most that a slot has a use for, whatever its downlink carries: a picture that is shown small needs no more. Nothing
        if there is no such slot."""
        handle = self._streams.routes.slot_handle(slot)
        if handle is not None:
            before = self._effective(handle)
            self._limits[handle] = layer
            self._apply(handle, before)

    def handle_tick(self, now: float) -> list[EncodingsWanted]:
        """See which encodings are wanted of the sources whose slots have changed."""
        changed, gone = self._streams.changes.take()
        for handle in gone:
            self._forget(handle)
        waiting = {track for track, since_s in self._fewer_since_s.items() if now >= since_s + _PATIENCE_S}
        return [event for track in changed | waiting if (event := self._review(track, now)) is not None]

    def _effective(self, slot: int) -> Layer:
        return Layer(*map(min, self._selected.get(slot, TOP), self._limits.get(slot, TOP)))

    def _apply(self, slot: int, before: Layer) -> None:
        layer = self._effective(slot)
        if layer != before:
            self._forwarder.select_layer(slot, layer.spatial, layer.temporal)
            self._streams.changes.ask(slot)

    def _forget(self, handle: int) -> None:
        for table in (self._selected, self._limits, self._told, self._fewer_since_s):
            table.pop(handle, None)

    def _review(self, track: int, now: float) -> EncodingsWanted | None:
        owner, ref = self._streams.encoding_of(track), self._streams.known_as.get(track)
        if owner is None or ref is None or len(owner[1].encodings) == 1:
            return None
        _, stream, _ = owner
        wanted, told = self._wanted(ref, stream), self._told.get(track, len(stream.encodings))
        if wanted >= told:
            self._fewer_since_s.pop(track, None)
        elif now < self._fewer_since_s.setdefault(track, now) + _PATIENCE_S:
            return None
        if wanted == told:
            return None
        self._told[track] = wanted
        self._fewer_since_s.pop(track, None)
        return EncodingsWanted(ref, tuple(each.rid for each in stream.encodings[:wanted]))

    def _wanted(self, source: SourceRef, stream: Stream) -> int:
        """How many encodings, from the smallest, some slot may have."""
        selected = [self._effective(slot) for slot in self._streams.routes.handles_of(source)]
        highest = max((layer.spatial for layer in selected), default=0)
        return max(1, min(highest + 1, len(stream.encodings)))

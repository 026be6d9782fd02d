"""Who feeds whom: wishes by name, turned into connections of the packet path once both ends exist.

A route may be wished before its source is negotiated, and outlives a source that comes and goes; the table keeps the
wish and says what to change. Rules: a slot has at most one source; a source feeds any number of slots.
"""

from dataclasses import dataclass

from relay.ids import PeerId
from relay.sfu.session.events import SlotRef, SourceRef


@dataclass(frozen=True, slots=True)
class Connect:
    """Feed slot handle `slot` from track handle `track`."""

    slot: int
    track: int


@dataclass(frozen=True, slots=True)
class Disconnect:
    """Feed slot handle `slot` from nothing."""

    slot: int


RouteChange = Connect | Disconnect


class RouteTable:
    """Wishes (`slot ← source`) and the handles that exist, both by peer, so that a peer leaves in time of its own size.

    owned: wishes, handles. derived: the slots wished for each source.
    """

    def __init__(self) -> None:
        self._wishes: dict[PeerId, dict[str, SourceRef]] = {}
        self._fed_by: dict[PeerId, dict[str, dict[SlotRef, None]]] = {}
        self._tracks: dict[PeerId, dict[str, int]] = {}
        self._slots: dict[PeerId, dict[str, int]] = {}

    def route(self, slot: SlotRef, source: SourceRef | None) -> list[RouteChange]:
        """Wish `slot` to be fed from `source`, or from nothing."""
        if self.source_of(slot) == source:
            return []
        self._forget_wish(slot)
        if source is not None:
            self._wishes.setdefault(slot.peer, {})[slot.slot] = source
            self._fed_by.setdefault(source.peer, {}).setdefault(source.source, {})[slot] = None
        handle = self.slot_handle(slot)
        if handle is None:
            return []
        track = self.track_into(slot)
        return [Disconnect(handle) if track is None else Connect(handle, track)]

    def source_of(self, slot: SlotRef) -> SourceRef | None:
        """What the slot is wished to be fed from."""
        return self._wishes.get(slot.peer, {}).get(slot.slot)

    def track_into(self, slot: SlotRef) -> int | None:
        """The track handle that feeds the slot, if its source exists."""
        source = self.source_of(slot)
        return None if source is None else self.track_of(source)

    def track_of(self, source: SourceRef) -> int | None:
        """The track handle of a source, if it exists."""
        return self._tracks.get(source.peer, {}).get(source.source)

    def slots_of(self, source: SourceRef) -> list[SlotRef]:
        """The slots wished to be fed from the source."""
        return list(self._fed_by.get(source.peer, {}).get(source.source, ()))

    def handles_of(self, source: SourceRef) -> list[int]:
        """The handles of the slots wished to be fed from the source, of those that exist."""
        handles = (self.slot_handle(slot) for slot in self.slots_of(source))
        return [handle for handle in handles if handle is not None]

    def add_source(self, source: SourceRef, track: int) -> list[RouteChange]:
        """The source exists now, as track handle `track`."""
        self._tracks.setdefault(source.peer, {})[source.source] = track
        return [Connect(handle, track) for handle in self.handles_of(source)]

    def add_slot(self, slot: SlotRef, handle: int) -> list[RouteChange]:
        """The slot exists now."""
        self._slots.setdefault(slot.peer, {})[slot.slot] = handle
        track = self.track_into(slot)
        return [] if track is None else [Connect(handle, track)]

    def remove_source(self, source: SourceRef) -> None:
        """The source is gone; removing its track disconnects its slots. Wishes for it stay."""
        tracks = self._tracks.get(source.peer, {})
        tracks.pop(source.source, None)
        if not tracks:
            self._tracks.pop(source.peer, None)

    def remove_slot(self, slot: SlotRef) -> None:
        """The slot is gone. The wish for it stays."""
        slots = self._slots.get(slot.peer, {})
        slots.pop(slot.slot, None)
        if not slots:
            self._slots.pop(slot.peer, None)

    def remove_peer(self, peer: PeerId) -> list[RouteChange]:
        """Forget the peer's sources and slots, and every wish that names it."""
        for name in list(self._wishes.get(peer, ())):
            self._forget_wish(SlotRef(peer, name))
        fed = [slot for slots in self._fed_by.get(peer, {}).values() for slot in slots]
        changes = [change for slot in fed for change in self.route(slot, None)]
        self._wishes.pop(peer, None)
        self._fed_by.pop(peer, None)
        self._tracks.pop(peer, None)
        self._slots.pop(peer, None)
        return changes

    def slot_handle(self, slot: SlotRef) -> int | None:
        """The handle of a slot, if it exists."""
        return self._slots.get(slot.peer, {}).get(slot.slot)

    def _forget_wish(self, slot: SlotRef) -> None:
        """Nothing is kept of it: what feeds a slot may be the source of another worker, whose going nobody tells us."""
        wishes = self._wishes.get(slot.peer, {})
        source = wishes.pop(slot.slot, None)
        if source is None:
            return
        if not wishes:
            del self._wishes[slot.peer]
        fed = self._fed_by[source.peer]
        del fed[source.source][slot]
        if not fed[source.source]:
            del fed[source.source]
        if not fed:
            del self._fed_by[source.peer]

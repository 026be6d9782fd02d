"""The sources and slots of all peers: what an agreement changes in the packet path, and the routes between them.

owned: the route table, and the owners of track and slot handles. An agreement is applied as a difference: a stream whose
section, SSRC and payload types are as before keeps its handle, so that a renegotiation does not disturb what flows.
"""

from collections.abc import Callable

from relay.errors import LimitReached
from relay.sfu.negotiation import simulcast
from relay.sfu.negotiation.agreement import Section
from relay.sfu.negotiation.answer import SlotSsrcs
from relay.sfu.ports import Forwarder
from relay.sfu.session.changes import Changes
from relay.sfu.session.events import SlotRef, SourceRef
from relay.sfu.session.peer import Encoding, Peer, Stream, StreamOwner
from relay.sfu.session.routes import Connect, RouteChange, RouteTable


class Streams:
    """Sources and slots, and who feeds whom."""

    def __init__(self, forwarder: Forwarder, new_ssrc: Callable[[], int]) -> None:
        self._forwarder = forwarder
        self._new_ssrc = new_ssrc
        self.routes = RouteTable()
        self.changes = Changes()
        self._source_count = 0
        self._track_owner: dict[int, tuple[StreamOwner, Stream, Encoding]] = {}
        self.known_as: dict[int, SourceRef] = {}
        """What a source is routed as, by handle: what comes through a pipe keeps the name it has at home."""
        self._slot_owner: dict[int, tuple[StreamOwner, Stream]] = {}
        self._routed_ns: dict[int, int] = {}

    @property
    def counts(self) -> tuple[int, int]:
        """Sources and slots that exist now."""
        return self._source_count, len(self._slot_owner)

    def apply(self, peer: Peer, now_ns: int) -> None:
        """Make the peer's streams what `peer.agreement` says. Raises `LimitReached`, the peer's streams then being fewer."""
        sections = peer.agreement.sections
        sources = {section.source: section for section in sections if section.source is not None}
        slots = {section.slot: section for section in sections if section.slot is not None}
        for name in [name for name, stream in peer.sources.items() if not _same(stream, sources.get(name))]:
            self.release_source(peer, name, SourceRef(peer.id, name))
        for name in [name for name, stream in peer.slots.items() if not _continues(stream, slots.get(name))]:
            del peer.ssrcs[name]
            self.release_slot(peer, name)
        self._forwarder.set_extensions(peer.handle, peer.agreement.extension_ids)
        try:
            for name in sources.keys() - peer.sources.keys():
                self._add_source(peer, name, sources[name], now_ns)
            for name in slots.keys() - peer.slots.keys():
                self._add_slot(peer, name, slots[name], now_ns)
        except MemoryError as error:
            raise LimitReached(str(error)) from error

    def remove_peer(self, peer: Peer) -> None:
        """Forget everything of the peer; the packet path forgets its handles with the peer itself."""
        for change in self.routes.remove_peer(peer.id):
            self._carry_out(change, 0)
        for stream in peer.sources.values():
            self._disown(stream)
        for stream in peer.slots.values():
            self._disown_slot(stream)
        peer.sources.clear()
        peer.slots.clear()

    def route(self, slot: SlotRef, source: SourceRef | None, now_ns: int) -> None:
        """Feed `slot` from `source`, or from nothing; also before either exists."""
        for change in self.routes.route(slot, source):
            self._carry_out(change, now_ns)

    def encoding_of(self, track: int) -> tuple[StreamOwner, Stream, Encoding] | None:
        """The owner, its source, and the encoding of it behind a track handle."""
        return self._track_owner.get(track)

    def slot_of(self, handle: int) -> tuple[StreamOwner, Stream, int | None] | None:
        """The owner and its slot behind a slot handle, and when it was connected to what feeds it now."""
        found = self._slot_owner.get(handle)
        return None if found is None else (*found, self._routed_ns.get(handle))

    def source_into(self, slot: SlotRef) -> tuple[SourceRef, int] | None:
        """The source that feeds the slot, and its track handle; None while it is not there."""
        source, track = self.routes.source_of(slot), self.routes.track_into(slot)
        return None if source is None or track is None else (source, track)

    def source(self, source: SourceRef) -> Stream | None:
        """The stream of a source, if it exists here."""
        track = self.routes.track_of(source)
        return None if track is None else self._track_owner[track][1]

    def adopt_source(self, owner: StreamOwner, name: str, source: SourceRef, now_ns: int) -> None:
        """The owner's source `name` exists in the packet path; it is known, and routed, as `source`."""
        stream = owner.sources[name]
        self._track_owner |= {each.handle: (owner, stream, each) for each in stream.encodings}
        self.known_as[stream.handle] = source
        self._source_count += 1
        self.changes.add_source(stream.handle)
        for change in self.routes.add_source(source, stream.handle):
            self._carry_out(change, now_ns)

    def release_source(self, owner: StreamOwner, name: str, source: SourceRef) -> None:
        """Take it out of the packet path. What was wished to be fed from it waits."""
        stream = owner.sources.pop(name)
        self._disown(stream)
        self.routes.remove_source(source)
        self._forwarder.remove_track(stream.handle)

    def adopt_slot(self, owner: StreamOwner, name: str, now_ns: int) -> None:
        """The owner's slot `name` exists in the packet path."""
        stream = owner.slots[name]
        self._slot_owner[stream.handle] = (owner, stream)
        for change in self.routes.add_slot(SlotRef(owner.id, name), stream.handle):
            self._carry_out(change, now_ns)

    def release_slot(self, owner: StreamOwner, name: str) -> None:
        """Take it out of the packet path."""
        stream = owner.slots.pop(name)
        self._disown_slot(stream)
        self.routes.remove_slot(SlotRef(owner.id, name))
        self._forwarder.remove_slot(stream.handle)

    def _carry_out(self, change: RouteChange, now_ns: int) -> None:
        if isinstance(change, Connect):
            self.changes.connect(change.slot, change.track)
            self._routed_ns[change.slot] = now_ns
            self._forwarder.connect(change.slot, change.track)
        else:
            self.changes.disconnect(change.slot)
            self._routed_ns.pop(change.slot, None)
            self._forwarder.disconnect(change.slot)

    def _add_source(self, peer: Peer, name: str, section: Section, now_ns: int) -> None:
        kind = _kind(section)
        handle = self._forwarder.add_track(
            peer.handle, kind, section.mid.encode(), section.ssrc, section.rtx_ssrc, section.payloads
        )
        rids = simulcast.ascending(section.rids, section.offered)
        handles = self._forwarder.add_encodings(handle, [rid.encode() for rid in rids]) if rids else [handle]
        encodings = tuple(Encoding(*each) for each in zip(rids or ("",), handles, strict=True))
        peer.sources[name] = Stream(name, handle, section.mid, section.ssrc, kind, section.payloads, encodings)
        self.adopt_source(peer, name, SourceRef(peer.id, name), now_ns)

    def _add_slot(self, peer: Peer, name: str, section: Section, now_ns: int) -> None:
        kind = _kind(section)
        repaired = any(payload.rtx_payload_type >= 0 for payload in section.payloads)
        ssrcs = SlotSsrcs(self._new_ssrc(), self._new_ssrc() if repaired else 0)
        handle = self._forwarder.add_slot(peer.handle, kind, ssrcs.primary, ssrcs.rtx, section.payloads)
        peer.slots[name] = Stream(name, handle, section.mid, ssrcs.primary, kind, section.payloads)
        peer.ssrcs[name] = ssrcs
        self.adopt_slot(peer, name, now_ns)

    def _disown(self, stream: Stream) -> None:
        for encoding in stream.encodings:
            del self._track_owner[encoding.handle]
        self.known_as.pop(stream.handle, None)
        self._source_count -= 1
        self.changes.remove(stream.handle)

    def _disown_slot(self, stream: Stream) -> None:
        del self._slot_owner[stream.handle]
        self._routed_ns.pop(stream.handle, None)
        self.changes.remove(stream.handle)


def _kind(section: Section) -> int:
    return 0 if section.kind is None else int(section.kind)


def _same(stream: Stream, section: Section | None) -> bool:
    if not _continues(stream, section) or section is None:
        return False
    rids = simulcast.ascending(section.rids, section.offered) or ("",)
    return stream.ssrc == section.ssrc and tuple(each.rid for each in stream.encodings) == rids


def _continues(stream: Stream, section: Section | None) -> bool:
    return section is not None and (stream.mid, stream.payloads) == (section.mid, section.payloads)

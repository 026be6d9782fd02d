"""A packet path without packets: keeps what the control side asked for, so that its decisions can be read back."""

from collections.abc import Mapping, Sequence

from relay.sfu.ports import (
    Address,
    Arrival,
    Downlink,
    Notice,
    Payload,
    ReceptionReport,
    SenderInfo,
    SlotStats,
    TrackStats,
)


class MemoryForwarder:
    """Implements `relay.sfu.ports.Forwarder` in RAM."""

    def __init__(self, max_streams: int = 1000) -> None:
        self._max_streams = max_streams
        self._next = 0
        self.peers: dict[int, Address | None] = {}
        self.tracks: dict[int, int] = {}
        """Track → SSRC."""
        self.slots: dict[int, int | None] = {}
        """Slot → the track that feeds it."""
        self.encodings: dict[int, dict[bytes, int]] = {}
        self.carried: dict[int, int] = {}
        self.selected: dict[int, tuple[int, int]] = {}
        self.rates: dict[int, Sequence[tuple[int, int, int]]] = {}
        self.track_bytes: dict[int, int] = {}
        self.loud: dict[int, tuple[int, int]] = {}
        self.rtcp: list[tuple[int, bytes]] = []
        self.sent: list[tuple[bytes, Address]] = []
        self.waiting: list[Notice] = []
        self.told: list[Downlink] = []
        self.paces: dict[int, int] = {}
        self.probes: list[tuple[int, int]] = []
        self.settled: dict[int, bool] = {}
        self.reports: dict[int, ReceptionReport] = {}
        self.senders: dict[int, SenderInfo] = {}

    def _handle(self) -> int:
        self._next += 1
        return self._next

    def attach(self, fd: int) -> None: ...

    def pump(self) -> list[Arrival]:
        return []

    def open_connection(self, fd: int) -> Address:
        return ("192.0.2.99", 4000 + fd, 256 + fd)

    def pump_connection(self, door: int) -> list[Arrival]:
        return []

    def close_connection(self, door: int) -> None: ...

    def transmit(self, data: bytes, address: Address) -> bool:
        self.sent.append((data, address))
        return True

    def transmit_rtcp(self, peer: int, compound: bytes) -> bool:
        self.rtcp.append((peer, compound))
        return True

    def add_peer(self, trusted: bool = False) -> int:
        peer = self._handle()
        self.peers[peer] = None
        return peer

    def remove_peer(self, peer: int) -> None:
        del self.peers[peer]

    def set_path(self, peer: int, address: Address) -> None:
        self.peers[peer] = address

    def set_keys(self, peer: int, profile: int, receive: bytes, send: bytes) -> None: ...

    def set_extensions(self, peer: int, ids: Mapping[int, int]) -> None: ...

    def add_track(self, peer: int, kind: int, mid: bytes, ssrc: int, rtx_ssrc: int, payloads: Sequence[Payload]) -> int:
        self._check_room()
        track = self._handle()
        self.tracks[track] = ssrc
        return track

    def add_encodings(self, track: int, rids: Sequence[bytes]) -> Sequence[int]:
        handles = [track, *(self._handle() for _ in rids[1:])]
        self.tracks.update(dict.fromkeys(handles, 0))
        self.encodings[track] = dict(zip(rids, handles, strict=True))
        return handles

    def add_encoding(self, track: int, ssrc: int, rtx_ssrc: int) -> int:
        handle = self._handle()
        self.tracks[handle] = ssrc
        self.encodings.setdefault(track, {})[str(ssrc).encode()] = handle
        return handle

    def remove_track(self, track: int) -> None:
        for handle in [track, *self.encodings.pop(track, {}).values()]:
            self.tracks.pop(handle, None)
        self.slots = {slot: None if fed == track else fed for slot, fed in self.slots.items()}

    def add_slot(self, peer: int, kind: int, ssrc: int, rtx_ssrc: int, payloads: Sequence[Payload]) -> int:
        self._check_room()
        slot = self._handle()
        self.slots[slot] = None
        return slot

    def set_parity(self, slot: int, ssrc: int, payload_type: int, group: int) -> None:
        assert slot in self.slots
        self.parity[slot] = (ssrc, payload_type, group)

    def remove_slot(self, slot: int) -> None:
        del self.slots[slot]

    def connect(self, slot: int, track: int) -> None:
        assert track in self.tracks
        assert slot in self.slots
        self.slots[slot] = track

    def disconnect(self, slot: int) -> None:
        assert slot in self.slots
        self.slots[slot] = None

    def select_layer(self, slot: int, spatial: int, temporal: int) -> None:
        self.selected[slot] = (spatial, temporal)

    def carry_encoding(self, slot: int, encoding: int) -> None:
        assert self.slots[slot] is None
        self.carried[slot] = encoding

    def slot_layer(self, slot: int) -> tuple[int, int]:
        return self.selected.get(slot, (0, 0))

    def layer_rates(self, track: int) -> Sequence[tuple[int, int, int]]:
        return self.rates.get(track, ())

    def tick(self, now_ns: int) -> None: ...

    def notices(self) -> list[Notice]:
        notices, self.waiting = self.waiting, []
        return notices

    def downlinks(self, now_ns: int = 0) -> list[Downlink]:
        told, self.told = self.told, []
        return told

    def downlink(self, peer: int) -> Downlink:
        return Downlink(peer, 0, 0, None, 0)

    def set_settled(self, peer: int, settled: bool) -> None:
        self.settled[peer] = settled

    def set_pace(self, peer: int, rate_bps: int, window_bytes: int) -> None:
        self.paces[peer] = rate_bps

    def probe(self, peer: int, cluster: int, rate_bps: int, size_bytes: int, packets: int) -> None:
        self.probes.append((peer, cluster))

    def pace(self, now_ns: int) -> None: ...

    def pace_due_ns(self) -> int:
        return 0

    def reception_report(self, track: int, now_ns: int) -> ReceptionReport | None:
        return self.reports.get(track)

    def sender_info(self, slot: int, now_ns: int) -> SenderInfo | None:
        return self.senders.get(slot)

    def track_ssrc(self, track: int) -> int:
        return self.tracks[track]

    def loudness(self, track: int) -> tuple[int, int]:
        return self.loud.get(track, (0, 0))

    def track_stats(self, track: int) -> TrackStats:
        return TrackStats(0, self.track_bytes.get(track, 0), 0, 0, 0, 0.0, 0, 0, 0)

    def slot_stats(self, slot: int) -> SlotStats:
        return SlotStats(0, 0, 0, 0, 0, 0, 0.0, 0.0, -1.0, 0)

    def counters(self) -> Mapping[str, int]:
        return {}

    def residence(self) -> tuple[Sequence[float], Sequence[int]]:
        return (), (0,)

    def _check_room(self) -> None:
        if len(self.tracks) + len(self.slots) >= self._max_streams:
            raise MemoryError("no room for another stream")

"""Choices of layers, and what senders are told of them."""

from relay.ids import PeerId
from relay.sfu import EncodingsWanted, SlotRef, SourceRef
from relay.sfu.media.layers import Layer
from relay.sfu.negotiation.agreement import Agreement
from relay.sfu.negotiation.offer import understand
from relay.sfu.session.layering import Layering
from relay.sfu.session.peer import Peer
from relay.sfu.session.streams import Streams
from tests.support.memory_forwarder import MemoryForwarder
from tests.support.offers import offer, section

KIOSK, SEAT = PeerId("kiosk"), PeerId("seat")
CAMERA = SourceRef(KIOSK, "camera")
SIMULCAST = "a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\na=rid:q send\na=rid:h send\na=rid:f send\na=simulcast:send q;h;f\n"


class House:
    """A kiosk with a camera of three encodings (or one), and a seat with two slots."""

    def __init__(self, extra: str = SIMULCAST) -> None:
        self.forwarder = MemoryForwarder()
        numbers = iter(range(1000, 2000))
        self.streams = Streams(self.forwarder, lambda: next(numbers))
        self.layering = Layering(self.forwarder, self.streams)
        self.kiosk = self.join(KIOSK, offer(section("0", extra=extra)), {"0": "camera"}, {})
        slots = offer(section("0", direction="recvonly"), section("1", direction="recvonly"))
        self.seat = self.join(SEAT, slots, {}, {"0": "camera", "1": "second"})
        self.track = self.kiosk.sources["camera"].handle
        self.slots = [self.seat.slots[name].handle for name in ("camera", "second")]

    def join(self, name: PeerId, text: str, sources: dict[str, str], slots: dict[str, str]) -> Peer:
        agreement = understand(text, sources, slots, frozenset({"VP8"}), max_bytes=65_536, max_sections=32)
        peer = peer_of(name, agreement, self.forwarder.add_peer())
        self.streams.apply(peer, 0)
        return peer

    def route(self, slot: str, source: SourceRef | None = CAMERA) -> None:
        self.streams.route(SlotRef(SEAT, slot), source, 0)

    def told(self, now: float) -> list[tuple[str, ...]]:
        events = self.layering.handle_tick(now)
        assert all(isinstance(event, EncodingsWanted) and event.source == CAMERA for event in events)
        return [event.rids for event in events]


def peer_of(name: PeerId, agreement: Agreement, handle: int) -> Peer:
    return Peer(name, handle, None, agreement, None, 1, 0.0)  # type: ignore[arg-type]


def test_selections_go_to_the_packet_path_once_and_within_the_limit() -> None:
    house = House()
    slot = house.slots[0]
    house.layering.select(slot, Layer(2, 1))
    house.forwarder.selected[slot] = (9, 9)
    house.layering.select(slot, Layer(2, 1))
    assert house.forwarder.selected[slot] == (9, 9), "nothing new"
    house.layering.limit(SlotRef(SEAT, "camera"), Layer(1, 3))
    assert house.forwarder.selected[slot] == (1, 1)
    house.layering.select(slot, Layer(-1, 0))
    assert house.forwarder.selected[slot] == (-1, 0)
    house.layering.select(slot, Layer(0, 2))
    assert house.forwarder.selected[slot] == (0, 2)


def test_a_source_that_nobody_watches_is_asked_for_its_smallest_picture_after_a_while() -> None:
    house = House()
    assert house.told(100.0) == []
    assert house.told(102.9) == []
    assert house.told(103.1) == [("q",)]
    assert house.told(200.0) == []
    house.route("camera")
    assert house.told(200.1) == [("q", "h", "f")], "at once"


def test_what_the_greediest_slot_may_have_is_wanted() -> None:
    house = House()
    house.route("camera")
    house.route("second")
    house.layering.select(house.slots[0], Layer(0, 3))
    assert house.told(0.0) == house.told(50.0) == []
    house.layering.select(house.slots[1], Layer(1, 3))
    assert house.told(100.0) == []
    assert house.told(103.0) == [("q", "h")]
    house.layering.select(house.slots[1], Layer(-1, 0))
    house.layering.select(house.slots[0], Layer(2, 0))
    assert house.told(103.1) == [("q", "h", "f")]
    house.layering.select(house.slots[0], Layer(0, 0))
    house.told(104.0)
    house.layering.select(house.slots[0], Layer(2, 0))
    assert house.told(105.0) == house.told(110.0) == [], "a short dip is not told"
    house.route("camera", None)
    house.told(111.0)
    assert house.told(114.0) == [("q",)]


def test_what_is_gone_is_forgotten() -> None:
    house = House()
    house.route("camera")
    house.layering.select(house.slots[0], Layer(0, 0))
    house.streams.remove_peer(house.kiosk)
    assert house.told(10.0) == house.told(20.0) == []
    house.kiosk.sources.clear()
    house.streams.apply(house.kiosk, 0)
    assert house.told(30.0) == []


def test_a_single_stream_has_no_encodings_to_name() -> None:
    house = House(extra="")
    house.route("camera")
    house.layering.select(house.slots[0], Layer(0, 0))
    assert house.told(0.0) == house.told(10.0) == []

from relay.ids import PeerId
from relay.sfu.session.events import SlotRef, SourceRef
from relay.sfu.session.routes import Connect, Disconnect, RouteTable

KIOSK, SEAT, OTHER = PeerId("kiosk"), PeerId("seat"), PeerId("other")
SLOT, SOURCE = SlotRef(SEAT, "camera"), SourceRef(KIOSK, "camera")


def test_a_route_wished_before_its_ends_exist_is_made_when_they_do() -> None:
    table = RouteTable()
    assert table.route(SLOT, SOURCE) == []
    assert table.add_slot(SLOT, 5) == []
    assert table.add_source(SOURCE, 9) == [Connect(slot=5, track=9)]


def test_what_feeds_a_slot_is_known_once_both_are_there() -> None:
    table = RouteTable()
    table.route(SLOT, SOURCE)
    assert table.track_into(SLOT) is None
    table.add_source(SOURCE, 9)
    assert table.track_into(SLOT) == 9
    assert table.track_into(SlotRef(OTHER, "camera")) is None


def test_switching_and_ending_a_route() -> None:
    table = RouteTable()
    table.add_slot(SLOT, 5)
    table.add_source(SOURCE, 9)
    table.add_source(SourceRef(OTHER, "camera"), 10)
    assert table.route(SLOT, SOURCE) == [Connect(5, 9)]
    assert table.route(SLOT, SOURCE) == []
    assert table.route(SLOT, SourceRef(OTHER, "camera")) == [Connect(5, 10)]
    assert table.route(SLOT, None) == [Disconnect(5)]
    assert table.route(SLOT, None) == []


def test_switching_to_a_source_that_is_not_there_yet_stops_the_old_one() -> None:
    table = RouteTable()
    table.add_slot(SLOT, 5)
    table.add_source(SOURCE, 9)
    table.route(SLOT, SOURCE)
    assert table.route(SLOT, SourceRef(OTHER, "screen")) == [Disconnect(5)]


def test_a_source_feeds_every_slot_that_wishes_it() -> None:
    table = RouteTable()
    for number in range(3):
        slot = SlotRef(PeerId(f"viewer-{number}"), "camera")
        table.add_slot(slot, number)
        table.route(slot, SOURCE)
    assert table.add_source(SOURCE, 9) == [Connect(0, 9), Connect(1, 9), Connect(2, 9)]


def test_a_source_that_returns_is_connected_again() -> None:
    table = RouteTable()
    table.add_slot(SLOT, 5)
    table.add_source(SOURCE, 9)
    table.route(SLOT, SOURCE)
    table.remove_source(SOURCE)
    assert table.add_source(SOURCE, 11) == [Connect(5, 11)]


def test_a_peer_leaves_nothing_behind() -> None:
    table = RouteTable()
    back = SlotRef(KIOSK, "camera")
    for slot, handle in ((SLOT, 5), (back, 6)):
        table.add_slot(slot, handle)
    table.add_source(SOURCE, 9)
    table.add_source(SourceRef(SEAT, "camera"), 10)
    table.route(SLOT, SOURCE)
    table.route(back, SourceRef(SEAT, "camera"))

    assert table.remove_peer(KIOSK) == [Disconnect(5)]
    assert table.source_of(SLOT) is None
    assert table.slots_of(SourceRef(SEAT, "camera")) == []
    assert table.add_source(SOURCE, 12) == []

"""What a peer is sent, by what it tells of its downlink."""

from relay.sfu.media.layers import Content, Layer
from relay.sfu.ports import ArrivalGroup, Downlink, Feedback, Kind
from relay.sfu.session.downlink import PeerDownlink, View
from tests.support.memory_forwarder import MemoryForwarder

PEER, SOUND, DOCUMENT, CAMERA = 1, 2, 3, 4
BEST, PAUSED = (3, 3), (-1, 0)


class RecordingForwarder(MemoryForwarder):
    """Keeps which layer each slot was told to forward."""

    def __init__(self) -> None:
        super().__init__()
        self.layers: list[tuple[int, tuple[int, int]]] = []

    def select_layer(self, slot: int, spatial: int, temporal: int) -> None:
        self.layers.append((slot, (spatial, temporal)))


class Seat:
    """A peer that sees a document and a face, and hears; its link carries `rate_bps`, and queues what is too much."""

    def __init__(self, camera: dict[Layer, int] | None = None) -> None:
        self.forwarder = RecordingForwarder()
        self.downlink = PeerDownlink(
            PEER, self.forwarder, lambda slot, layer: self.forwarder.select_layer(slot, *layer)
        )
        self.views = [
            View(SOUND, Kind.AUDIO, Content.MOTION, {Layer(0, 0): 40_000}),
            View(CAMERA, Kind.VIDEO, Content.MOTION, camera or {Layer(0, 0): 900_000}),
            View(DOCUMENT, Kind.VIDEO, Content.DETAIL, {Layer(0, 0): 300_000}),
        ]
        self.now = 1_700_000_000.0
        self.sent_bytes = 0
        self.queued_bits = 0.0

    def live(self, seconds: float, rate_bps: float) -> None:
        """Every 50 ms one feedback message, of what was allocated."""
        for _ in range(round(seconds / 0.05)):
            sending_bps = self.downlink.state().allocated_bps or 1_240_000
            groups = []
            for _ in range(5):
                self.now += 0.01
                size = max(int(sending_bps * 0.01 / 8), 50)
                self.sent_bytes += size
                self.queued_bits = max(self.queued_bits - rate_bps * 0.01, 0.0) + size * 8
                groups.append(ArrivalGroup(self.now, self.now + 0.02 + self.queued_bits / rate_bps, size))
            total = sum(each.size_bytes for each in groups)
            until_s = groups[-1].sent_s
            feedback = Feedback(tuple(groups), (), 5, total, 0, 0, total, until_s, until_s, 0)
            self.tell(Downlink(PEER, self.sent_bytes, int(self.queued_bits / 8), feedback, 0))
            self.follow()

    def follow(self) -> None:
        """Senders that follow send what there is room for, up to their full rate."""
        rooms = self.downlink.rooms_bps(self.views, self.now)
        for index, view in enumerate(self.views):
            if view.follows:
                full_bps = 900_000 if view.slot == CAMERA else 300_000
                self.views[index] = view._replace(rates_bps={Layer(0, 0): int(min(full_bps, rooms[view.sender]))})

    def tell(self, report: Downlink) -> None:
        self.downlink.handle_report(report, self.views, self.now)

    @property
    def layers(self) -> dict[int, tuple[int, int]]:
        return dict(self.forwarder.layers)


def test_a_peer_that_tells_nothing_gets_everything() -> None:
    seat = Seat()
    for _ in range(100):
        seat.now += 0.1
        seat.tell(Downlink(PEER, 1_000_000, 0, None, 0))
    assert seat.layers == {}
    state = seat.downlink.state()
    assert (state.state, state.available_bps, state.allocated_bps) == ("unknown", None, 1_240_000)
    assert seat.forwarder.paces == {}


def test_a_peer_that_never_answers_is_held_back_for_a_second_only() -> None:
    seat = Seat()
    paces = []
    for in_flight_bytes in (0, 30_000, 90_000, 150_000, 400_000, 600_000, 800_000):
        seat.tell(Downlink(PEER, in_flight_bytes, in_flight_bytes, None, 0))
        paces.append(seat.forwarder.paces.get(PEER))
        seat.now += 0.25
    assert paces[0] == paces[1] == paces[4] == 5_000_000, "also what leaves before the first look is held back"
    assert paces[6] == 0


def test_a_link_that_carries_it_all_is_left_alone() -> None:
    seat = Seat()
    seat.live(10.0, 20e6)
    assert seat.layers == {}
    assert seat.downlink.state().state == "open"
    assert seat.forwarder.paces[PEER] > 2 * 1_240_000


def test_a_link_that_carries_it_all_settles_and_another_does_not() -> None:
    seat = Seat()
    seat.live(10.0, 20e6)
    assert seat.forwarder.settled == {PEER: True}
    seat.live(1.0, 700_000)
    assert seat.forwarder.settled == {PEER: False}


def test_a_link_that_does_not_loses_the_face_first_and_never_the_voice() -> None:
    seat = Seat()
    seat.live(10.0, 700_000)
    assert seat.layers == {CAMERA: PAUSED}
    state = seat.downlink.state()
    assert (state.state, state.paused_slots, state.allocated_bps) == ("limited", 1, 340_000)
    seat.live(10.0, 150_000)
    assert seat.layers == {CAMERA: PAUSED, DOCUMENT: PAUSED}
    assert seat.downlink.state().allocated_bps == 40_000


def test_it_happens_soon() -> None:
    seat = Seat()
    seat.live(1.5, 700_000)
    assert seat.layers == {CAMERA: PAUSED}


def test_of_several_layers_one_that_fits_is_chosen() -> None:
    seat = Seat({Layer(0, 0): 150_000, Layer(1, 0): 500_000, Layer(2, 0): 1_500_000})
    seat.live(10.0, 700_000)
    assert seat.layers[CAMERA] == (0, 0)


def test_what_is_paused_is_probed_for() -> None:
    seat = Seat()
    seat.live(10.0, 700_000)
    assert {peer for peer, _ in seat.forwarder.probes} == {PEER}


def test_a_choice_is_told_once() -> None:
    seat = Seat()
    seat.live(20.0, 700_000)
    assert len(seat.forwarder.layers) <= 3


def test_what_is_not_measured_yet_is_not_withheld() -> None:
    seat = Seat()
    seat.views[1] = View(CAMERA, Kind.VIDEO, Content.MOTION, {})
    seat.live(3.0, 700_000)
    assert seat.layers == {}


def test_an_estimate_of_the_receiver_counts_where_there_is_no_feedback() -> None:
    seat = Seat()
    for _ in range(80):
        seat.now += 0.1
        seat.sent_bytes += 15_500
        seat.tell(Downlink(PEER, seat.sent_bytes, 0, None, 600_000))
    assert seat.layers == {CAMERA: PAUSED}
    assert seat.downlink.state().available_bps == 600_000


def test_an_estimate_that_is_not_renewed_is_let_go() -> None:
    seat = Seat()
    for remb_bps in [600_000] * 80 + [0] * 80:
        seat.now += 0.1
        seat.sent_bytes += 15_500
        seat.tell(Downlink(PEER, seat.sent_bytes, 0, None, remb_bps))
    assert seat.layers == {CAMERA: BEST}


def test_slots_that_go_are_forgotten() -> None:
    seat = Seat()
    seat.live(10.0, 700_000)
    seat.views = seat.views[:1]
    seat.live(0.1, 700_000)
    assert seat.downlink.state().paused_slots == 0


def elastic(seat: Seat, *, follows: bool = True, bound: bool = False) -> None:
    """Both pictures are of senders that can be told: 7 the camera, 8 the document."""
    seat.views[1] = seat.views[1]._replace(sender=7, follows=follows, bound=bound)
    seat.views[2] = seat.views[2]._replace(sender=8, follows=follows, bound=bound)


def test_a_picture_whose_sender_follows_is_not_paused() -> None:
    seat = Seat()
    elastic(seat)
    seat.live(10.0, 700_000)
    assert seat.layers == {}
    assert sum(max(view.rates_bps.values()) for view in seat.views) > 500_000, "and the link is used"
    elastic(seat, follows=False)
    seat.views[1] = seat.views[1]._replace(rates_bps={Layer(0, 0): 900_000})
    seat.live(5.0, 700_000)
    assert seat.layers == {CAMERA: PAUSED}


def test_it_is_where_the_link_carries_next_to_nothing_and_the_document_last() -> None:
    seat = Seat()
    elastic(seat)
    seat.live(10.0, 110_000)
    assert (seat.layers[CAMERA], seat.layers.get(DOCUMENT, BEST)) == (PAUSED, BEST)


def test_a_sender_has_the_room_that_others_leave_or_an_equal_share() -> None:
    seat = Seat()
    elastic(seat)
    assert set(seat.downlink.rooms_bps(seat.views, seat.now).values()) == {float("inf")}
    seat.live(10.0, 700_000)
    rooms = seat.downlink.rooms_bps(seat.views, seat.now)
    state = seat.downlink.state()
    assert rooms.keys() == {7, 8}
    assert all(100_000 < room < 700_000 for room in rooms.values())
    assert state.state == "open"


def test_what_a_bound_sender_would_send_is_probed_for() -> None:
    seat = Seat()
    elastic(seat)
    seat.live(10.0, 20e6)
    probes = len(seat.forwarder.probes)
    seat.live(10.0, 20e6)
    assert len(seat.forwarder.probes) == probes, "nobody needs more"
    elastic(seat, bound=True)
    seat.live(10.0, 20e6)
    assert len(seat.forwarder.probes) > probes
    assert seat.downlink.state().state == "limited"

"""Senders are told what the downlinks of their receivers have room for."""

from relay.ids import PeerId
from relay.sfu.session.sender_caps import SenderCaps
from relay.sfu.wire.rtcp import compound
from relay.sfu.wire.rtcp.remb import Remb
from tests.unit.sfu.session.test_layering import SIMULCAST, House

A, B = 901, 902


class Office(House):
    """One camera, and receivers by number."""

    def __init__(self, extra: str = "") -> None:
        super().__init__(extra)
        self.caps = SenderCaps(self.forwarder, self.streams)
        self.forwarder.tracks[self.track] = 0x1234

    def tick(self, now: float, **rooms: float) -> list[int]:
        """The rates told at this moment."""
        for name, room_bps in rooms.items():
            self.caps.handle_room(self.kiosk, {"a": A, "b": B}[name], room_bps, now)
        before = len(self.forwarder.rtcp)
        self.caps.handle_tick(now)
        told = []
        for peer, packet in self.forwarder.rtcp[before:]:
            assert peer == self.kiosk.handle
            remb = compound.parse(packet)[1]
            assert isinstance(remb, Remb)
            assert remb.ssrcs == (0x1234,)
            told.append(remb.bitrate_bps)
        return told


def test_the_slowest_receiver_counts_and_one_that_is_gone_does_not() -> None:
    office = Office()
    assert office.tick(10.0, a=800_000, b=500_000) == [500_000]
    office.caps.remove(B)
    assert office.tick(10.2, a=800_000)[0] > 790_000


def test_what_is_not_renewed_is_forgotten() -> None:
    office = Office()
    assert office.tick(10.0, a=800_000, b=500_000)
    assert office.tick(10.9, a=800_000) == []
    assert office.tick(11.1, a=800_000)[0] > 790_000


def test_of_layers_the_fastest_receiver_gets_what_it_takes() -> None:
    office = Office(SIMULCAST)
    assert office.tick(10.0, a=800_000, b=500_000)[0] > 790_000


def test_a_source_that_goes_through_a_pipe_is_not_bound() -> None:
    office = Office()
    office.route("camera")
    assert office.tick(10.0, a=500_000)
    stream = office.seat.slots["camera"]
    office.streams._slot_owner[stream.handle] = (Stranger(), stream)  # type: ignore[assignment]
    assert office.tick(11.0, a=500_000)[0] > 40_000_000


def test_one_that_does_not_follow_is_known_by_what_it_sends() -> None:
    office = Office()
    for step in range(20):
        now = 10.0 + 0.25 * step
        office.forwarder.track_bytes[office.track] = 30_000 * step
        office.tick(now, a=500_000)
    assert not office.caps.follows(office.kiosk.handle, now)
    assert office.caps.binds(office.kiosk.handle)
    office.caps.remove(office.kiosk.handle)
    assert office.caps.follows(office.kiosk.handle, now)


class Stranger:
    """The end of a pipe."""

    id = PeerId("pipe")
    handle = 999

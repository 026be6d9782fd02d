"""Changes between batches: addresses, routes, and what is left of whoever leaves."""

import pytest

from relay.sfu.ports import NoticeKind
from tests.support.media_bench import Bench, Client
from tests.support.packets import rtp, vp8


def connected(bench: Bench) -> tuple[Client, Client, int, int]:
    kiosk, seat = bench.client().join(), bench.client().join()
    track, slot = kiosk.track(), seat.slot()
    bench.forwarder.connect(slot, track)
    return kiosk, seat, track, slot


def test_a_new_path_is_used_and_the_old_address_still_heard(bench: Bench) -> None:
    kiosk, seat, _, _ = connected(bench)
    kiosk.send(rtp(1, payload=vp8(keyframe=True)))
    bench.pump(1)
    assert len(seat.take()) == 1
    bench.notices()
    before, after = seat.socket, seat.open_socket()
    bench.forwarder.set_path(seat.peer, after.getsockname())
    assert bench.notices() == [], "a stream that flows needs no keyframe for a new path"
    kiosk.send(rtp(2, payload=vp8()))
    bench.pump(1)
    assert seat.datagrams() == []
    seat.socket = after
    assert len(seat.take()) == 1
    seat.track(0x5555)
    seat.send(rtp(1, ssrc=0x5555), via=before)
    assert bench.pump(1) == [], "no stray: the address is one of the seat's own"
    assert bench.drops() == {}


def test_eight_addresses_are_remembered_and_the_oldest_forgotten(bench: Bench) -> None:
    kiosk = bench.client().join()
    track = kiosk.track()
    sockets = [kiosk.socket] + [kiosk.open_socket() for _ in range(8)]
    for each in sockets[1:]:
        bench.forwarder.set_path(kiosk.peer, each.getsockname())
    kiosk.send(rtp(1), via=sockets[1])
    assert bench.pump(1) == []
    kiosk.send(rtp(2), via=sockets[0])
    assert [arrival.address for arrival in bench.pump(1)] == [sockets[0].getsockname()], "the oldest is a stray's now"
    assert bench.forwarder.track_stats(track).packets == 2


def test_the_same_path_again_changes_nothing(bench: Bench) -> None:
    kiosk = bench.client().join()
    kiosk.track()
    for _ in range(20):
        bench.forwarder.set_path(kiosk.peer, kiosk.address)
    kiosk.send(rtp(1))
    assert bench.pump(1) == []
    assert bench.drops() == {}


def test_an_address_that_changes_hands_is_no_path_for_its_former_owner(bench: Bench) -> None:
    kiosk, seat, _, _ = connected(bench)
    heir = bench.client().join()
    bench.forwarder.set_path(heir.peer, seat.address)
    kiosk.send(rtp(1, payload=vp8(keyframe=True)))
    bench.pump(1)
    assert seat.datagrams() == []
    assert bench.drops() == {"no_path": 1}


def test_a_slot_gets_nothing_after_disconnect_or_when_its_source_is_removed(bench: Bench) -> None:
    kiosk, seat, track, slot = connected(bench)
    kiosk.send(rtp(1, payload=vp8(keyframe=True)))
    bench.pump(1)
    bench.forwarder.disconnect(slot)
    kiosk.send(rtp(2, payload=vp8(keyframe=True)))
    bench.pump(1)
    bench.forwarder.connect(slot, track)
    kiosk.send(rtp(3, payload=vp8(keyframe=True)))
    bench.pump(1)
    bench.forwarder.remove_track(track)
    kiosk.send(rtp(4, payload=vp8(keyframe=True)))
    bench.pump(1)
    numbers = [each.sequence for each in seat.take()]
    assert numbers == [numbers[0], numbers[0] + 2], "one number is left out: the first frame had no end"
    bench.forwarder.disconnect(slot)


def test_connecting_again_to_the_same_track_is_no_switch(bench: Bench) -> None:
    kiosk, seat, track, slot = connected(bench)
    kiosk.send(rtp(1, payload=vp8(keyframe=True)))
    bench.pump(1)
    bench.notices()
    bench.forwarder.connect(slot, track)
    assert bench.notices() == []
    kiosk.send(rtp(2, payload=vp8()))
    bench.pump(1)
    assert len(seat.take()) == 2


def test_a_slot_starts_anew_with_each_source(bench: Bench) -> None:
    kiosk, seat, _, slot = connected(bench)
    other = bench.client().join()
    second = other.track(0x8888)
    kiosk.send(rtp(1, payload=vp8(keyframe=True)))
    bench.pump(1)
    assert bench.forwarder.slot_stats(slot).first_packet_ns > 0
    bench.forwarder.connect(slot, second)
    assert bench.forwarder.slot_stats(slot).first_packet_ns == 0
    bench.notices()
    other.send(rtp(1, ssrc=0x8888, payload=vp8(keyframe=True)))
    kiosk.send(rtp(2, payload=vp8(keyframe=True)))
    bench.pump(2)
    assert (NoticeKind.SLOT_STARTED, slot) in bench.notices()
    assert len(seat.take()) == 2


def test_whoever_is_removed_leaves_nothing_behind(bench: Bench) -> None:
    forwarder = bench.forwarder
    kiosk, seat, _, _ = connected(bench)
    for _ in range(2000):
        client = Client.__new__(Client)
        client.bench, client.peer = bench, forwarder.add_peer()
        forwarder.set_path(client.peer, ("192.0.2.1", 1024 + client.peer % 60000))
        track, slot = client.track(0x1111, 0x4444), client.slot(0x2222, 0x3333)
        forwarder.connect(slot, kiosk_track := kiosk.track(0x9999))
        forwarder.connect(client.slot(0x2223), track)
        forwarder.remove_track(kiosk_track)
        forwarder.remove_peer(client.peer)
    kiosk.send(rtp(1, payload=vp8(keyframe=True)))
    bench.pump(1)
    assert len(seat.take()) == 1


@pytest.mark.parametrize("leaver", ["kiosk", "seat"])
def test_a_peer_that_leaves_is_a_stranger_at_once(bench: Bench, leaver: str) -> None:
    kiosk, seat, _, _ = connected(bench)
    kiosk.send(rtp(1, payload=vp8(keyframe=True)))
    bench.pump(1)
    bench.forwarder.remove_peer((kiosk if leaver == "kiosk" else seat).peer)
    kiosk.send(rtp(2, payload=vp8()))
    bench.pump(1)
    assert len(seat.take()) == 1
    assert bench.drops() == ({"unknown_address": 1} if leaver == "kiosk" else {})


def test_notices_about_what_is_gone_are_not_told(bench: Bench) -> None:
    _, _, track, _ = connected(bench)
    bench.forwarder.remove_track(track)
    assert bench.notices() == []

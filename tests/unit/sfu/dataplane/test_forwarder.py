"""Handles, limits, and misuse."""

from collections.abc import Callable

import pytest

from relay.sfu.dataplane import Forwarder
from relay.sfu.ports import CodecFamily, Kind, Payload
from tests.support.media_bench import GCM, KEY_BYTES, VP8, Bench
from tests.support.packets import rtp, vp8


@pytest.fixture
def forwarder() -> Forwarder:
    return Forwarder(max_peers=3, max_tracks=4, max_slots=5)


def track_of(forwarder: Forwarder, peer: int, ssrc: int = 0) -> int:
    return forwarder.add_track(peer, Kind.VIDEO, b"", ssrc, 0, VP8)


def test_limits_hold_and_what_is_removed_makes_room(forwarder: Forwarder) -> None:
    peers = [forwarder.add_peer() for _ in range(3)]
    with pytest.raises(MemoryError, match="peers"):
        forwarder.add_peer()
    tracks = [track_of(forwarder, peers[0]) for _ in range(4)]
    with pytest.raises(MemoryError, match="tracks"):
        track_of(forwarder, peers[1])
    slots = [forwarder.add_slot(peers[1], Kind.VIDEO, ssrc, 0, VP8) for ssrc in range(1, 6)]
    with pytest.raises(MemoryError, match="slots"):
        forwarder.add_slot(peers[2], Kind.VIDEO, 9, 0, VP8)
    forwarder.remove_track(tracks[0])
    forwarder.remove_slot(slots[0])
    forwarder.remove_peer(peers[2])
    forwarder.add_peer()
    track_of(forwarder, peers[1])
    forwarder.add_slot(peers[1], Kind.VIDEO, 6, 0, VP8)


def test_stale_and_foreign_handles_are_refused(forwarder: Forwarder) -> None:
    peer = forwarder.add_peer()
    track, slot = track_of(forwarder, peer), forwarder.add_slot(peer, Kind.VIDEO, 1, 0, VP8)
    for stale in (track, slot, -1, 0, 1, 2**62):
        with pytest.raises(KeyError):
            forwarder.remove_peer(stale)
    with pytest.raises(KeyError):
        forwarder.connect(track, slot)
    forwarder.remove_peer(peer)
    assert forwarder.add_peer() != peer
    for call, handle in [
        (forwarder.remove_peer, peer),
        (forwarder.remove_track, track),
        (forwarder.track_stats, track),
        (forwarder.track_ssrc, track),
        (forwarder.remove_slot, slot),
        (forwarder.disconnect, slot),
        (forwarder.slot_stats, slot),
    ]:
        with pytest.raises(KeyError):
            call(handle)


@pytest.mark.parametrize(
    "payloads",
    [
        [],
        VP8 * 33,
        [Payload(1, CodecFamily.VP8, 128, -1, 90_000)],
        [Payload(1, CodecFamily.VP8, 96, 128, 90_000)],
        [Payload(1, CodecFamily.VP8, 96, -2, 90_000)],
        [Payload(1, CodecFamily.VP8, 96, -1, 0)],
    ],
)
def test_payload_types_that_cannot_be_are_refused(forwarder: Forwarder, payloads: list[Payload]) -> None:
    peer = forwarder.add_peer()
    with pytest.raises(ValueError, match="payload type"):
        forwarder.add_track(peer, Kind.VIDEO, b"", 1, 0, payloads)
    with pytest.raises(ValueError, match="payload type"):
        forwarder.add_slot(peer, Kind.VIDEO, 1, 0, payloads)


def test_an_ssrc_belongs_to_one_stream_of_a_peer_and_direction(forwarder: Forwarder) -> None:
    peer, other = forwarder.add_peer(), forwarder.add_peer()
    forwarder.add_track(peer, Kind.VIDEO, b"", 1, 2, VP8)
    for ssrc, rtx_ssrc in [(1, 0), (2, 0), (3, 1), (4, 4)]:
        with pytest.raises(ValueError, match="SSRC"):
            forwarder.add_track(peer, Kind.VIDEO, b"", ssrc, rtx_ssrc, VP8)
    forwarder.add_slot(peer, Kind.VIDEO, 1, 2, VP8)
    with pytest.raises(ValueError, match="SSRC"):
        forwarder.add_slot(peer, Kind.VIDEO, 2, 0, VP8)
    forwarder.add_track(other, Kind.VIDEO, b"", 1, 2, VP8)


def test_an_ssrc_is_never_used_twice_under_one_key(forwarder: Forwarder) -> None:
    peer = forwarder.add_peer()
    forwarder.remove_slot(forwarder.add_slot(peer, Kind.VIDEO, 1, 2, VP8))
    for ssrc in (1, 2):
        with pytest.raises(ValueError, match="twice under one key"):
            forwarder.add_slot(peer, Kind.VIDEO, ssrc, 0, VP8)
    with pytest.raises(ValueError, match="needs an SSRC"):
        forwarder.add_slot(peer, Kind.VIDEO, 0, 0, VP8)


@pytest.mark.parametrize(
    ("profile", "receive", "send"),
    [(0x0002 + 1, 30, 30), (GCM, 27, 28), (GCM, 28, 27), (0, 64, 64)],
)
def test_keys_that_do_not_fit_are_refused(forwarder: Forwarder, profile: int, receive: int, send: int) -> None:
    with pytest.raises(ValueError, match=r"profile|key must"):
        forwarder.set_keys(forwarder.add_peer(), profile, bytes(receive), bytes(send))


def test_every_profile_of_dtls_srtp_is_known(forwarder: Forwarder) -> None:
    peer = forwarder.add_peer()
    for profile, size in KEY_BYTES.items():
        forwarder.set_keys(peer, profile, bytes(size), bytes(size))


@pytest.mark.parametrize("address", [("localhost", 9), ("1.2.3", 9), ("1.2.3.4", 0), ("::1", 65536), ("", 9)])
def test_addresses_are_numbers(forwarder: Forwarder, address: tuple[str, int]) -> None:
    with pytest.raises(ValueError, match=r"IPv4|port"):
        forwarder.set_path(forwarder.add_peer(), address)


def test_extension_ids_are_those_of_rfc_8285(forwarder: Forwarder) -> None:
    peer = forwarder.add_peer()
    for ids in ({0: 1}, {16: 1}, {1: 0}, {1: 256}):
        with pytest.raises(ValueError, match="extension"):
            forwarder.set_extensions(peer, ids)


def test_nothing_is_pumped_without_a_socket(forwarder: Forwarder) -> None:
    for call in (forwarder.pump, lambda: forwarder.transmit(b"", ("1.2.3.4", 5))):
        with pytest.raises(RuntimeError, match="attach"):
            call()
    with pytest.raises(RuntimeError, match="attach"):
        forwarder.set_path(forwarder.add_peer(), ("1.2.3.4", 5))
    forwarder.tick(0)
    with pytest.raises(OSError, match="descriptor"):
        forwarder.attach(1 << 20)


@pytest.mark.parametrize("compound", [b"", bytes(7), bytes(1457)])
def test_rtcp_that_does_not_fit_a_datagram_is_refused(forwarder: Forwarder, compound: bytes) -> None:
    with pytest.raises(ValueError, match="bytes"):
        forwarder.transmit_rtcp(forwarder.add_peer(), compound)


def test_rtcp_waits_for_path_and_keys(bench: Bench) -> None:
    seat = bench.client()
    report = bytes([0x80, 201, 0, 1, 0, 0, 0, 1])
    assert not bench.forwarder.transmit_rtcp(seat.peer, report)
    seat.join()
    assert bench.forwarder.transmit_rtcp(seat.peer, report)
    assert seat.take_rtcp() == [report]


def test_the_family_of_the_socket_limits_whom_it_reaches(bench: Bench) -> None:
    assert not bench.forwarder.transmit(b"stun", ("2001:db8::1", 9))


@pytest.mark.parametrize("limit", ["max_peers", "max_tracks", "max_slots", "queue_packets"])
def test_limits_are_positive(limit: str) -> None:
    with pytest.raises(ValueError, match="limit"):
        Forwarder(**{limit: 0})


def test_without_memory_for_history_media_flows_and_nacks_go_unanswered(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(history_bytes=0)
    kiosk, seat = bench.client().join(), bench.client().join()
    bench.forwarder.connect(seat.slot(), kiosk.track())
    kiosk.send(*(rtp(n, payload=vp8(keyframe=True)) for n in range(200)))
    bench.pump(200)
    assert bench.count("packets_out") >= 200

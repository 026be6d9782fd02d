"""Peers behind TCP connections: the same packets, in frames; a slow reader loses packets and holds up nobody."""

import select
import socket
from collections.abc import Callable

import pytest

from relay.sfu.ports import ArrivalKind, NoticeKind
from tests.support.media_bench import PATIENCE_S, Bench
from tests.support.packets import rtp, vp8

STUN = bytes.fromhex("000100002112a442") + bytes(12)


def test_media_goes_from_tcp_to_tcp_and_udp(bench: Bench) -> None:
    kiosk, seat, colleague = bench.tcp_client().join(), bench.tcp_client().join(), bench.client().join()
    track = kiosk.track()
    for each in (seat, colleague):
        bench.forwarder.connect(each.slot(), track)
    kiosk.send(*(rtp(n, payload=vp8(keyframe=True, body=bytes([n]) * 1000)) for n in range(100)))
    kiosk.pump(100)
    over_tcp, over_udp = seat.take(), colleague.take()
    assert [each.payload[-1] for each in over_tcp] == list(range(100))
    assert [each.payload for each in over_tcp] == [each.payload for each in over_udp]
    assert bench.drops() == {}
    assert bench.count("packets_out") == 200


def test_what_is_not_media_names_the_connection_and_is_answered_over_it(bench: Bench) -> None:
    stranger = bench.tcp_client()
    stranger.send_raw(STUN)
    (arrival,) = stranger.pump(1)
    assert (arrival.kind, arrival.peer, arrival.data) == (ArrivalKind.STUN, -1, STUN)
    assert arrival.address == stranger.seen
    assert arrival.address[:2] == stranger.socket.getsockname()
    assert bench.forwarder.transmit(b"answer", arrival.address)
    assert stranger.datagrams() == [b"answer"]


def test_frames_come_in_pieces(bench: Bench) -> None:
    kiosk, seat = bench.tcp_client().join(), bench.client().join()
    bench.forwarder.connect(seat.slot(), kiosk.track())
    packet = kiosk.outbound.protect(rtp(1, payload=vp8(keyframe=True)))
    framed = len(packet).to_bytes(2, "big") + packet
    for byte in framed[:-1]:
        kiosk.socket.sendall(bytes([byte]))
        assert bench.forwarder.pump_connection(kiosk.seen[2]) == []
    assert seat.take() == []
    kiosk.socket.sendall(framed[-1:])
    kiosk.pump(1)
    assert len(seat.take()) == 1


def test_a_frame_too_long_is_passed_over_and_counted(bench: Bench) -> None:
    stranger = bench.tcp_client()
    stranger.send_raw(bytes(60_000), STUN)
    assert [each.data for each in stranger.pump(1)] == [STUN]
    assert bench.drops() == {"cut": 1}


def test_a_slow_reader_loses_whole_packets_and_holds_up_nobody(bench: Bench) -> None:
    kiosk, slow, seat = bench.client().join(), bench.tcp_client(), bench.client().join()
    slow.far.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 14)
    slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 14)
    slow.join()
    track = kiosk.track()
    for each in (slow, seat):
        bench.forwarder.connect(each.slot(), track)
    seen = 0
    for first in range(0, 2000, 50):
        kiosk.send(*(rtp(n, payload=vp8(keyframe=True, body=bytes(1000))) for n in range(first, first + 50)))
        bench.pump(50)
        seen += len(seat.take())
    assert seen == 2000
    lost = bench.drops()["connection_full"]
    assert 1000 < lost < 2000
    assert bench.drops() == {"connection_full": lost}
    assert bench.count("send_blocked") < 5
    # It reads on: nothing is cut in two, and what left is all there.
    arrived = []
    while len(arrived) < 2000 - lost:
        bench.tick()
        assert select.select([slow.socket], [], [], PATIENCE_S)[0], "the stream has stopped"
        arrived += slow.take()
    bench.tick()
    kiosk.send(rtp(2001, payload=vp8(keyframe=True)))
    bench.pump(1)
    assert len(slow.take()) == 1


def test_a_connection_that_ends_leaves_its_peer_without_path(bench: Bench) -> None:
    kiosk, seat = bench.client().join(), bench.tcp_client().join()
    bench.forwarder.connect(seat.slot(), kiosk.track())
    seat.socket.close()
    with pytest.raises(EOFError):
        seat.pump(1)
    bench.forwarder.close_connection(seat.seen[2])
    kiosk.send(rtp(1, payload=vp8(keyframe=True)))
    bench.pump(1)
    assert bench.drops() == {"no_path": 1}
    with pytest.raises(KeyError):
        bench.forwarder.close_connection(seat.seen[2])
    assert not bench.forwarder.transmit(b"stun", seat.seen)


def test_a_connection_reset_while_it_is_written_to_is_no_error(bench: Bench) -> None:
    kiosk, seat = bench.client().join(), bench.tcp_client().join()
    bench.forwarder.connect(seat.slot(), kiosk.track())
    seat.socket.close()
    for n in range(20):
        kiosk.send(rtp(n, payload=vp8(keyframe=True)))
        bench.pump(1)
    bench.forwarder.close_connection(seat.seen[2])


def test_the_next_connection_in_a_row_is_another(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(max_connections=1)
    first = bench.tcp_client()
    with pytest.raises(MemoryError):
        bench.forwarder.open_connection(first.far.fileno())
    bench.forwarder.close_connection(first.seen[2])
    second = bench.tcp_client()
    assert second.seen[2] != first.seen[2]
    assert not bench.forwarder.transmit(b"stun", first.seen)
    assert bench.forwarder.transmit(b"stun", second.seen)


def test_a_peer_whose_connection_ended_goes_on_at_another_path_without_a_gap(bench: Bench) -> None:
    kiosk, seat = bench.client().join(), bench.tcp_client().join()
    track = kiosk.track()
    bench.forwarder.connect(seat.slot(), track)
    kiosk.send(rtp(1, payload=vp8(keyframe=True), marker=True))
    bench.pump(1)
    (before,) = seat.take()
    bench.forwarder.close_connection(seat.seen[2])
    kiosk.send(rtp(2, payload=vp8(keyframe=True)))
    bench.pump(1)
    assert seat.datagrams() == []
    assert bench.drops() == {"no_path": 1}
    bench.notices()
    seat.socket = seat.open_socket()
    bench.forwarder.set_path(seat.peer, seat.seen)
    assert bench.notices() == [(NoticeKind.KEYFRAME_WANTED, track)]
    kiosk.send(rtp(3, payload=vp8()), rtp(4, payload=vp8(keyframe=True)))
    bench.pump(2)
    (after,) = seat.take()
    assert after.sequence == before.sequence + 1


def test_what_is_not_connected_is_an_error_of_the_caller(bench: Bench) -> None:
    with socket.socket() as unconnected, pytest.raises(OSError, match="not connected"):
        bench.forwarder.open_connection(unconnected.fileno())

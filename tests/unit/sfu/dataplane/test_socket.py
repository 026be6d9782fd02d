"""Batches, segmentation, and a network that refuses."""

import contextlib
import os
import select
import socket
from collections.abc import Callable, Iterator

import pytest

from tests.support.media_bench import Bench, Client
from tests.support.packets import read_nacks, rtp, vp8

SO_NO_CHECK = 11
IP_RECVERR = 11


def frame(size: int, packets: int, first: int = 0) -> list[bytes]:
    """A video frame: packets of equal size, and a shorter last one."""
    bodies = [bytes([n]) * size for n in range(packets - 1)] + [b"end"]
    return [rtp(first + n, payload=vp8(keyframe=True, body=body)) for n, body in enumerate(bodies)]


def seats_of(bench: Bench, kiosk: Client, count: int) -> list[Client]:
    track = kiosk.track()
    seats = [bench.client().join() for _ in range(count)]
    for seat in seats:
        bench.forwarder.connect(seat.slot(), track)
    return seats


def test_a_frame_to_one_peer_is_one_message_and_all_peers_are_one_call(bench: Bench) -> None:
    kiosk = bench.client().join()
    seats = seats_of(bench, kiosk, 3)
    kiosk.send(*frame(1000, 10))
    bench.pump(10)
    assert [len(seat.take()) for seat in seats] == [10, 10, 10]
    assert (bench.count("messages_out"), bench.count("send_calls")) == (3, 1)


@pytest.mark.parametrize(
    ("sizes", "messages"),
    [
        ([1000], 1),
        ([1000, 1000, 1000], 1),
        ([1000, 1000, 500], 1),  # the last segment may be shorter
        ([1000, 500, 500], 2),
        ([500, 1000], 2),
        ([500, 1000, 500], 2),
        ([1100] * 60, 2),  # 65,000 bytes
        ([50] * 64, 1),
        ([300, 200, 100], 2),
    ],
)
def test_only_equal_lengths_are_segments_of_one_message(bench: Bench, sizes: list[int], messages: int) -> None:
    kiosk = bench.client().join()
    (seat,) = seats_of(bench, kiosk, 1)
    kiosk.send(*(rtp(n, payload=vp8(keyframe=True, body=bytes(size))) for n, size in enumerate(sizes)))
    bench.pump(len(sizes))
    assert [len(each.payload) - 2 for each in seat.take()] == sizes
    assert bench.count("messages_out") == messages


def test_a_message_has_no_more_segments_than_kernels_take(bench: Bench) -> None:
    kiosk, seat = bench.client().join(), bench.client().join()
    track = kiosk.track()
    for ssrc in (0x2222, 0x2223):
        bench.forwarder.connect(seat.slot(ssrc), track)
    kiosk.send(*(rtp(n, payload=vp8(keyframe=True)) for n in range(40)))
    bench.forwarder.pump()
    assert len(seat.take()) == 80
    assert bench.count("messages_out") == 2


def test_more_than_the_queue_holds_is_sent_in_several_calls(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(queue_packets=7)
    kiosk = bench.client().join()
    seats = seats_of(bench, kiosk, 4)
    kiosk.send(*frame(100, 40))
    bench.pump(40)
    assert [len(seat.take()) for seat in seats] == [40] * 4
    assert bench.drops() == {}


@pytest.mark.skipif(
    not hasattr(socket, "SO_REUSEPORT") or os.uname().sysname != "Linux", reason="UDP_SEGMENT is Linux's"
)
def test_a_kernel_that_does_not_segment_gets_single_packets_for_good(bench: Bench) -> None:
    """Without checksums the kernel cannot segment: it answers EINVAL, as old kernels and some network devices do."""
    bench.socket.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, 1)
    kiosk = bench.client().join()
    seats = seats_of(bench, kiosk, 2)
    for first in (0, 10):
        kiosk.send(*frame(1000, 10, first))
        bench.pump(10)
    assert [[each.payload[2] for each in seat.take()] for seat in seats] == [[*range(9), ord("e")] * 2] * 2
    assert bench.count("segmentation_refused") >= 1
    assert bench.drops() == {}
    before = bench.count("segmentation_refused")
    kiosk.send(*frame(1000, 10, 20))
    bench.pump(10)
    assert bench.count("segmentation_refused") == before


@pytest.mark.parametrize("unreachable", ["255.255.255.255", "192.0.2.1"], ids=["EACCES", "EINVAL"])
def test_an_address_that_cannot_be_reached_costs_only_its_own_packets(bench: Bench, unreachable: str) -> None:
    """Even if the error is the one by which a kernel says that it does not segment."""
    kiosk = bench.client().join()
    gone, seat = seats_of(bench, kiosk, 2)
    bench.forwarder.set_path(gone.peer, (unreachable, 9))
    for first in (0, 10):
        kiosk.send(*frame(1000, 10, first))
        bench.pump(10)
    assert len(seat.take()) == 20
    assert bench.drops() == {"send_refused": 20}
    assert bench.count("segmentation_refused") == 0
    assert bench.count("messages_out") == 2


@pytest.mark.skipif(os.uname().sysname != "Linux", reason="IP_RECVERR is Linux's")
def test_icmp_errors_do_not_stop_the_loop(bench: Bench) -> None:
    bench.socket.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
    kiosk = bench.client().join()
    gone, seat = seats_of(bench, kiosk, 2)
    gone.socket.close()
    for first in range(0, 50, 10):
        kiosk.send(*frame(200, 10, first))
        bench.pump(10)
    assert len(seat.take()) == 50


@pytest.fixture
def stuffed() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A socket that takes no more, and its other end. TCP, because UDP never blocks on loopback; what the other end writes is
    received as a datagram of whoever sent the last one, since TCP names no sender."""
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as near,
        server.accept()[0] as far,
    ):
        near.setblocking(False)
        near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 14)
        far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 14)
        for size in (1 << 16, 1):
            with contextlib.suppress(BlockingIOError):
                while near.send(bytes(size)):
                    pass
        yield near, far


def test_what_a_full_socket_does_not_take_waits_for_the_next_tick(
    bench: Bench, stuffed: tuple[socket.socket, socket.socket]
) -> None:
    kiosk = bench.client().join()
    seats_of(bench, kiosk, 1)
    kiosk.send(rtp(1, payload=vp8(keyframe=True)), rtp(3, payload=vp8()))
    bench.pump(2)
    bench.forwarder.attach(stuffed[0].fileno())
    bench.tick(later_ms=15)
    assert bench.count("send_blocked") == 1
    assert not bench.forwarder.transmit(b"stun", kiosk.address)
    assert not bench.forwarder.transmit_rtcp(kiosk.peer, bytes([0x80, 201, 0, 1, 0, 0, 0, 1]))
    assert kiosk.datagrams() == []
    bench.forwarder.attach(bench.socket.fileno())
    bench.tick(later_ms=16)
    assert [read_nacks(compound)[0].missing for compound in kiosk.take_rtcp()] == [(2,)]


def test_a_full_queue_before_a_full_socket_drops_and_counts(
    make_bench: Callable[..., Bench], stuffed: tuple[socket.socket, socket.socket]
) -> None:
    bench = make_bench(queue_packets=2)
    kiosk = bench.client().join()
    (seat,) = seats_of(bench, kiosk, 1)
    kiosk.send(rtp(1, payload=vp8(keyframe=True)))
    bench.pump(1)
    near, far = stuffed
    bench.forwarder.attach(near.fileno())
    for sequence in (2, 3, 4, 5):
        far.sendall(kiosk.outbound.protect(rtp(sequence, payload=vp8())))
        select.select([near], [], [])
        bench.forwarder.pump()
    bench.forwarder.attach(bench.socket.fileno())
    bench.tick()
    assert bench.drops() == {"send_queue_full": 2}
    first, *rest = seat.take()
    assert [each.sequence - first.sequence for each in rest] == [1, 2]


def test_a_closed_socket_is_an_error_of_the_caller(bench: Bench) -> None:
    bench.socket.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        bench.forwarder.pump()

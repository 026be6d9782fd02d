"""A socket on all addresses of the machine answers from the one that it was asked at."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from relay.sfu.dataplane import Forwarder
from tests.support.interfaces import link_local_address
from tests.support.media_bench import Bench, protect
from tests.support.packets import rtp, vp8

STUN = bytes(20)


@pytest.fixture
def wildcard(make_bench: Callable[..., Bench]) -> Iterator[Callable[[str], Bench]]:
    with ExitStack() as stack:

        def make(host: str) -> Bench:
            bench = make_bench(family=socket.AF_INET6 if ":" in host else socket.AF_INET)
            if host == "0.0.0.0":
                bench.socket = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                bench.socket.bind((host, 0))
                bench.socket.setblocking(False)
                bench.forwarder = Forwarder()
                bench.forwarder.attach(bench.socket.fileno())
            return bench

        yield make


def connected(bench: Bench, ours: str) -> socket.socket:
    """A socket that takes datagrams from that address of ours only."""
    client = socket.socket(socket.AF_INET6 if ":" in ours else socket.AF_INET, socket.SOCK_DGRAM)
    bench.sockets.append(client)
    client.settimeout(5.0)
    client.connect((ours, bench.socket.getsockname()[1]))
    return client


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_an_answer_leaves_from_the_address_that_was_asked(wildcard: Callable[[str], Bench], host: str) -> None:
    if host == "::" and not socket.has_dualstack_ipv6():
        pytest.skip("no IPv6 on this machine")
    bench = wildcard(host)
    ours = ["127.0.0.2", "127.0.0.3", *(["::1"] if host == "::" else []), "127.0.0.2"]
    for address in ours:
        client = connected(bench, address)
        client.send(STUN)
        (arrival,) = bench.pump(1)
        assert arrival.address[:2] == client.getsockname()[:2]
        assert bench.forwarder.transmit(b"answer", arrival.address)
        assert client.recv(100) == b"answer"


def test_one_client_at_two_addresses_of_ours_is_two_paths(wildcard: Callable[[str], Bench]) -> None:
    bench = wildcard("0.0.0.0")
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bench.sockets.append(client)
    port = bench.socket.getsockname()[1]
    client.sendto(STUN, ("127.0.0.2", port))
    client.sendto(STUN, ("127.0.0.3", port))
    first, second = (arrival.address for arrival in bench.pump(2))
    assert first != second
    assert first[:2] == second[:2]
    client.settimeout(5.0)
    for address, ours in ((second, "127.0.0.3"), (first, "127.0.0.2")):
        bench.forwarder.transmit(b"answer", address)
        assert client.recvfrom(100)[1] == (ours, port)


@pytest.mark.parametrize("equal", [True, False], ids=["segmented", "one by one"])
def test_media_leaves_from_the_address_of_the_path(wildcard: Callable[[str], Bench], equal: bool) -> None:
    bench = wildcard("0.0.0.0")
    kiosk, seat = bench.client(), bench.client()
    port = bench.socket.getsockname()[1]
    for peer, ours in ((kiosk, "127.0.0.4"), (seat, "127.0.0.5")):
        peer.socket.settimeout(5.0)
        peer.socket.connect((ours, port))
        peer.socket.send(STUN)
        (arrival,) = bench.pump(1)
        bench.forwarder.set_path(peer.peer, arrival.address)
        bench.forwarder.set_keys(peer.peer, peer.profile, peer.sending, peer.receiving)
    bench.forwarder.connect(seat.slot(), kiosk.track())
    sizes = [900] * 5 if equal else [900, 901, 902, 903, 904]
    for number, size in enumerate(sizes):
        kiosk.socket.send(protect(kiosk.outbound, rtp(number, payload=vp8(keyframe=True, body=bytes(size)))))
    bench.pump(5)
    assert [len(seat.inbound.unprotect(seat.socket.recv(2048))) for _ in sizes] == [14 + size for size in sizes]
    assert bench.forwarder.transmit_rtcp(kiosk.peer, bytes.fromhex("80c90001") + bytes(4))
    assert kiosk.socket.recv(100)


def test_a_socket_on_one_address_has_one_door(bench: Bench) -> None:
    client = bench.client()
    client.send_raw(STUN)
    assert bench.pump(1)[0].address == client.address


def test_a_link_local_address_is_answered_on_its_link(wildcard: Callable[[str], Bench]) -> None:
    found = link_local_address()
    bench = wildcard("::")
    client = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    bench.sockets.append(client)
    client.settimeout(5.0)
    host, _, interface = found.partition("%")
    client.connect((host, bench.socket.getsockname()[1], 0, socket.if_nametoindex(interface)))
    client.send(STUN)
    (arrival,) = bench.pump(1)
    assert arrival.address[0] == f"{host}%{socket.if_nametoindex(interface)}"
    assert bench.forwarder.transmit(b"answer", arrival.address)
    assert client.recv(100) == b"answer"

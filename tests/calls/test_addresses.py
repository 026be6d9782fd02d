"""Calls over the addresses that a relay may have: IPv6, both families on one port, several of one machine."""

import asyncio
import socket
from collections.abc import Callable

import ifaddr
import pytest

from relay.client.clip import ClipTrack
from relay.client.webrtc import Participant
from relay.config import SfuSettings
from relay.ids import PeerId
from relay.sfu.shell.node import Sfu
from tests.support.clips import video
from tests.support.sfu_calls import connect, join, running_sfu, until, with_candidates

pytestmark = pytest.mark.calls
KIOSK, SEAT = PeerId("kiosk"), PeerId("seat")


def needs_ipv6() -> None:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("no IPv6 on this machine")
    if not [ip for adapter in ifaddr.get_adapters() for ip in adapter.ips if ip.is_IPv6 and ip.ip[0] != "::1"]:
        pytest.skip("aiortc gathers no IPv6 candidate on this machine")


async def picture_over(sfu: Sfu, kiosk_host: str, seat_host: str) -> None:
    """A picture goes from a kiosk that knows the relay by one address to a seat that knows it by another."""
    async with (
        Participant({"camera": ClipTrack(video("VP8"))}, []) as kiosk,
        Participant({}, ["camera"]) as seat,
    ):
        await asyncio.gather(
            join(sfu, KIOSK, kiosk, as_candidate(kiosk_host)), join(sfu, SEAT, seat, as_candidate(seat_host))
        )
        await connect(sfu, KIOSK, SEAT, "camera")
        await until(lambda: seat.received["camera"].frames >= 5)


def as_candidate(host: str) -> Callable[[str], str]:
    """A `redirect` that puts `host` in the place of the first candidate and leaves out the others."""

    def redirect(answer: str) -> str:
        first = next(line for line in answer.splitlines() if line.startswith("a=candidate:"))
        named = first.split(" ")[4]
        kept = with_candidates(named)(answer)
        return kept.replace(f" {named} ", f" {host} ")

    return redirect


async def test_a_call_over_ipv6() -> None:
    needs_ipv6()
    async with running_sfu(SfuSettings(host="::1")) as sfu:
        await picture_over(sfu, "::1", "::1")
        assert sfu.address[0] == "::1"


async def test_one_port_serves_both_families_and_every_address() -> None:
    needs_ipv6()
    async with running_sfu(SfuSettings(host="::")) as sfu:
        await picture_over(sfu, "::1", "127.0.0.1")


async def test_two_peers_know_the_relay_by_different_addresses_of_its_machine() -> None:
    async with running_sfu(SfuSettings()) as sfu:
        await picture_over(sfu, "127.0.0.2", "127.0.0.3")


async def test_candidates_name_the_address_outside_a_nat() -> None:
    settings = SfuSettings(host="127.0.0.2", external_hosts=("203.0.113.7/127.0.0.2",))
    async with running_sfu(settings) as sfu, Participant({}, ["camera"]) as seat:
        answer = await join(sfu, SEAT, seat, lambda text: text.replace(" 203.0.113.7 ", " 127.0.0.2 "))
        assert " 127.0.0.2 " in answer

"""A kiosk and a seat of aiortc through a whole relay: the scheduler finds the seat, and every slot plays."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import pytest

from relay import Role
from relay.client.clip import Clip
from relay.client.webrtc import VideoCodec
from relay.demo.kiosk import SyntheticKiosk, Wish
from relay.demo.material import KIOSK_SLOTS, SEAT_SLOTS
from relay.demo.seat import SyntheticSeat
from relay.demo.station import Station
from relay.demo.verdict import shortcomings
from relay.server.messages import AcceptOffer, Hold, OfferMade, Source
from tests.support.clips import sound, video
from tests.support.running_relay import RunningRelay, running_relay, settings_for_tests
from tests.support.running_relay import until as heard
from tests.support.scenes import ITEM, ready_seat

pytestmark = pytest.mark.calls
KIOSK_SOURCES: tuple[Source, ...] = ("microphone", "camera", "document", "screen")
SEAT_SOURCES: tuple[Source, ...] = ("microphone", "camera", "screen")


def material(sources: tuple[Source, ...], codec: VideoCodec) -> dict[Source, Clip]:
    return {source: sound() if source == "microphone" else video(codec) for source in sources}


async def until(condition: Callable[[], bool], timeout_s: float = 20.0) -> None:
    """Return when the condition holds; the time-out only bounds a failing test."""
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.02)


def playing(*stations: Station) -> bool:
    """Whether every slot has had some frames in the present call."""
    return all(report.frames >= 5 for station in stations for report in station.reports())


def frames(*stations: Station) -> int:
    return sum(report.frames for station in stations for report in station.reports())


@dataclass
class Pair:
    """A kiosk and a seat at work."""

    kiosk: SyntheticKiosk
    stations: dict[str, Station]


@asynccontextmanager
async def pair(running: RunningRelay, codec: VideoCodec = "VP8") -> AsyncIterator[Pair]:
    async with AsyncExitStack() as stack:
        kiosk_station = await stack.enter_async_context(Station(material(KIOSK_SOURCES, codec), KIOSK_SLOTS, codec))
        seat_station = await stack.enter_async_context(Station(material(SEAT_SOURCES, codec), SEAT_SLOTS, codec))
        kiosk, seat = SyntheticKiosk(kiosk_station, Wish(ITEM), pause_s=0.0), SyntheticSeat(seat_station)
        parties = [
            asyncio.create_task(seat.run(running.signal_url, running.token("seat-4", Role.SEAT))),
            asyncio.create_task(kiosk.run(running.signal_url, running.token("kiosk-1", Role.KIOSK))),
        ]
        try:
            yield Pair(kiosk, {"kiosk": kiosk_station, "seat": seat_station})
        finally:
            failed = [party.exception() for party in parties if party.done()]
            for party in parties:
                party.cancel()
            await asyncio.gather(*parties, return_exceptions=True)
        assert failed == []


@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_every_source_reaches_the_other_side_in_every_call(codec: VideoCodec) -> None:
    """Also in the second call, which needs no negotiation."""
    async with running_relay(settings_for_tests(media_required=True)) as running, pair(running, codec) as talking:
        stations = talking.stations
        await until(lambda: playing(*stations.values()))
        reports = {name: list(station.reports()) for name, station in stations.items()}
        assert shortcomings(talking.kiosk.calls_connected, reports) == []
        assert all(report.first_frame_ms is not None for each in reports.values() for report in each)
        peers = [station.peer for station in stations.values()]

        await talking.kiosk.hang_up()
        await until(lambda: talking.kiosk.calls_connected == 2)
        await until(lambda: playing(*stations.values()))
        assert [station.peer for station in stations.values()] == peers


async def test_media_stops_while_a_call_is_on_hold_and_goes_on_after() -> None:
    async with (
        running_relay(settings_for_tests(media_required=True)) as running,
        Station(material(KIOSK_SOURCES, "VP8"), KIOSK_SLOTS) as citizen,
        Station(material(SEAT_SOURCES, "VP8"), SEAT_SLOTS) as caseworker,
        running.client("seat-4", Role.SEAT) as seat,
    ):
        await caseworker.join(seat)
        await ready_seat(seat)
        kiosk = SyntheticKiosk(citizen, Wish(ITEM))
        calling = asyncio.create_task(kiosk.run(running.signal_url, running.token("kiosk-1", Role.KIOSK)))
        offer = await heard(seat, OfferMade)
        await seat.request(AcceptOffer(offer=offer.offer))
        await caseworker.begin(offer.call)
        await until(lambda: playing(citizen, caseworker))

        await seat.request(Hold(call=offer.call, held=True))
        await still(citizen, caseworker)
        silent = frames(citizen, caseworker)
        await seat.request(Hold(call=offer.call, held=False))
        await until(lambda: frames(citizen, caseworker) > silent + 20)
        calling.cancel()
        await asyncio.gather(calling, return_exceptions=True)


async def still(*stations: Station) -> None:
    """Return when nothing is decoded any more; fail when that never happens."""
    async with asyncio.timeout(10):
        before = -1
        while (now := frames(*stations)) != before:
            before = now
            await asyncio.sleep(0.5)

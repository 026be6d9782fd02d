"""Two real WebRTC clients (aiortc) through the SFU on one UDP port, without scheduler or server."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from aiortc import MediaStreamTrack

from relay.client.clip import ClipTrack
from relay.client.webrtc import Participant
from relay.config import SfuSettings
from relay.ids import PeerId
from relay.sfu import PathChanged, PeerConnected, PeerOffer, SfuEvent, SlotRef, SlotStarted, SourceRef
from relay.sfu.shell.node import Sfu
from tests.support.clips import busy_video, sound, video
from tests.support.udp_proxy import UdpProxy

pytestmark = pytest.mark.calls
KIOSK, SEAT = PeerId("kiosk"), PeerId("seat")


@pytest.fixture
async def sfu() -> AsyncIterator[Sfu]:
    node = Sfu(SfuSettings(host="127.0.0.1"))
    await node.start()
    yield node
    await node.close()


async def until(condition: Callable[[], bool], timeout_s: float = 20.0) -> None:
    """Return when the condition holds; the time-out only bounds a failing test."""
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.02)


async def join(sfu: Sfu, name: PeerId, participant: Participant, proxy: UdpProxy | None = None) -> None:
    offer = await participant.offer()
    text = await sfu.answer(name, PeerOffer(offer.sdp, dict(offer.sources), dict(offer.slots)))
    await participant.accept(text if proxy is None else proxy.redirect(text))
    await participant.wait_connected()


async def connect(sfu: Sfu, sender: PeerId, receiver: PeerId, *sources: str) -> None:
    for source in sources:
        await sfu.route(SlotRef(receiver, source), SourceRef(sender, source))


def kiosk_tracks(codec: str) -> dict[str, MediaStreamTrack]:
    return {"microphone": ClipTrack(sound()), "camera": ClipTrack(video(codec)), "screen": ClipTrack(video(codec))}


@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_every_source_reaches_the_slot_of_its_name(sfu: Sfu, codec: str) -> None:
    events: list[SfuEvent] = []
    sfu.subscribe(events.append)
    slots = ["microphone", "camera", "screen"]
    async with Participant(kiosk_tracks(codec), [], video_codec=codec) as kiosk, Participant({}, slots) as seat:
        await asyncio.gather(join(sfu, KIOSK, kiosk), join(sfu, SEAT, seat))
        await connect(sfu, KIOSK, SEAT, *slots)
        await until(lambda: all(seat.received[slot].frames >= 10 for slot in slots))
        stats = sfu.stats()

    assert {event.peer for event in events if isinstance(event, PeerConnected)} == {KIOSK, SEAT}
    assert {event.slot.slot for event in events if isinstance(event, SlotStarted)} == set(slots)
    assert stats.peers == 2
    assert sum(stats.residence_counts) > 0
    assert not [name for name, count in stats.counters.items() if name.startswith("drop_unprotect") and count]


async def test_a_receiver_that_estimates_by_itself_is_heard(sfu: Sfu) -> None:
    """aiortc sends REMB, by the send times of what it gets, and no transport-wide feedback."""

    def available_bps() -> int | None:
        stats = sfu.peer_stats(SEAT)
        return None if stats is None or stats.downlink is None else stats.downlink.available_bps

    async with (
        Participant({"camera": ClipTrack(busy_video())}, []) as kiosk,
        Participant({}, ["camera"]) as seat,
    ):
        await asyncio.gather(join(sfu, KIOSK, kiosk), join(sfu, SEAT, seat))
        await connect(sfu, KIOSK, SEAT, "camera")
        await until(lambda: available_bps() is not None)
        assert sfu.stats().counters["rembs_in"] > 0


async def test_a_slot_switches_between_kiosks_without_negotiation(sfu: Sfu) -> None:
    other = PeerId("other")
    async with (
        Participant({"camera": ClipTrack(video("VP8"))}, []) as first,
        Participant({"camera": ClipTrack(video("VP8", width=320))}, []) as second,
        Participant({}, ["camera"]) as seat,
    ):
        await asyncio.gather(join(sfu, KIOSK, first), join(sfu, other, second), join(sfu, SEAT, seat))
        await connect(sfu, KIOSK, SEAT, "camera")
        await until(lambda: seat.received["camera"].width == 192)
        await connect(sfu, other, SEAT, "camera")
        await until(lambda: seat.received["camera"].width == 320)
        await sfu.route(SlotRef(SEAT, "camera"), None)
        await connect(sfu, KIOSK, SEAT, "camera")
        await until(lambda: seat.received["camera"].width == 192)


async def test_video_plays_on_with_a_fifth_of_the_packets_lost(sfu: Sfu) -> None:
    async with (
        UdpProxy(sfu.address, loss_up=0.2) as proxy,
        Participant({"camera": ClipTrack(busy_video())}, []) as kiosk,
        Participant({}, ["camera"]) as seat,
    ):
        await asyncio.gather(join(sfu, KIOSK, kiosk, proxy), join(sfu, SEAT, seat))
        await connect(sfu, KIOSK, SEAT, "camera")
        await until(lambda: seat.received["camera"].frames >= 30 and proxy.lost[True] >= 50)
        peer = sfu.peer_stats(KIOSK)

    assert peer is not None
    (camera,) = peer.streams
    assert camera.nacks > 0
    assert camera.retransmitted > 0.7 * proxy.lost[True]


async def test_loss_towards_the_seat_is_repaired_from_the_relays_own_store(sfu: Sfu) -> None:
    async with (
        UdpProxy(sfu.address, loss_down=0.2) as proxy,
        Participant({"camera": ClipTrack(busy_video())}, []) as kiosk,
        Participant({}, ["camera"]) as seat,
    ):
        await asyncio.gather(join(sfu, KIOSK, kiosk), join(sfu, SEAT, seat, proxy))
        await connect(sfu, KIOSK, SEAT, "camera")
        await until(lambda: seat.received["camera"].frames >= 30 and proxy.lost[False] >= 50)
        downlink, uplink = sfu.peer_stats(SEAT), sfu.peer_stats(KIOSK)

    assert downlink is not None
    assert uplink is not None
    assert downlink.streams[0].retransmitted > 0.7 * proxy.lost[False]
    assert uplink.streams[0].nacks == 0


async def test_a_kiosk_behind_a_nat_that_rebinds_keeps_its_call(sfu: Sfu) -> None:
    moved: list[SfuEvent] = []
    sfu.subscribe(lambda event: moved.append(event) if isinstance(event, PathChanged) else None)
    async with (
        UdpProxy(sfu.address) as proxy,
        Participant({"camera": ClipTrack(video("VP8"))}, ["camera"]) as kiosk,
        Participant({"camera": ClipTrack(video("VP8"))}, ["camera"]) as seat,
    ):
        await asyncio.gather(join(sfu, KIOSK, kiosk, proxy), join(sfu, SEAT, seat))
        await connect(sfu, KIOSK, SEAT, "camera")
        await connect(sfu, SEAT, KIOSK, "camera")
        await until(lambda: seat.received["camera"].frames > 5 and kiosk.received["camera"].frames > 5)
        # The kiosk does not know: only the relay can notice, by media from elsewhere, and ask for proof.
        proxy.checks_pass = False
        await proxy.change_address()
        await until(lambda: bool(moved))
        before = seat.received["camera"].frames, kiosk.received["camera"].frames
        await until(lambda: seat.received["camera"].frames > before[0] + 5)
        await until(lambda: kiosk.received["camera"].frames > before[1] + 5)

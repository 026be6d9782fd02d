"""Data channels of real WebRTC clients (aiortc) through the relay, on one worker and over two."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from relay.config import SfuSettings
from relay.ids import PeerId
from relay.sfu import SlotRef, SourceRef
from relay.sfu.shell.node import Sfu
from relay.sfu.shell.pool import SfuPool
from tests.support.talkers import Talker
from tests.support.udp_proxy import UdpProxy

pytestmark = pytest.mark.calls
KIOSK, SEAT, COLLEAGUE = PeerId("kiosk"), PeerId("seat"), PeerId("colleague")


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


async def hear(sfu: Sfu | SfuPool, listener: PeerId, *speakers: PeerId) -> None:
    for place, speaker in enumerate(speakers, start=1):
        slot = "data" if place == 1 else f"data-{place}"
        await sfu.route(SlotRef(listener, slot), SourceRef(speaker, "data"))


async def test_what_is_said_comes_out_whole_in_order_and_of_its_kind(sfu: Sfu) -> None:
    async with Talker() as kiosk, Talker() as seat:
        await asyncio.gather(kiosk.join(sfu, KIOSK), seat.join(sfu, SEAT))
        await hear(sfu, SEAT, KIOSK)
        said: list[str | bytes] = ["", b"", "标注", b"\x00\xff", "x" * 16_384, *map(str, range(50))]
        for message in said:
            kiosk.say("annotation", message)
        kiosk.say("pointer", "here")
        await until(lambda: len(seat.heard["annotation"]) == len(said) and bool(seat.heard["pointer"]))
        assert seat.heard["annotation"] == said
        assert kiosk.heard["annotation"] == []


async def test_a_listener_knows_who_speaks_and_a_speaker_cannot_pass_for_another(sfu: Sfu) -> None:
    async with Talker() as kiosk, Talker() as seat, Talker() as colleague:
        joined = zip((kiosk, seat, colleague), (KIOSK, SEAT, COLLEAGUE), strict=True)
        await asyncio.gather(*(talker.join(sfu, name) for talker, name in joined))
        await hear(sfu, SEAT, KIOSK, COLLEAGUE)
        kiosk.say("annotation-2", "I am the colleague")
        kiosk.say("annotation", "kiosk")
        colleague.say("annotation", "colleague")
        await until(lambda: bool(seat.heard["annotation"] and seat.heard["annotation-2"]))
        assert (seat.heard["annotation"], seat.heard["annotation-2"]) == (["kiosk"], ["colleague"])
        assert sfu.stats().counters["data_drop_label"] == 1


async def test_nobody_hears_after_the_route_is_taken_away(sfu: Sfu) -> None:
    async with Talker() as kiosk, Talker() as seat:
        await asyncio.gather(kiosk.join(sfu, KIOSK), seat.join(sfu, SEAT))
        kiosk.say("annotation", "before")
        await until(lambda: sfu.stats().counters.get("data_drop_no_listener", 0) == 1)
        await hear(sfu, SEAT, KIOSK)
        kiosk.say("annotation", "in between")
        await until(lambda: seat.heard["annotation"] == ["in between"])
        await sfu.route(SlotRef(SEAT, "data"), None)
        kiosk.say("annotation", "after")
        await until(lambda: sfu.stats().counters["data_drop_no_listener"] == 2)
        assert seat.heard["annotation"] == ["in between"]


async def test_strokes_survive_a_fifth_of_the_packets_lost_each_way(sfu: Sfu) -> None:
    async with UdpProxy(sfu.address, loss_up=0.2, loss_down=0.2) as proxy, Talker() as kiosk, Talker() as seat:
        await asyncio.gather(kiosk.join(sfu, KIOSK), seat.join(sfu, SEAT, proxy.redirect))
        await hear(sfu, SEAT, KIOSK)
        await hear(sfu, KIOSK, SEAT)
        for number in range(40):
            kiosk.say("annotation", str(number))
            seat.say("annotation", str(number))
            await asyncio.sleep(0.01)
        strokes = list(map(str, range(40)))
        await until(lambda: seat.heard["annotation"] == strokes == kiosk.heard["annotation"], 60.0)


async def test_who_talks_too_much_is_slowed_down_and_loses_no_stroke() -> None:
    node = Sfu(SfuSettings(host="127.0.0.1", max_data_bps=400_000))
    await node.start()
    try:
        async with Talker() as kiosk, Talker() as seat:
            await asyncio.gather(kiosk.join(node, KIOSK), seat.join(node, SEAT))
            await hear(node, SEAT, KIOSK)
            strokes = [str(number) * 1_000 for number in range(100, 160)]
            for stroke in strokes:
                kiosk.say("annotation", stroke)
            await until(lambda: len(seat.heard["annotation"]) == len(strokes), 60.0)
            assert seat.heard["annotation"] == strokes
            assert node.stats().counters["data_drop_rate"] > 0
    finally:
        await node.close()


async def test_a_closed_channel_hears_no_more_and_the_others_do(sfu: Sfu) -> None:
    async with Talker() as kiosk, Talker() as seat:
        await asyncio.gather(kiosk.join(sfu, KIOSK), seat.join(sfu, SEAT))
        await hear(sfu, SEAT, KIOSK)
        seat.channels["pointer"].close()
        await until(lambda: seat.channels["pointer"].readyState == "closed")
        kiosk.say("pointer", "here")
        kiosk.say("annotation", "there")
        await until(lambda: seat.heard["annotation"] == ["there"])
        assert sfu.stats().counters["data_drop_receiver"] == 1


async def test_participants_at_different_workers_hear_each_other() -> None:
    limits = {"max_worker_load": 1e3, "max_residence_ms": 1e6}
    pool = SfuPool(SfuSettings(host="127.0.0.1", workers=2, **limits))  # type: ignore[arg-type]
    await pool.start()
    try:
        async with Talker() as kiosk, Talker() as seat:
            await hear(pool, SEAT, KIOSK)
            await kiosk.join(pool, KIOSK)
            await seat.join(pool, SEAT)
            assert pool.worker_of(KIOSK) != pool.worker_of(SEAT)
            await hear(pool, KIOSK, SEAT)
            for number in range(20):
                kiosk.say("annotation", str(number))
            seat.say("pointer", b"\x01")
            await until(lambda: len(seat.heard["annotation"]) == 20 and kiosk.heard["pointer"] == [b"\x01"], 30.0)
            assert seat.heard["annotation"] == list(map(str, range(20)))
    finally:
        await pool.close()

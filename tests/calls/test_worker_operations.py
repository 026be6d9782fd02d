"""What operators can do about media workers and a whole node, and what a full node says."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from relay import Role, SfuSettings
from relay.client import SignallingClient
from relay.errors import AtCapacity, Unavailable
from relay.server import messages
from tests.support.offers import offer, section
from tests.support.running_relay import ON_ANY_MACHINE, RunningRelay, running_relay, settings_for_tests
from tests.support.scenes import connected, request_call

pytestmark = pytest.mark.calls


@asynccontextmanager
async def relay_with(**sfu: object) -> AsyncIterator[RunningRelay]:
    limits = SfuSettings(host="127.0.0.1", **ON_ANY_MACHINE, **sfu)  # type: ignore[arg-type]
    settings = dataclasses.replace(settings_for_tests(), sfu=limits)
    async with running_relay(settings) as running:
        yield running


async def until(condition: Callable[[], Awaitable[bool]], timeout_s: float = 20.0) -> None:
    """Return when the condition holds; the time-out only bounds a failing test."""
    async with asyncio.timeout(timeout_s):
        while not await condition():
            await asyncio.sleep(0.05)


async def negotiate(client: SignallingClient) -> messages.Answer:
    text = offer(section("0", extra="a=ssrc:1111 cname:x\n"), section("1", "video", "recvonly"))
    return await client.request(
        messages.Offer(sdp=text, sources={"0": "camera"}, slots={"1": "camera"}), messages.Answer
    )


async def reasons(portal: httpx.AsyncClient) -> list[str]:
    return list((await portal.get("/readyz")).json().get("reasons", []))


async def test_workers_are_listed_and_replaced() -> None:
    async with relay_with(workers=1) as running, running.http() as portal:
        (row,) = (await portal.get("/api/workers")).json()
        assert (row["index"], row["state"], row["lost"]) == (0, "running", 0)
        pool = running.relay._exchange.media
        first = pool.pid_of(0)  # type: ignore[attr-defined]
        assert (await portal.post("/api/workers/7/replacement")).status_code == 404
        assert (await portal.post("/api/workers/0/replacement")).status_code == 202

        async def replaced() -> bool:
            return pool.pid_of(0) not in (0, first)  # type: ignore[attr-defined]

        await until(replaced)
        metrics = (await portal.get("/metrics")).text
    assert 'relay_sfu_worker_state{state="running",worker="0"} 1.0' in metrics
    assert 'relay_sfu_worker_lost_total{worker="0"} 0.0' in metrics
    assert "relay_sfu_worker_residence_seconds_bucket" in metrics


async def test_without_workers_there_is_none_to_replace() -> None:
    async with relay_with() as running, running.http() as portal:
        assert (await portal.get("/api/workers")).json() == []
        refused = await portal.post("/api/workers/0/replacement")
        assert refused.status_code == 409
        assert refused.json()["type"] == "urn:relay:problem:no-workers"


async def test_a_node_that_drains_keeps_its_calls_and_takes_nobody_new() -> None:
    async with (
        relay_with() as running,
        running.http() as portal,
        running.client("kiosk-1", Role.KIOSK) as kiosk,
        running.client("seat-3", Role.SEAT) as seat,
        running.client("kiosk-2", Role.KIOSK) as late,
    ):
        call = await connected(kiosk, seat)
        assert (await portal.put("/api/drain")).status_code == 204
        assert await reasons(portal) == ["draining"]
        with pytest.raises(Unavailable):
            await negotiate(late)
        with pytest.raises(Unavailable):
            await request_call(late, key="late")
        assert (await negotiate(seat)).sdp
        assert [view.call for view in running.relay.calls()] == [call]
        assert (await portal.delete("/api/drain")).status_code == 204
        assert await reasons(portal) == []
        assert (await negotiate(late)).sdp


async def test_a_full_node_refuses_with_a_reason_and_says_when_to_come_back() -> None:
    async with (
        relay_with(workers=1, max_peers=1) as running,
        running.http() as portal,
        running.client("kiosk-1", Role.KIOSK) as kiosk,
        running.client("kiosk-2", Role.KIOSK) as late,
    ):
        await negotiate(kiosk)

        async def full() -> bool:
            return await reasons(portal) == ["no media worker takes new participants"]

        await until(full)
        with pytest.raises(AtCapacity):
            await negotiate(late)
        with pytest.raises(AtCapacity):
            await request_call(late)
        wish = {"kiosk": "kiosk-2", "item": "housing.title.transfer"}
        refused = await portal.post("/api/calls", json=wish, headers={"idempotency-key": "k"})
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "10"
        assert refused.json()["type"] == "urn:relay:problem:at-capacity"
        assert (await negotiate(kiosk)).sdp
        metrics = (await portal.get("/metrics")).text
        assert 'relay_sfu_refused_peers_total{reason="peers"} 1.0' in metrics
        assert (await portal.get("/api/workers")).json()[0]["state"] == "full"

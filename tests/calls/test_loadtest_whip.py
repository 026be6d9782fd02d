"""Bots that publish by WHIP and watch by WHEP, against relay's own endpoints over real HTTP."""

from collections.abc import AsyncIterator

import httpx
import pytest
from rich.console import Console

from loadtest.drive.broadcast import broadcast
from loadtest.peers.start import PeerChoice
from loadtest.scenario import Broadcast, Scenario
from relay import Grants, Role
from relay.errors import Forbidden, Unauthorised, Unavailable
from tests.support.running_relay import RunningRelay, running_relay
from tests.support.small_media import use_small_clips

pytestmark = pytest.mark.calls
ONE_TO_THREE = Scenario("Broadcast", duration_s=2, broadcast=Broadcast(3))
GRANTS = Grants(("stream-*",), ("streams/stream-*",))


@pytest.fixture(autouse=True)
def small_clips(monkeypatch: pytest.MonkeyPatch) -> None:
    use_small_clips(monkeypatch)


@pytest.fixture
async def running() -> AsyncIterator[RunningRelay]:
    async with running_relay() as found:
        yield found


def peer(running: RunningRelay, grants: Grants = GRANTS, url: str = "") -> PeerChoice:
    return PeerChoice(f"whip:{url or running.url}", running.token("load", Role.MEDIA, grants=grants))


async def sessions(running: RunningRelay) -> float:
    async with httpx.AsyncClient(trust_env=False) as client:
        text = (await client.get(f"{running.url}/metrics")).text
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith("relay_whip_sessions{"))


async def test_one_publishes_three_watch_and_all_sessions_are_deleted(running: RunningRelay) -> None:
    console = Console(quiet=True)
    report = await broadcast(ONE_TO_THREE, "loadtest run", console, peer=peer(running), quiet=True)
    assert report.metrics["streams_received"] == 6
    assert report.metrics["frames_complete_share"] > 0.9
    assert report.metrics["latency_p50_ms"] > 0, "the stamp behind the payload came through"
    assert await sessions(running) == 0


@pytest.mark.parametrize(
    ("choice", "refusal", "said"),
    [
        (lambda running: PeerChoice(f"whip:{running.url}", "x.y.z"), Unauthorised, "401"),
        (lambda running: peer(running, Grants(("other",), ())), Forbidden, "403"),
        (lambda running: peer(running, url=f"{running.url}/no/{{name}},{running.url}/no/{{name}}"), Unavailable, "405"),
        (lambda _running: PeerChoice("whip:http://127.0.0.1:1"), Unavailable, "127.0.0.1:1"),
        (lambda _running: PeerChoice("whip:http://no-such-host.invalid"), Unavailable, "no-such-host"),
    ],
    ids=["token", "grant", "path", "down", "name"],
)
async def test_a_server_that_refuses_is_quoted(running: RunningRelay, choice, refusal, said) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(refusal, match=said):
        await broadcast(ONE_TO_THREE, "", Console(quiet=True), peer=choice(running), quiet=True)
    assert await sessions(running) == 0

"""The event stream over a WebSocket: in order, from any point on, and for those who may see it only."""

import asyncio
import json
from typing import Any

import pytest
import websockets
from websockets.asyncio.client import ClientConnection, connect

from relay import Role
from relay.server.event_socket import SUBPROTOCOL
from tests.support.running_relay import RunningRelay, running_relay, settings_for_tests
from tests.support.scenes import connected


def dial(running: RunningRelay, *, role: Role | None = Role.PORTAL, after: str = "", subprotocol: str = SUBPROTOCOL):
    url = running.url.replace("http", "ws", 1) + "/api/events" + (f"?after={after}" if after else "")
    headers = {"authorization": f"Bearer {running.token('portal', role)}"} if role else {}
    return connect(url, subprotocols=[subprotocol], additional_headers=headers, proxy=None)


async def take(socket: ClientConnection, last: str) -> list[dict[str, Any]]:
    taken = []
    async for frame in socket:
        taken.append(json.loads(frame))
        if taken[-1]["event"]["type"] == last:
            return taken
    raise AssertionError("the stream ended")


async def conversation(running: RunningRelay, key: str) -> str:
    async with running.client("kiosk-1", Role.KIOSK) as kiosk, running.client("seat-4", Role.SEAT) as seat:
        return await connected(kiosk, seat, key)


async def test_what_happens_is_told_in_order_and_again_from_any_point(tmp_path):
    async with running_relay(settings_for_tests(data_dir=str(tmp_path))) as running:
        async with dial(running) as socket:
            call = await conversation(running, "k1")
            whole = await take(socket, "CallAccepted")
        assert [e["event"]["type"] for e in whole if e["event"].get("call") == call] == [
            "CallRequested",
            "CallOffered",
            "CallAccepted",
        ]
        for number in range(len(whole) - 1):
            async with dial(running, after=whole[number]["id"]) as socket:
                assert await take(socket, "CallAccepted") == whole[number + 1 :]


async def test_a_browser_says_who_it_is_in_its_first_message():
    async with running_relay() as running:
        async with dial(running, role=None) as socket:
            await socket.send(json.dumps({"token": running.token("wall", Role.SUPERVISOR), "after": "1.0"}))
            call = await conversation(running, "k1")
            assert (await take(socket, "CallAccepted"))[-1]["event"]["call"] == call
        async with dial(running, role=None) as socket:
            await socket.send(json.dumps({"token": running.token("portal", Role.PORTAL), "after": "99.0"}))
            assert json.loads(await socket.recv())["problem"]["type"].endswith("position-gone")


@pytest.mark.parametrize(
    ("opening", "code", "problem"),
    [
        ({"token": "made.up.token"}, 4401, "unauthorised"),
        ({"after": "1.0"}, 1008, "malformed"),
        ({"token": "x" * 20_000}, 1008, "malformed"),
    ],
)
async def test_who_does_not_say_who_he_is_sees_nothing(opening, code, problem):
    async with running_relay() as running, dial(running, role=None) as socket:
        await socket.send(json.dumps(opening))
        assert json.loads(await socket.recv())["problem"]["type"].endswith(problem)
        await socket.wait_closed()
        assert socket.close_code == code


async def test_kiosks_and_seats_see_nothing_and_silence_is_cut():
    async with running_relay(settings_for_tests(hello_timeout_s=0.05)) as running:
        async with dial(running, role=Role.SEAT) as socket:
            assert json.loads(await socket.recv())["problem"]["type"].endswith("forbidden")
        async with dial(running, role=None) as socket:
            await socket.wait_closed()
            assert socket.close_code == 4408
        with pytest.raises(websockets.exceptions.InvalidStatus):
            await dial(running, subprotocol="relay.json")


async def test_streams_are_bounded_and_one_that_ended_makes_room():
    async with running_relay(settings_for_tests(max_event_streams=1)) as running:
        async with dial(running) as first:
            await conversation(running, "k1")
            await take(first, "CallAccepted")
            async with dial(running) as second:
                assert json.loads(await second.recv())["problem"]["type"].endswith("limit-reached")
        while running.relay._desk._streams:
            await asyncio.sleep(0.005)
        async with dial(running, after="1.0") as third:
            await third.recv()

"""What a stranger, a broken or a hostile client gets at the signalling door; and that nobody else notices."""

import asyncio
import json
from itertools import count
from socket import SO_RCVBUF, SOL_SOCKET

import msgpack
import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import InvalidHandshake

from relay import Role
from relay.clock import SystemClock
from relay.config import AuthSettings
from relay.server import messages
from relay.server.auth import TokenIssuer, open_keyring
from tests.support.raw_signalling import close_code, login, opened, reply, say
from tests.support.running_relay import running_relay, settings_for_tests
from tests.support.scenes import connected

CloseCode = messages.CloseCode


def foreign_token() -> str:
    auth = AuthSettings()
    return TokenIssuer(open_keyring(auth, "somebody-else" * 4), auth, SystemClock()).issue("kiosk-1", Role.KIOSK)


async def test_a_client_without_our_subprotocol_is_not_let_in():
    async with running_relay() as running:
        with pytest.raises(InvalidHandshake):
            await opened(running, "chat.json")


@pytest.mark.parametrize("token", ["", "nonsense", foreign_token()])
async def test_a_bad_token_is_refused_with_a_reason(token):
    async with running_relay() as running:
        socket, refused = await login(running, token)
        assert (refused["type"], refused["problem"], refused["status"]) == ("failed", "unauthorised", 401)
        assert await close_code(socket) == CloseCode.UNAUTHORISED


async def test_a_portal_has_no_desk():
    async with running_relay() as running:
        socket, refused = await login(running, running.token("portal", Role.PORTAL))
        assert refused["status"] == 403
        assert await close_code(socket) == CloseCode.UNAUTHORISED


async def test_guessing_tokens_is_slowed_down():
    async with running_relay() as running:
        limit = running.relay.settings.auth.failures_per_minute
        statuses = []
        for _ in range(limit + 1):
            _, refused = await login(running, "nonsense")
            statuses.append(refused["status"])
        assert statuses == [401] * limit + [429]
        async with running.http() as http:
            assert (await http.get("/api/queue")).status_code == 429
            assert (await http.get("/healthz")).status_code == 200


async def test_silence_before_hello_is_cut():
    async with running_relay(settings_for_tests(hello_timeout_s=0.05)) as running:
        assert await close_code(await opened(running)) == CloseCode.HELLO_TIMEOUT


@pytest.mark.parametrize("frame", ['{"type": "heartbeat", "id": 1}', "nonsense", b"\x00", "[" * 10_000])
async def test_the_first_message_must_be_hello(frame):
    async with running_relay() as running:
        socket = await opened(running)
        await socket.send(frame)
        assert (await reply(socket))["problem"] == "malformed"
        assert await close_code(socket) == CloseCode.BAD_MESSAGES


async def test_wrong_shapes_are_answered_and_too_many_end_the_connection():
    async with running_relay() as running:
        socket, _ = await login(running, running.token("kiosk-1", Role.KIOSK))
        limit = running.relay.settings.server.bad_messages_limit
        for _ in range(limit):
            await socket.send('{"type": "call.request", "item": 5}')
        refusals = [await reply(socket) for _ in range(limit)]
        assert {each["problem"] for each in refusals} == {"malformed"}
        assert await close_code(socket) == CloseCode.BAD_MESSAGES


async def test_an_oversize_frame_ends_the_connection():
    async with running_relay() as running:
        socket, _ = await login(running, running.token("kiosk-1", Role.KIOSK))
        await say(socket, type="offer", id=2, sdp="v" * 200_000, sources={}, slots={})
        assert await close_code(socket) == CloseCode.TOO_BIG


async def test_a_bad_sdp_is_refused_and_the_connection_goes_on():
    async with running_relay() as running:
        socket, _ = await login(running, running.token("kiosk-1", Role.KIOSK))
        for sdp in ("", "v=0", "v=0\r\n" * 5000, "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n" * 1000):
            await say(socket, type="offer", id=2, sdp=sdp, sources={"0": "camera"}, slots={})
            refused = await reply(socket)
            assert (refused["type"], refused["status"]) == ("failed", 400)
        await say(socket, type="heartbeat", id=3)
        assert (await reply(socket))["type"] == "ok"
        await socket.close()


async def test_a_second_hello_is_refused():
    async with running_relay() as running:
        token = running.token("kiosk-1", Role.KIOSK)
        socket, _ = await login(running, token)
        await say(socket, type="hello", id=9, token=token)
        assert (await reply(socket))["problem"] == "conflict"
        await socket.close()


async def test_messagepack_clients_are_held_to_the_same_rules():
    async with running_relay() as running:
        socket = await opened(running, "relay.msgpack")
        await socket.send(msgpack.packb({"type": "hello", "id": 1, "token": running.token("kiosk-1", Role.KIOSK)}))
        assert msgpack.unpackb(await socket.recv())["type"] == "welcome"
        await socket.send(b"\xdd\x00\x01\xff\xff" * 1000)
        assert msgpack.unpackb(await socket.recv())["problem"] == "malformed"
        await socket.send(json.dumps({"type": "heartbeat"}))
        assert msgpack.unpackb(await socket.recv())["problem"] == "malformed"
        await socket.close()


async def test_a_flood_is_read_no_faster_than_the_rate():
    settings = settings_for_tests(messages_per_second=20.0, message_burst=5)
    async with running_relay(settings) as running:
        socket, _ = await login(running, running.token("kiosk-1", Role.KIOSK))
        for number in range(2, 12):
            await say(socket, type="heartbeat", id=number)
        started = asyncio.get_running_loop().time()
        assert [(await reply(socket))["re"] for _ in range(10)] == list(range(2, 12))
        assert asyncio.get_running_loop().time() - started >= 5 / 20, "six of ten exceed the burst"
        await socket.close()


async def test_a_client_that_does_not_read_is_cut():
    settings = settings_for_tests(outgoing_messages=8, messages_per_second=1e6, message_burst=1_000_000)
    async with running_relay(settings, send_buffer_bytes=4096) as running, running.http(None) as http:
        socket, _ = await login(running, running.token("wall", Role.SUPERVISOR))
        socket.transport.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_RCVBUF, 4096)
        socket.transport.pause_reading()
        flood = asyncio.create_task(ask_without_end(socket))
        async with asyncio.timeout(10):
            while 'relay_signalling_connections_total{how="try_later"} 1' not in (await http.get("/metrics")).text:
                await asyncio.sleep(0.05)
        flood.cancel()
        socket.transport.abort()


async def ask_without_end(socket: ClientConnection) -> None:
    for number in count():
        await say(socket, type="wallboard.watch", id=number)
        await asyncio.sleep(0)


async def test_more_connections_than_allowed_are_asked_to_come_later():
    async with running_relay(settings_for_tests(max_connections=1)) as running:
        first, _ = await login(running, running.token("kiosk-1", Role.KIOSK))
        second, refused = await login(running, running.token("kiosk-2", Role.KIOSK))
        assert refused["problem"] == "limit-reached"
        assert await close_code(second) == CloseCode.TRY_LATER
        await first.close()


async def test_nobody_else_notices():
    async with (
        running_relay() as running,
        running.client("kiosk-1", Role.KIOSK) as kiosk,
        running.client("seat-4", Role.SEAT) as seat,
    ):
        call = await connected(kiosk, seat)
        for frame in ("nonsense", "[" * 10_000, '{"type": "hello", "token": "x"}'):
            stranger = await opened(running)
            await stranger.send(frame)
            await close_code(stranger)
        assert running.relay.call(call).state == "connected"
        await kiosk.request(messages.HangUp(call=call))

"""The client against a server that follows a script."""

import asyncio

import pytest

from relay.client import Disconnected, SignallingClient
from relay.client import signalling as module
from relay.errors import Conflict, Malformed, Misuse, Refusal, Unauthorised, Unavailable
from relay.server.messages import (
    AcceptOffer,
    Answer,
    Failed,
    Heartbeat,
    Hello,
    OfferEnded,
    Ok,
    SeatState,
    SetPresence,
)
from tests.support.scripted_relay import Conversation, scripted_relay


async def test_says_hello_with_its_token_and_knows_its_identity() -> None:
    seen: list[Hello] = []

    async def script(client: Conversation) -> None:
        seen.append(await client.welcome())
        await client.socket.wait_closed()

    async with scripted_relay(script) as url, SignallingClient(url, "secret") as client:
        assert client.welcome.identity == "seat-1"
    assert seen[0].token == "secret"


async def test_replies_find_their_request_whatever_their_order() -> None:
    async def script(client: Conversation) -> None:
        await client.welcome()
        first, second = await client.receive(), await client.receive()
        await client.send(Answer(re=second.id, sdp="second"))
        await client.send(SeatState(state="ready"))
        await client.send(Answer(re=first.id, sdp="first"))
        await client.socket.wait_closed()

    async with scripted_relay(script) as url, SignallingClient(url, "t") as client:
        answers = await asyncio.gather(
            client.request(SetPresence(state="ready"), Answer), client.request(SetPresence(state="break"), Answer)
        )
        assert [answer.sdp for answer in answers] == ["first", "second"]
        message = await client.next_message()
        assert isinstance(message, SeatState)
        assert message.state == "ready"


@pytest.mark.parametrize(
    ("problem", "error"),
    [
        ("conflict", Conflict),
        ("urn:relay:problem:conflict", Conflict),
        ("unauthorised", Unauthorised),
        ("of-a-later-version", Refusal),
    ],
)
async def test_a_failed_request_raises_what_the_relay_raised(problem: str, error: type[Refusal]) -> None:
    async def script(client: Conversation) -> None:
        await client.welcome()
        request = await client.receive()
        await client.send(Failed(re=request.id, problem=problem, title="Too late", status=409, detail="offer is over"))
        await client.socket.wait_closed()

    async with scripted_relay(script) as url, SignallingClient(url, "t") as client:
        with pytest.raises(error, match="Too late: offer is over") as caught:
            await client.request(AcceptOffer(offer="o-1"))
        assert type(caught.value) is error


async def test_a_refused_token_is_raised_on_entering() -> None:
    async def script(client: Conversation) -> None:
        hello = await client.receive()
        await client.send(Failed(re=hello.id, problem="unauthorised", title="Expired", status=401))
        await client.socket.close(1008)

    async with scripted_relay(script) as url:
        with pytest.raises(Unauthorised, match="Expired"):
            async with SignallingClient(url, "t"):
                pass


async def test_a_reply_of_another_type_is_malformed() -> None:
    async def script(client: Conversation) -> None:
        await client.welcome()
        await client.send(Ok(re=(await client.receive()).id))
        await client.socket.wait_closed()

    async with scripted_relay(script) as url, SignallingClient(url, "t") as client:
        with pytest.raises(Malformed, match="Ok is no reply to SetPresence"):
            await client.request(SetPresence(state="ready"), Answer)


async def test_silence_is_an_error_and_a_late_reply_is_dropped() -> None:
    async def script(client: Conversation) -> None:
        await client.welcome()
        unanswered = await client.receive()
        answered = await client.receive()
        await client.send(Ok(re=unanswered.id))
        await client.send(Ok(re=answered.id))
        await client.socket.wait_closed()

    async with scripted_relay(script) as url, SignallingClient(url, "t", request_timeout_s=1.0) as client:
        with pytest.raises(Unavailable, match="no reply to SetPresence"):
            await client.request(SetPresence(state="ready"))
        await client.request(SetPresence(state="ready"))


async def test_the_end_of_the_connection_reaches_requests_and_readers() -> None:
    async def script(client: Conversation) -> None:
        await client.welcome()
        await client.receive()
        await client.socket.close(1001, "restarting")

    async with scripted_relay(script) as url, SignallingClient(url, "t") as client:
        with pytest.raises(Disconnected):
            await client.request(SetPresence(state="ready"))
        with pytest.raises(Disconnected, match=r"closed the connection|1001"):
            await client.next_message()
        with pytest.raises(Disconnected):
            await client.request(SetPresence(state="ready"))


async def test_messages_received_before_the_end_are_still_read() -> None:
    async def script(client: Conversation) -> None:
        await client.welcome()
        await client.send(OfferEnded(offer="o-1", outcome="timeout"))
        await client.socket.close(1001)

    async with scripted_relay(script) as url, SignallingClient(url, "t") as client:
        messages = aiter(client)
        assert isinstance(await anext(messages), OfferEnded)
        with pytest.raises(Disconnected):
            await anext(messages)


@pytest.mark.parametrize("frame", [b"\xc1", b"", b"\x80", "{}", b"\x81\xa4type\xa7unknown"])
async def test_what_is_no_message_ends_the_connection(frame: bytes | str) -> None:
    async def script(client: Conversation) -> None:
        await client.welcome()
        await client.socket.send(frame)
        await client.socket.wait_closed()

    async with scripted_relay(script) as url, SignallingClient(url, "t") as client:
        with pytest.raises(Disconnected, match="no message"):
            await client.next_message()


async def test_what_nobody_reads_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_UNREAD", 3)

    async def script(client: Conversation) -> None:
        await client.welcome()
        for _ in range(4):
            await client.send(SeatState(state="ready"))
        await client.socket.wait_closed()

    async with scripted_relay(script) as url, SignallingClient(url, "t") as client:
        with pytest.raises(Disconnected, match="unread"):
            await client.request(SetPresence(state="ready"))


async def test_heartbeats_keep_the_lease_and_silence_ends_the_connection() -> None:
    async def script(client: Conversation) -> None:
        await client.welcome(heartbeat_s=0.01)
        for _ in range(3):
            message = await client.receive()
            assert isinstance(message, Heartbeat)
            await client.send(Ok(re=message.id))
        await client.send(SeatState(state="ready"))
        await client.socket.wait_closed()

    async with scripted_relay(script) as url, SignallingClient(url, "t", request_timeout_s=1.0) as client:
        assert isinstance(await client.next_message(), SeatState)
        with pytest.raises(Disconnected, match="heartbeat"):
            await client.next_message()


async def test_nobody_there() -> None:
    with pytest.raises(Unavailable, match="no relay answers"):
        async with SignallingClient("ws://127.0.0.1:9/", "t"):
            pass


async def test_closing_twice_is_closing_once() -> None:
    async def script(client: Conversation) -> None:
        await client.welcome()
        await client.socket.wait_closed()

    async with scripted_relay(script) as url, SignallingClient(url, "t") as client:
        await client.close()
        await client.close()
        with pytest.raises(Disconnected, match="the client was closed"):
            await client.next_message()


async def test_a_client_that_is_not_open_is_misused() -> None:
    client = SignallingClient("ws://127.0.0.1:9/", "t")
    with pytest.raises(Misuse):
        await client.request(SetPresence(state="ready"))
    with pytest.raises(Misuse):
        _ = client.welcome

"""Calls over TCP (RFC 6544): a network that lets no UDP through, and connections that come and go."""

import asyncio
import socket

import pytest

from relay.client.clip import ClipTrack
from relay.client.webrtc import Participant
from relay.config import SfuSettings
from relay.ids import PeerId
from relay.sfu import PathChanged, PeerOffer, SfuEvent
from relay.sfu.shell.node import Sfu
from relay.sfu.transport import IceCredentials
from relay.sfu.wire import sdp
from tests.support.checks import CheckSender
from tests.support.clips import video
from tests.support.offers import offer, section
from tests.support.sfu_calls import connect, join, running_sfu, until
from tests.support.tcp_proxy import TcpProxy

pytestmark = pytest.mark.calls
KIOSK, SEAT = PeerId("kiosk"), PeerId("seat")
SETTINGS = SfuSettings(host="127.0.0.1")


def tcp_candidates(answer: str) -> list[sdp.Candidate]:
    lines = [line.partition(":")[2] for line in answer.splitlines() if line.startswith("a=candidate:")]
    return [each for each in map(sdp.Candidate.parse, lines) if each.transport == "tcp"]


async def answered(sfu: Sfu, name: PeerId) -> sdp.Candidate:
    text = offer(section("0", "video", "recvonly"))
    return tcp_candidates(await sfu.answer(name, PeerOffer(text, {}, {"0": "camera"})))[0]


async def test_pictures_go_both_ways_over_tcp_and_the_call_outlives_the_connection() -> None:
    events: list[SfuEvent] = []
    async with running_sfu(SETTINGS) as sfu:
        sfu.subscribe(events.append)
        probe = await answered(sfu, PeerId("probe"))
        await sfu.remove(PeerId("probe"))
        async with (
            TcpProxy((probe.host, probe.port)) as proxy,
            Participant({"camera": ClipTrack(video("VP8"))}, ["camera"]) as kiosk,
            Participant({"camera": ClipTrack(video("VP8"))}, ["camera"]) as seat,
        ):
            await asyncio.gather(join(sfu, KIOSK, kiosk, proxy.redirect), join(sfu, SEAT, seat))
            await connect(sfu, KIOSK, SEAT, "camera")
            await connect(sfu, SEAT, KIOSK, "camera")
            await until(lambda: seat.received["camera"].frames > 10 and kiosk.received["camera"].frames > 10)
            assert sfu.stats().tcp_connections == 1

            await proxy.disconnect()
            await until(lambda: sfu.stats().tcp_connections == 0)
            await proxy.connect()
            seen = seat.received["camera"].frames, kiosk.received["camera"].frames
            await until(lambda: seat.received["camera"].frames > seen[0] + 10)
            await until(lambda: kiosk.received["camera"].frames > seen[1] + 10)
            assert [event.peer for event in events if isinstance(event, PathChanged)] == [KIOSK]


async def test_a_check_over_tcp_is_answered_in_a_frame() -> None:
    async with running_sfu(SETTINGS) as sfu:
        text = offer(section("0", "video", "recvonly"), ufrag="abcd")
        answer = await sfu.answer(KIOSK, PeerOffer(text, {}, {"0": "camera"}))
        (candidate, *_) = tcp_candidates(answer)
        assert candidate.extensions == (("tcptype", "passive"),)
        ours = dict(line[2:].split(":", 1) for line in answer.splitlines() if line.startswith("a=ice-") and ":" in line)
        checks = CheckSender(IceCredentials("abcd", "p" * 24), IceCredentials(ours["ice-ufrag"], ours["ice-pwd"]))
        reader, writer = await asyncio.open_connection(candidate.host, candidate.port)
        request = checks.request(nominate=True)
        writer.write(len(request).to_bytes(2, "big") + request)
        size = int.from_bytes(await reader.readexactly(2), "big")
        checks.handle_answer(await reader.readexactly(size))
        (answered_check,) = checks.answers
        assert answered_check.xor_mapped_address == writer.get_extra_info("sockname")
        writer.close()
        await writer.wait_closed()


async def test_strangers_get_few_connections_and_no_media_port_is_lost_by_it() -> None:
    settings = SfuSettings(host="127.0.0.1", max_tcp_pending_per_host=3)
    async with running_sfu(settings) as sfu:
        candidate = await answered(sfu, KIOSK)
        streams = [await asyncio.open_connection(candidate.host, candidate.port) for _ in range(5)]
        await until(lambda: sfu.stats().refused_connections.get("too_many_pending") == 2)
        for _, writer in streams:
            writer.write(b"GET / HTTP/1.1\r\n\r\n" * 50)
        await until(lambda: sfu.stats().counters["drop_foreign_protocol"] + sfu.stats().counters["drop_cut"] > 0)
        assert sfu.stats().tcp_connections == 3
        for _, writer in streams:
            writer.close()
            await asyncio.gather(writer.wait_closed(), return_exceptions=True)
        await until(lambda: sfu.stats().tcp_connections == 0)


async def test_without_tcp_there_is_no_candidate_of_it() -> None:
    async with running_sfu(SfuSettings(host="127.0.0.1", tcp=False)) as sfu:
        answer = await sfu.answer(KIOSK, PeerOffer(offer(section("0", "video", "recvonly")), {}, {"0": "camera"}))
        assert tcp_candidates(answer) == []
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(*sfu.address)


async def test_the_tcp_port_is_the_one_that_the_settings_name() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    async with running_sfu(SfuSettings(host="127.0.0.1", tcp_port=port)) as sfu:
        assert (await answered(sfu, KIOSK)).port == port

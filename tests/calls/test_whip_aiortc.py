"""Publishing by WHIP and watching by WHEP over real HTTP, with aiortc at both ends."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import httpx
import pytest

from relay import Grants, Role
from relay.client.clip import ClipTrack
from relay.client.webrtc import Participant, VideoCodec
from relay.config import IceServer, ServerSettings, WhipSettings
from relay.sfu.wire import sdp
from tests.support.clips import sound, video
from tests.support.offers import offer, section
from tests.support.running_relay import running_relay, settings_for_tests
from tests.support.studio_offers import LARIX, OBS
from tests.support.whip_client import SDP, http, whip_session

pytestmark = pytest.mark.calls
FRAGMENT = {"content-type": "application/trickle-ice-sdpfrag"}
SOURCES = {"microphone": sound(), "camera": video()}
CANDIDATE = "a=candidate:1 1 udp 2130706431 192.0.2.1 50000 typ host\r\n"
PUBLISHED = offer(section("0", "audio"), section("1"))
WATCHED = offer(section("0", "audio", "recvonly"), section("1", "video", "recvonly"))


async def until(condition: Callable[[], bool], timeout_s: float = 20.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.02)


async def until_answers(ask: Callable[[], Awaitable[httpx.Response]], status: int) -> httpx.Response:
    async with asyncio.timeout(20.0):
        while (response := await ask()).status_code != status:
            await asyncio.sleep(0.02)
    return response


def playing(participant: Participant, frames: int = 5) -> bool:
    return all(reception.frames >= frames for reception in participant.received.values())


def fragment(ufrag: str, password: str = "p" * 24, mid: str = "0", extra: str = CANDIDATE) -> str:
    return f"a=ice-ufrag:{ufrag}\r\na=ice-pwd:{password}\r\nm=audio 9 RTP/AVP 0\r\na=mid:{mid}\r\n{extra}"


@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_what_is_published_is_watched(codec: VideoCodec) -> None:
    sources = {"microphone": sound(), "camera": video(codec)}
    async with running_relay() as running, http(running, publish="lobby", watch="streams/lobby") as client:
        async with whip_session(client, "/whip/lobby", sources=sources, video_codec=codec) as publisher:
            assert publisher.created.headers["content-type"] == "application/sdp"
            assert publisher.created.headers["accept-patch"] == "application/trickle-ice-sdpfrag"
            assert publisher.location.startswith("/whip/lobby/")
            async with whip_session(client, "/whep/streams/lobby", slots=["microphone", "camera"]) as watcher:
                await until(lambda: playing(watcher.participant))
                assert watcher.participant.received["camera"].width == 192
                assert (await client.delete(watcher.location)).status_code == 200
                assert (await client.delete(watcher.location)).status_code == 404
                await until(lambda: watcher.participant.state == "closed")
            assert (await client.delete(publisher.location)).status_code == 200
        gone = await client.post("/whep/streams/lobby", content=WATCHED, headers=SDP)
        assert (gone.status_code, gone.json()["type"]) == (409, "urn:relay:problem:nothing-to-watch")
        assert int(gone.headers["retry-after"]) > 0


async def test_a_publisher_that_comes_back_is_watched_again_without_the_watcher_doing_anything() -> None:
    async with running_relay() as running, http(running, publish="lobby", watch="streams/*") as client:
        async with whip_session(client, "/whip/lobby", sources=SOURCES):
            watching = whip_session(client, "/whep/streams/lobby", slots=["camera"])
            watcher = await watching.__aenter__()
            await until(lambda: playing(watcher.participant))
        seen = watcher.participant.received["camera"].frames
        async with whip_session(client, "/whip/lobby", sources=SOURCES):
            await until(lambda: watcher.participant.received["camera"].frames > seen + 5)
        await watching.__aexit__(None, None, None)


async def test_the_second_publisher_of_a_stream_takes_its_place() -> None:
    async with (
        running_relay() as running,
        http(running, publish="lobby") as client,
        whip_session(client, "/whip/lobby", sources=SOURCES) as first,
        whip_session(client, "/whip/lobby", sources=SOURCES) as second,
    ):
        await until(lambda: first.participant.state == "closed")
        assert (await client.delete(first.location)).status_code == 404
        assert (await client.delete(second.location)).status_code == 200


async def test_video_sections_are_watched_as_the_url_chooses() -> None:
    sources = {"microphone": sound(), "camera": video(), "screen": video(width=320)}
    async with (
        running_relay() as running,
        http(running, publish="lobby", watch="streams/lobby") as client,
        whip_session(client, "/whip/lobby", sources=sources),
        whip_session(client, "/whep/streams/lobby?video=screen", slots=["camera"]) as one,
        whip_session(client, "/whep/streams/lobby", slots=["camera", "screen"]) as both,
    ):
        await until(lambda: playing(one.participant) and playing(both.participant))
        assert one.participant.received["camera"].width == 320
        assert [each.width for each in both.participant.received.values()] == [192, 320]


async def test_candidates_are_trickled_and_ice_is_restarted_by_patch() -> None:
    async with running_relay() as running, http(running, publish="lobby", watch="streams/lobby") as client:
        created = await client.post("/whip/lobby", content=PUBLISHED, headers=SDP)
        url, tag = created.headers["location"], created.headers["etag"]

        async def patch(body: str, **headers: str) -> httpx.Response:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return await client.patch(url, content=body, headers=FRAGMENT | named)

        assert (await patch(fragment("abcd"))).status_code == 428
        assert (await patch(fragment("abcd"), if_match='"other"')).status_code == 412
        assert (await patch(fragment("abcd"), if_match=f"W/{tag}")).status_code == 412
        trickled = await patch(fragment("abcd", extra=CANDIDATE + "a=end-of-candidates\r\n"), if_match=tag)
        assert (trickled.status_code, trickled.content, "etag" in trickled.headers) == (204, b"", False)
        assert (await patch(fragment("abcd", mid="7"), if_match=tag)).status_code == 400
        assert (await patch(fragment("abcd", extra="a=candidate:nonsense\r\n"), if_match=tag)).status_code == 400
        assert (await patch(fragment("wxyz"), if_match=tag)).status_code == 400, "a restart takes If-Match: *"

        restarted = await patch(fragment("wxyz"), if_match="*")
        assert (restarted.status_code, restarted.headers["content-type"]) == (200, FRAGMENT["content-type"])
        assert restarted.headers["etag"] != tag
        assert f"a=ice-ufrag:{restarted.headers['etag'].strip(chr(34))}\r\n" in restarted.text
        assert {"a=ice-lite", "a=end-of-candidates"} <= set(restarted.text.split("\r\n"))
        assert (await patch(fragment("wxyz"), if_match=tag)).status_code == 412, "candidates of the former session"
        assert (await patch(fragment("wxyz"), if_match=restarted.headers["etag"])).status_code == 204


async def test_media_goes_on_after_an_ice_restart() -> None:
    """The relay takes the new credentials from a client that begins to use them, over the same DTLS session."""
    async with (
        running_relay() as running,
        http(running, publish="lobby", watch="streams/lobby") as client,
        whip_session(client, "/whip/lobby", sources=SOURCES) as publisher,
        whip_session(client, "/whep/streams/lobby", slots=["camera"]) as watcher,
    ):
        await until(lambda: playing(watcher.participant))
        restarted = await client.patch(
            publisher.location, content=fragment("wxyz"), headers=FRAGMENT | {"if-match": "*"}
        )
        assert restarted.status_code == 200
        seen = watcher.participant.received["camera"].frames
        await until(lambda: watcher.participant.received["camera"].frames > seen + 5)


@pytest.mark.parametrize(
    ("method", "path", "grants", "status"),
    [
        ("POST", "/whip/lobby", Grants(publish=("hall",)), 403),
        ("POST", "/whip/lobby", Grants(watch=("streams/lobby",)), 403),
        ("POST", "/whep/streams/lobby", Grants(publish=("lobby",)), 403),
        ("POST", "/whep/calls/c1", Grants(watch=("streams/*",)), 403),
        ("POST", "/whep/calls/c1", Grants(watch=("calls/*",)), 409),
        ("POST", "/whep/secrets/c1", Grants(watch=("*",)), 404),
        ("POST", "/whip/lob%20by", Grants(publish=("*",)), 404),
        ("PATCH", "/whip/lobby/none", Grants(publish=("lobby",)), 415),
        ("DELETE", "/whip/lobby/none", Grants(publish=("lobby",)), 404),
        ("GET", "/whip/lobby", Grants(publish=("lobby",)), 405),
        ("HEAD", "/whip/lobby", Grants(publish=("lobby",)), 405),
        ("PUT", "/whip/lobby", Grants(publish=("lobby",)), 405),
        ("GET", "/whip/lobby/none", Grants(publish=("lobby",)), 405),
    ],
)
async def test_what_a_token_does_not_grant_is_refused(method: str, path: str, grants: Grants, status: int) -> None:
    async with running_relay() as running:
        token = running.token("tool", Role.MEDIA, grants=grants)
        async with httpx.AsyncClient(base_url=running.url, trust_env=False) as client:
            headers = SDP | {"authorization": f"Bearer {token}"}
            content = PUBLISHED if "whip" in path else WATCHED
            refused = await client.request(method, path, content=content, headers=headers)
            assert refused.status_code == status
            if method != "HEAD":
                assert refused.headers["content-type"] == "application/problem+json"


async def test_nobody_comes_in_without_a_token_and_no_session_is_anybody_elses() -> None:
    async with running_relay() as running, running.http(None) as stranger:
        for path, body in (("/whip/lobby", PUBLISHED), ("/whep/streams/lobby", WATCHED)):
            refused = await stranger.post(path, content=body, headers=SDP)
            assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        async with running.http(Role.PORTAL) as portal:
            assert (await portal.post("/whip/lobby", content=PUBLISHED, headers=SDP)).status_code == 403
        async with http(running, publish="*") as mine, http(running, publish="*", subject="other") as other:
            url = (await mine.post("/whip/lobby", content=PUBLISHED, headers=SDP)).headers["location"]
            assert (await stranger.delete(url)).status_code == 401
            assert (await other.delete(url)).status_code == 403
            assert (await mine.delete(url.replace("/lobby/", "/hall/"))).status_code == 404
            assert (await mine.delete(url)).status_code == 200


async def test_bodies_of_the_wrong_type_size_or_meaning_are_refused() -> None:
    async with running_relay() as running, http(running, publish="lobby", watch="*") as client:

        async def status(body: str, headers: dict[str, str] = SDP) -> int:
            return (await client.post("/whip/lobby", content=body, headers=headers)).status_code

        assert await status(PUBLISHED, {"content-type": "application/json"}) == 415
        assert await status(PUBLISHED + "a=x\r\n" * 20_000) == 413
        assert await status("hello") == 400
        assert await status(WATCHED) == 400, "an offer that sends nothing"
        assert await status(offer(section("0", "application"))) == 400
        assert (await client.post("/whip/lobby?video=mirror", content=PUBLISHED, headers=SDP)).status_code == 400
        invalid = await client.post("/whip/lobby", content=b"\xff\xfe", headers=SDP)
        assert (invalid.status_code, invalid.headers["content-type"]) == (400, "application/problem+json")


async def test_a_client_that_never_connects_is_removed_and_sessions_are_bounded() -> None:
    settings = replace(settings_for_tests(), whip=WhipSettings(max_publishers=1, connect_timeout_s=0.5))
    async with running_relay(settings) as running, http(running, publish="*") as client:
        created = await client.post("/whip/one", content=PUBLISHED, headers=SDP)
        full = await client.post("/whip/two", content=PUBLISHED, headers=SDP)
        assert (full.status_code, "retry-after" in full.headers) == (429, True)
        url = created.headers["location"]
        headers = FRAGMENT | {"if-match": "*"}
        await until_answers(lambda: client.patch(url, content=fragment("abcd"), headers=headers), 404)
        assert (await client.post("/whip/two", content=PUBLISHED, headers=SDP)).status_code == 201
        metrics = (await client.get("/metrics")).text
        assert 'relay_whip_sessions_ended_total{protocol="whip",reason="never-connected"} 1.0' in metrics
        assert 'relay_whip_sessions{protocol="whip"} 1.0' in metrics


async def test_a_publisher_that_says_goodbye_to_its_media_is_gone() -> None:
    async with running_relay() as running, http(running, publish="lobby", watch="streams/lobby") as client:
        async with whip_session(client, "/whip/lobby", sources=SOURCES):
            pass
        await until_answers(lambda: client.post("/whep/streams/lobby", content=WATCHED, headers=SDP), 409)


async def test_a_watcher_is_let_go_when_what_it_watched_stays_away() -> None:
    settings = replace(settings_for_tests(), whip=WhipSettings(absent_source_s=0.1))
    async with (
        running_relay(settings) as running,
        http(running, publish="lobby", watch="streams/lobby") as client,
        whip_session(client, "/whip/lobby", sources=SOURCES) as publisher,
        whip_session(client, "/whep/streams/lobby", slots=["camera"]) as watcher,
    ):
        await client.delete(publisher.location)
        await until(lambda: watcher.participant.state == "closed")


async def test_a_session_ends_with_its_token() -> None:
    async with running_relay() as running:
        token = running.token("tool", Role.MEDIA, grants=Grants(publish=("lobby",)), lifetime_s=1.0)
        headers = {"authorization": f"Bearer {token}"}
        async with (
            httpx.AsyncClient(base_url=running.url, headers=headers, trust_env=False) as client,
            whip_session(client, "/whip/lobby", sources=SOURCES) as publisher,
        ):
            await until(lambda: publisher.participant.state == "closed")


async def test_pages_of_elsewhere_may_use_the_endpoints_as_the_settings_say() -> None:
    settings = replace(settings_for_tests(), whip=WhipSettings(allowed_origins=("https://studio.example",)))
    async with running_relay(settings) as running, running.http(None) as page:
        ours = {"origin": "https://studio.example", "access-control-request-method": "POST"}
        allowed = await page.options("/whip/lobby", headers=ours)
        assert allowed.status_code == 204
        assert allowed.headers["access-control-allow-origin"] == "https://studio.example"
        assert allowed.headers["accept-post"] == "application/sdp"
        assert "POST" in allowed.headers["access-control-allow-methods"]
        session = await page.options("/whep/streams/lobby/some", headers=ours)
        assert session.headers["access-control-allow-methods"] == "PATCH, DELETE, OPTIONS"
        assert "If-Match" in session.headers["access-control-allow-headers"]
        theirs = await page.options("/whip/lobby", headers=ours | {"origin": "https://evil.example"})
        assert "access-control-allow-origin" not in theirs.headers
        refused = await page.post("/whip/lobby", content=PUBLISHED, headers=SDP | ours)
        assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, ours["origin"])
        assert "Location" in refused.headers["access-control-expose-headers"]


async def test_ice_servers_are_told_in_link_headers() -> None:
    settings = settings_for_tests()
    servers = (IceServer(urls=("stun:stun.example",)), IceServer(urls=("turn:turn.example",), secret="s" * 32))
    server: ServerSettings = replace(settings.server, ice_servers=servers)
    async with running_relay(replace(settings, server=server)) as running, http(running, publish="lobby") as client:
        created = await client.post("/whip/lobby", content=PUBLISHED, headers=SDP)
        stun, turn = created.headers.get_list("link")
        assert stun == '<stun:stun.example>; rel="ice-server"'
        assert turn.startswith('<turn:turn.example>; rel="ice-server"; username="')


async def test_a_kiosk_is_watched_by_its_name() -> None:
    async with (
        running_relay(settings_for_tests()) as running,
        http(running, watch="kiosks/kiosk-1") as client,
        running.client("kiosk-1", Role.KIOSK) as line,
        Participant({"camera": ClipTrack(video())}, ()) as kiosk,
    ):
        await kiosk.join(line)
        async with whip_session(client, "/whep/kiosks/kiosk-1", slots=["camera"]) as watcher:
            await until(lambda: playing(watcher.participant))


@pytest.mark.parametrize("text", [OBS, LARIX])
async def test_offers_of_studio_programs_are_answered_as_a_publishers(text: str) -> None:
    async with running_relay() as running, http(running, publish="show") as client:
        created = await client.post("/whip/show?video=screen", content=text, headers=SDP)
        assert created.status_code == 201
        answer = sdp.parse(created.text)
        assert answer.bundle == tuple(media.mid for media in answer.media)
        for media in answer.media:
            assert media.attributes.direction() is sdp.Direction.RECVONLY
            assert media.attributes.first(sdp.Setup) is sdp.Setup.PASSIVE
            assert media.attributes.all(sdp.Candidate)
        assert [media.formats for media in answer.media] == [("111",), ("96",)]
        fmtp = answer.media[1].attributes.first(sdp.Fmtp)
        assert fmtp is not None
        assert fmtp.parameters()["profile-level-id"] == "42e01f"
        assert (await client.delete(created.headers["location"])).status_code == 200

"""A WHIP or WHEP client of aiortc: offers over plain HTTP, and keeps the session's URL."""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from relay import Grants, Role
from relay.client.clip import Clip, ClipTrack
from relay.client.webrtc import Participant, VideoCodec
from relay.server.messages import Source
from tests.support.running_relay import RunningRelay

SDP = {"content-type": "application/sdp"}


@dataclass
class WhipClient:
    """One session."""

    participant: Participant
    created: httpx.Response

    @property
    def location(self) -> str:
        return self.created.headers["location"]


def http(running: RunningRelay, *, publish: str = "", watch: str = "", subject: str = "tool") -> httpx.AsyncClient:
    """An HTTP client with a token for these grants."""
    grants = Grants(tuple(publish.split()), tuple(watch.split()))
    token = running.token(subject, Role.MEDIA, grants=grants)
    headers = {"authorization": f"Bearer {token}"}
    return httpx.AsyncClient(base_url=running.url, headers=headers, trust_env=False)


@asynccontextmanager
async def whip_session(
    client: httpx.AsyncClient,
    path: str,
    *,
    sources: Mapping[Source, Clip] | None = None,
    slots: Collection[Source] = (),
    video_codec: VideoCodec = "VP8",
) -> AsyncIterator[WhipClient]:
    """Negotiate, connect, and leave the media (not the session) at the end."""
    tracks = {name: ClipTrack(clip) for name, clip in (sources or {}).items()}
    async with Participant(tracks, slots, video_codec=video_codec) as participant:
        offer = await participant.offer()
        created = await client.post(path, content=offer.sdp, headers=SDP)
        assert created.status_code == 201, created.text
        await participant.accept(created.text)
        await participant.wait_connected(10.0)
        yield WhipClient(participant, created)

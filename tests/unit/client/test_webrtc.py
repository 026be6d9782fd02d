"""A participant against another PeerConnection of aiortc, without a relay between."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from av.frame import Frame

from relay.client.clip import ClipTrack
from relay.client.webrtc import Participant, VideoCodec
from relay.errors import Unavailable
from relay.server.messages import Offer, Source
from tests.support.clips import sound, video


@asynccontextmanager
async def _mirror(offer: Offer, codec: VideoCodec) -> AsyncIterator[tuple[str, list[str]]]:
    """The other side: sends a clip into every slot it is offered; yields its answer and the kinds it receives."""
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
    received: list[str] = []
    pc.on("track", lambda track: received.append(track.kind))
    try:
        for mid, name in sorted({**offer.sources, **offer.slots}.items()):
            clip = sound() if name == "microphone" else video(codec)
            codecs = RTCRtpSender.getCapabilities(clip.kind).codecs
            if mid in offer.slots:
                transceiver = pc.addTransceiver(ClipTrack(clip), direction="sendonly")
            else:
                transceiver = pc.addTransceiver(clip.kind, direction="recvonly")
            transceiver.setCodecPreferences([each for each in codecs if each.name in {"opus", codec}])
        await pc.setRemoteDescription(RTCSessionDescription(offer.sdp, "offer"))
        await pc.setLocalDescription(await pc.createAnswer())
        yield pc.localDescription.sdp, received
    finally:
        await pc.close()


def _sources(codec: VideoCodec) -> dict[Source, ClipTrack]:
    return {"microphone": ClipTrack(sound()), "camera": ClipTrack(video(codec))}


@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_every_slot_decodes_what_is_sent_into_it(codec: VideoCodec) -> None:
    decoded: dict[Source, Frame] = {}
    complete = asyncio.Event()
    slots: list[Source] = ["microphone", "camera", "document"]

    def observe(slot: Source, frame: Frame) -> None:
        decoded[slot] = frame
        if len(decoded) == len(slots):
            complete.set()

    async with Participant(_sources(codec), slots, video_codec=codec, observe=observe) as participant:
        offer = await participant.offer()
        assert sorted(offer.sources.values()) == ["camera", "microphone"]
        assert sorted(offer.slots.values()) == sorted(slots)
        assert not set(offer.sources) & set(offer.slots)
        async with _mirror(offer, codec) as (answer, received), asyncio.timeout(30):
            await participant.accept(answer)
            await participant.wait_connected()
            await complete.wait()
            assert sorted(received) == ["audio", "video"]
            assert participant.received["camera"].width == 192
            assert participant.received["microphone"].first_frame_s is not None
            assert (await participant.packets_received())["camera"] >= participant.received["camera"].frames


async def test_a_source_offers_only_its_codec() -> None:
    async with Participant(_sources("H264"), [], video_codec="H264") as participant:
        sdp = (await participant.offer()).sdp
    assert "H264/90000" in sdp
    assert "VP8" not in sdp


async def test_a_peer_that_never_answers_is_unavailable() -> None:
    async with (
        Participant(_sources("VP8"), ["camera"]) as participant,
        _mirror(await participant.offer(), "VP8") as (answer, _),
    ):
        deaf = "\r\n".join(line for line in answer.splitlines() if not line.startswith("a=candidate")) + "\r\n"
        await participant.accept(deaf)
        with pytest.raises(Unavailable, match=r"the media connection is (connecting|failed)"):
            await participant.wait_connected(timeout_s=0.1)


async def test_closing_before_connecting_leaves_nothing_behind() -> None:
    participant = Participant(_sources("VP8"), ["camera"])
    await participant.offer()
    await participant.close()
    await participant.close()
    assert participant.state == "closed"

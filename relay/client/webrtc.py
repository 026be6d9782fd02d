"""A participant without a browser: one PeerConnection with named sources and slots, negotiated once.

Needs aiortc (extra `demo` or `loadtest`). aiortc decodes whatever it receives, in a thread per slot: for many
participants on one machine keep pictures small, or receive without decoding by other means.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self

from aiortc import (
    MediaStreamError,
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
    RTCRtpTransceiver,
    RTCSessionDescription,
)
from av.frame import Frame
from av.video.frame import VideoFrame

from relay.client.signalling import SignallingClient
from relay.errors import Unavailable
from relay.server.messages import Answer, Offer, Source

VideoCodec = Literal["VP8", "H264"]
Observer = Callable[[Source, Frame], None]


@dataclass(slots=True)
class Reception:
    """What came out of a slot so far."""

    frames: int = 0
    """Decoded."""
    first_frame_s: float | None = None
    """When the first came, on the clock of the event loop."""
    last_frame_s: float | None = None
    width: int = 0
    height: int = 0


class Participant:
    """Sends `sources`, receives `slots`; use it as an asynchronous context manager.

    `video_codec` is what the sources are sent in: a track of pre-encoded packets needs it to be theirs. Slots take every
    codec aiortc decodes. `observe` is called with every decoded frame.
    """

    def __init__(
        self,
        sources: Mapping[Source, MediaStreamTrack],
        slots: Collection[Source],
        *,
        video_codec: VideoCodec = "VP8",
        observe: Observer | None = None,
    ) -> None:
        self.received: dict[Source, Reception] = {slot: Reception() for slot in slots}
        self._observe = observe
        # With the default policy aiortc groups by kind, and forgets all but the first section of a kind when it bundles.
        self._pc = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self._changed = asyncio.Event()
        self._pc.on("connectionstatechange", self._changed.set)
        self._sources = {name: self._add_source(track, video_codec) for name, track in sources.items()}
        self._slots = {name: self._pc.addTransceiver(_kind(name), direction="recvonly") for name in slots}
        self._watchers: list[asyncio.Task[None]] = []

    def _add_source(self, track: MediaStreamTrack, video_codec: VideoCodec) -> RTCRtpTransceiver:
        transceiver = self._pc.addTransceiver(track, direction="sendonly")
        if track.kind == "video":
            codecs = RTCRtpSender.getCapabilities("video").codecs
            wanted = {f"video/{video_codec.lower()}", "video/rtx"}
            transceiver.setCodecPreferences([codec for codec in codecs if codec.mimeType.lower() in wanted])
        return transceiver

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def state(self) -> str:
        """`new`, `connecting`, `connected`, `failed` or `closed` (W3C RTCPeerConnectionState)."""
        return str(self._pc.connectionState)

    async def join(self, signalling: SignallingClient, timeout_s: float = 30.0) -> None:
        """Negotiate over the relay's signalling, and return when media can flow; raises `Unavailable` when it cannot."""
        answer = await signalling.request(await self.offer(), Answer)
        await self.accept(answer.sdp)
        await self.wait_connected(timeout_s)

    async def offer(self) -> Offer:
        """The offer, complete with candidates, and what its media sections are for."""
        await self._pc.setLocalDescription(await self._pc.createOffer())
        return Offer(
            sdp=self._pc.localDescription.sdp,
            sources={str(each.mid): name for name, each in self._sources.items()},
            slots={str(each.mid): name for name, each in self._slots.items()},
        )

    async def accept(self, sdp: str) -> None:
        """Take the answer, and begin to connect."""
        await self._pc.setRemoteDescription(RTCSessionDescription(sdp, "answer"))
        for name, transceiver in self._slots.items():
            watcher = self._watch(name, transceiver.receiver.track)
            self._watchers.append(asyncio.create_task(watcher, name=f"slot {name}"))

    async def wait_connected(self, timeout_s: float = 30.0) -> None:
        """Return when ICE and DTLS are done; raises `Unavailable` when they fail or take longer."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while self.state in {"new", "connecting"}:
                    self._changed.clear()
                    await self._changed.wait()
        if self.state != "connected":
            raise Unavailable(f"the media connection is {self.state} after {timeout_s} s")

    async def packets_received(self) -> dict[Source, int]:
        """RTP packets per slot, retransmissions included."""
        return {
            name: sum(
                each.packetsReceived
                for each in (await transceiver.receiver.getStats()).values()
                if each.type == "inbound-rtp"
            )
            for name, transceiver in self._slots.items()
        }

    def send(self, source: Source, track: MediaStreamTrack | None) -> None:
        """From now on send another track (None: nothing) as this source; it needs no negotiation."""
        self._sources[source].sender.replaceTrack(track)

    async def close(self) -> None:
        """Leave; more calls do nothing."""
        await self._pc.close()
        for watcher in self._watchers:
            watcher.cancel()
        for outcome in await asyncio.gather(*self._watchers, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome

    async def _watch(self, slot: Source, track: MediaStreamTrack) -> None:
        reception = self.received[slot]
        with suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                if not isinstance(frame, Frame):
                    continue
                reception.frames += 1
                reception.last_frame_s = asyncio.get_running_loop().time()
                if reception.first_frame_s is None:
                    reception.first_frame_s = reception.last_frame_s
                if isinstance(frame, VideoFrame):
                    reception.width, reception.height = frame.width, frame.height
                if self._observe is not None:
                    self._observe(slot, frame)


def _kind(source: Source) -> str:
    return "audio" if source == "microphone" else "video"

"""aiortc clients with nothing but data channels."""

import asyncio
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Protocol, Self

from aiortc import RTCConfiguration, RTCDataChannel, RTCPeerConnection, RTCSessionDescription

from relay.ids import PeerId
from relay.sfu import PeerOffer

LOSSY = {"ordered": False, "maxRetransmits": 0}
CHANNELS: Mapping[str, Mapping[str, Any]] = {"pointer": LOSSY, "pointer-2": LOSSY, "annotation": {}, "annotation-2": {}}


class Answers(Protocol):
    """An SFU, of one worker or several."""

    async def answer(self, peer: PeerId, offer: PeerOffer, near: None = None) -> str:
        """Answer an offer."""


class Talker:
    """`channels` by label; `heard` is what came in each."""

    def __init__(self, channels: Mapping[str, Mapping[str, Any]] = CHANNELS) -> None:
        self._pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.channels = {label: self._pc.createDataChannel(label, **how) for label, how in channels.items()}
        self.heard: dict[str, list[str | bytes]] = {label: [] for label in channels}
        for label, channel in self.channels.items():
            channel.on("message", self.heard[label].append)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._pc.close()

    async def join(self, sfu: Answers, name: PeerId, redirect: Callable[[str], str] = str) -> None:
        """Negotiate, and return when every channel is open."""
        await self._pc.setLocalDescription(await self._pc.createOffer())
        offer = PeerOffer(self._pc.localDescription.sdp, {}, {self._pc.sctp.mid: "data"})
        answer = redirect(await sfu.answer(name, offer))
        await self._pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        async with asyncio.timeout(30):
            while not all(map(_is_open, self.channels.values())):
                await asyncio.sleep(0.02)

    def say(self, label: str, data: str | bytes) -> None:
        """In a channel."""
        self.channels[label].send(data)


def _is_open(channel: RTCDataChannel) -> bool:
    return bool(channel.readyState == "open")

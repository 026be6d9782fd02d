"""What a synthetic kiosk and a synthetic seat have in common: clips as sources, watched slots, and one negotiation."""

import asyncio
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from av.frame import Frame

from relay.client.clip import Clip, ClipTrack
from relay.client.signalling import SignallingClient
from relay.client.webrtc import Participant, VideoCodec
from relay.errors import RelayError
from relay.ids import PeerId
from relay.server.messages import FirstFrame, SetSource, Source
from relay.service.participants import Desk, Who


@dataclass(frozen=True, slots=True)
class SlotReport:
    """What one slot gave in the latest call."""

    slot: Source
    frames: int
    """Decoded since the call was connected."""
    first_frame_ms: float | None
    """From `call.connected` to the first of them."""
    silent_s: float | None
    """Since the last of them."""


class Station:
    """Sends clips while it is in a call, and nothing otherwise, like the pages do."""

    def __init__(
        self, clips: Mapping[Source, Clip], slots: Collection[Source], video_codec: VideoCodec = "VP8"
    ) -> None:
        self._tracks = {source: ClipTrack(clip) for source, clip in clips.items()}
        self._participant = Participant(self._tracks, slots, video_codec=video_codec, observe=self._observe)
        self.peer: PeerId | None = None
        """Its name in the SFU, once it has joined."""
        self._signalling: SignallingClient | None = None
        self._call = ""
        self._connected_s = 0.0
        self._frames: dict[Source, int] = dict.fromkeys(slots, 0)
        self._first_ms: dict[Source, float] = {}
        self._reports: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for report in self._reports:
            report.cancel()
        await self._participant.close()

    async def join(self, signalling: SignallingClient) -> None:
        """Negotiate and connect; raises `Unavailable` when that fails."""
        welcome = signalling.welcome
        self._signalling = signalling
        self._silence()
        await self._participant.join(signalling)
        self.peer = Who(Desk(welcome.role), welcome.identity).peer(welcome.session)

    async def begin(self, call: str) -> None:
        """The call is connected: send every source from a keyframe on, and time the first frame of every slot."""
        if call == self._call:
            return
        self._call, self._connected_s = call, asyncio.get_running_loop().time()
        self._frames = dict.fromkeys(self._frames, 0)
        self._first_ms.clear()
        for source, track in self._tracks.items():
            track.restart()
            self._participant.send(source, track)
        await self._announce(active=True)

    async def finish(self) -> None:
        """The call is over: send nothing."""
        if self._call:
            self._call = ""
            self._silence()
            await self._announce(active=False)

    def reports(self) -> Iterator[SlotReport]:
        """What each slot gave in this call, or in the last one."""
        now_s = asyncio.get_running_loop().time()
        for slot, frames in self._frames.items():
            last_s = self._participant.received[slot].last_frame_s
            silent_s = now_s - last_s if frames and last_s is not None else None
            yield SlotReport(slot, frames, self._first_ms.get(slot), silent_s)

    def _silence(self) -> None:
        for source in self._tracks:
            self._participant.send(source, None)

    async def _announce(self, *, active: bool) -> None:
        if self._signalling is not None:
            for source in self._tracks:
                await self._signalling.request(SetSource(source=source, active=active))

    def _observe(self, slot: Source, _frame: Frame) -> None:
        self._frames[slot] += 1
        if self._call and slot not in self._first_ms:
            self._first_ms[slot] = (asyncio.get_running_loop().time() - self._connected_s) * 1000
            report = asyncio.create_task(self._report_first_frame(self._call, slot), name=f"first frame {slot}")
            self._reports.add(report)
            report.add_done_callback(self._reports.discard)

    async def _report_first_frame(self, call: str, slot: Source) -> None:
        if self._signalling is None:
            return
        try:
            await self._signalling.request(FirstFrame(call=call, slot=slot, elapsed_ms=self._first_ms[slot]))
        except RelayError:
            return  # the call is over already; the measurement is lost with it

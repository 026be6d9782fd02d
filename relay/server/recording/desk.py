"""Which calls are recorded, why, and with whose consent: starts, feeds and ends the recorders.

A recorder is a receiving peer of the media plane like any other, in a process of its own: it can be slow, full or dead
without the call noticing. One that dies is replaced while the call lasts, by another set of files.
"""

import asyncio
import logging
import re
import secrets
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

import msgspec

from relay.clock import Clock
from relay.config import RecordingSettings
from relay.errors import Conflict, LimitReached, NotFound, Unavailable
from relay.ids import PeerId
from relay.recorder.messages import Answer, Feed, Offer, Over, Progress, Start, Stop
from relay.server.recording.process import RecorderProcess
from relay.service.conversations import sources_of_call
from relay.service.observations import RecordingCounts
from relay.service.shell.exchange import Exchange
from relay.service.wiring import SOURCES, changes, slot_name
from relay.sfu.session.events import PeerOffer, SlotRef, SourceRef

FEED_S: Final = 0.5
MAX_RECORDERS: Final = 3
"""Processes for one recording, one after another."""
_UNSAFE: Final = re.compile(r"[^\w\-]")
_log = logging.getLogger(__name__)


class RecordingOff(Conflict):
    """This relay records nothing."""

    problem = "recording-off"
    hint = "Set `[recording] directory`."


class ConsentMissing(Conflict):
    """A recording needs the consent of those who are recorded."""

    problem = "consent-missing"
    hint = "Ask the citizen, and send `consent` with how it was given."


class RecordingView(msgspec.Struct, frozen=True, kw_only=True):
    """A recording that runs."""

    call: str
    began_ms: int
    reason: str
    consent: str
    stem: str
    """Of its files in the directory of the settings: `STEM.jsonl`, `STEM-0001.mkv`, …"""
    recorder_pid: int
    packets: int
    lost_packets: int
    written_bytes: int


@dataclass(slots=True, eq=False)
class _Recording:
    call: str
    reason: str
    consent: str
    began_ms: int
    stem: str = ""
    peer: PeerId | None = None
    """Of the recorder that runs."""
    process: RecorderProcess | None = None
    why_over: str = ""
    made: dict[SlotRef, SourceRef] = field(default_factory=dict)
    progress: Progress | None = None
    task: "asyncio.Task[None] | None" = None


class RecordingDesk:
    """All recordings. All methods are for the loop of the exchange."""

    def __init__(self, exchange: Exchange, settings: RecordingSettings, clock: Clock) -> None:
        self._exchange = exchange
        self._settings = settings
        self._clock = clock
        self._counts: RecordingCounts = exchange.observations.recordings
        self._by_call: dict[str, _Recording] = {}

    def start(self, call: str, reason: str, consent: str) -> RecordingView:
        """Record a call from now on; one that is recorded already stays so.

        Raises `RecordingOff`, `NotFound` for a call that is over, `ConsentMissing`, `LimitReached`, `Unavailable`.
        """
        known = self._by_call.get(call)
        if known is not None:
            return _view(known)
        if not self._settings.directory:
            raise RecordingOff
        if self._exchange.records.call(call) is None:
            raise NotFound(f"There is no call {call!r}, or it is over.")
        if self._settings.consent_required and not consent.strip():
            raise ConsentMissing
        if len(self._by_call) >= self._settings.max_recordings:
            raise LimitReached(f"At most {self._settings.max_recordings} calls are recorded at once.")
        if self._exchange.draining:
            raise Unavailable("This relay is about to stop.")
        recording = _Recording(call, reason, consent, self._clock.wall_ms())
        recording.task = asyncio.create_task(self._live(recording))
        self._by_call[call] = recording
        self._counts.running = len(self._by_call)
        return _view(recording)

    async def stop(self, call: str, reason: str) -> None:
        """End a recording; its files are complete when this returns. Raises `NotFound`."""
        recording = self._by_call.get(call)
        if recording is None or recording.task is None:
            raise NotFound(f"The call {call!r} is not recorded.")
        _tell_end(recording, reason or "stopped")
        await asyncio.wait([recording.task])

    def recordings(self) -> list[RecordingView]:
        """Those that run."""
        return [_view(recording) for recording in self._by_call.values()]

    async def run(self) -> None:
        """Feed the recorders for ever; cancelled, it ends them all."""
        try:
            while True:
                for recording in list(self._by_call.values()):
                    await self._feed(recording)
                await asyncio.sleep(FEED_S)
        finally:
            for recording in self._by_call.values():
                _tell_end(recording, "relay-stopping")
            tasks = [recording.task for recording in self._by_call.values() if recording.task is not None]
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _live(self, recording: _Recording) -> None:
        """From the first recorder to the end of the last."""
        reason = "failed"
        try:
            for _ in range(MAX_RECORDERS):
                reason = await self._record(recording)
                if recording.why_over or reason != "died":
                    break
        except Exception:
            _log.exception("a recording failed", extra={"call": recording.call})
        finally:
            del self._by_call[recording.call]
            self._counts.running = len(self._by_call)
            self._counts.ended[_label(reason)] += 1
            _log.info("recording over", extra={"call": recording.call, "stem": recording.stem, "reason": reason})

    async def _record(self, recording: _Recording) -> str:
        """One recorder's life; why it ended."""
        recording.stem = f"{_UNSAFE.sub('_', recording.call)}-{recording.began_ms}-{secrets.token_hex(3)}"
        peer = recording.peer = PeerId(f"recorder/{recording.call}/{secrets.token_hex(6)}")
        recording.made, recording.progress = {}, None
        process = recording.process = await RecorderProcess.spawn(self._start_of(recording))
        _log.info("recording", extra={"call": recording.call, "stem": recording.stem, "pid": process.pid})
        reason = "died"
        try:
            async for telling in process.tellings():
                match telling:
                    case Offer(sdp, slots):
                        process.tell(Answer(await self._exchange.media.answer(peer, PeerOffer(sdp, {}, slots))))
                        await self._feed(recording)
                        if recording.why_over:
                            process.tell(Stop(recording.why_over))
                    case Progress():
                        self._count(recording, telling)
                    case Over(reason=reason):
                        self._count(recording, Progress(telling.totals, telling.written_bytes))
        finally:
            recording.peer = None
            await self._exchange.media.remove(peer)
            await process.end()
        return reason

    def _start_of(self, recording: _Recording) -> Start:
        settings = self._settings
        places = range(1, settings.parties + 1)
        slots = {
            slot_name(source, place): "audio" if source == "microphone" else "video"
            for place in places
            for source in SOURCES
        }
        return Start(
            call=recording.call,
            stem=recording.stem,
            directory=settings.directory,
            host=_near(self._exchange.media.address[0]),
            slots=slots,
            segment_s=settings.segment_s,
            segment_bytes=settings.segment_bytes,
            consent=recording.consent,
            reason=recording.reason,
        )

    async def _feed(self, recording: _Recording) -> None:
        """Lead what is said and shown in the call to its recorder, and end it with the call."""
        view = self._exchange.records.call(recording.call)
        if view is None or view.state == "wrap-up":
            _tell_end(recording, "call-over")
        if recording.peer is None:
            return
        sources = sources_of_call(self._exchange.conversations, recording.call, self._settings.parties)
        wanted = {SlotRef(recording.peer, slot): source for slot, source in sources.items()}
        different = changes(recording.made, wanted)
        recording.made = wanted
        for route in different:
            await self._exchange.media.route(route.slot, route.source)
        if different and recording.process is not None:
            labels = {slot: f"{source.peer.rpartition('/')[0]} {source.source}" for slot, source in sources.items()}
            recording.process.tell(Feed(labels))

    def _count(self, recording: _Recording, progress: Progress) -> None:
        before = _view(recording)
        recording.progress = progress
        after = _view(recording)
        self._counts.packets += after.packets - before.packets
        self._counts.lost_packets += after.lost_packets - before.lost_packets
        self._counts.written_bytes += after.written_bytes - before.written_bytes


def _tell_end(recording: _Recording, reason: str) -> None:
    if not recording.why_over:
        recording.why_over = reason
        if recording.process is not None:
            recording.process.tell(Stop(reason))


def _near(host: str) -> str:
    """Where a port bound to `host` is reached on this machine."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104


_ENDS: Final = frozenset({"call-over", "relay-stopping", "disk", "died", "failed"})


def _label(reason: str) -> str:
    """A reason as a label: a portal's own words are all `stopped`."""
    word = reason.partition(":")[0]
    return word if word in _ENDS else "stopped"


def _view(recording: _Recording) -> RecordingView:
    totals: Counter[str] = Counter()
    for slot in recording.progress.totals.values() if recording.progress else ():
        totals.update(slot)
    return RecordingView(
        call=recording.call,
        began_ms=recording.began_ms,
        reason=recording.reason,
        consent=recording.consent,
        stem=recording.stem,
        recorder_pid=recording.process.pid if recording.process else 0,
        packets=totals["packets"],
        lost_packets=totals["lost"],
        written_bytes=recording.progress.written_bytes if recording.progress else 0,
    )

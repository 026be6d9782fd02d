"""Which calls are recorded, why, and with whose consent: starts, feeds and ends the recorders.

A recorder is a receiving peer of the media plane like any other, in a process of its own: it can be slow, full or dead
without the call noticing. One that dies, or whose media worker does, is replaced while the call lasts, by another set of
files. Everybody in a call is told while it is recorded.
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
from relay.errors import Conflict, LimitReached, NotFound, Refusal, RelayError, Unavailable
from relay.ids import PeerId
from relay.recorder.messages import MEDIA_LOST, Answer, FedBy, Feed, Offer, Over, Progress, Start, Stop
from relay.server.recording.process import RecorderProcess
from relay.service.conversations import speakers_of_call
from relay.service.observations import RecordingCounts
from relay.service.outputs import Tell
from relay.service.shell.exchange import Exchange
from relay.service.telling import Teller
from relay.service.wiring import SOURCES, changes, slot_name
from relay.sfu.session.events import PeerClosed, PeerOffer, SfuEvent, SlotRef, SourceRef

FEED_S: Final = 0.5
MAX_RECORDERS: Final = 5
"""Processes for one recording, one after another."""
RETRY_S: Final = 2.0
ALL: Final = "all calls are recorded"
"""Why, where the settings say so."""
_UNSAFE: Final = re.compile(r"[^\w\-]")
_log = logging.getLogger(__name__)


class RecordingOff(Conflict):
    """This relay records nothing."""

    problem = "recording-off"
    hint = "Set `[recording] directory`, and `record` to other than `never`."


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
    fed: dict[str, FedBy] = field(default_factory=dict)
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
        self._left_alone: set[str] = set()
        """Calls that are not recorded though all are: ended by a portal, or refused."""

    def start(self, call: str, reason: str, consent: str) -> RecordingView:
        """Record a call from now on; one that is recorded already stays so.

        Raises `RecordingOff`, `NotFound` for a call that is over, `ConsentMissing`, `LimitReached`, `Unavailable`.
        """
        known = self._by_call.get(call)
        if known is not None:
            return _view(known)
        if not self._settings.directory or self._settings.record == "never":
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
        unsubscribe = self._exchange.media.subscribe(self._hear)
        try:
            while True:
                self._start_all()
                for recording in list(self._by_call.values()):
                    await self._look(recording)
                await asyncio.sleep(FEED_S)
        finally:
            unsubscribe()
            for recording in self._by_call.values():
                _tell_end(recording, "relay-stopping")
            tasks = [recording.task for recording in self._by_call.values() if recording.task is not None]
            await asyncio.gather(*tasks, return_exceptions=True)

    def _start_all(self) -> None:
        """Where all calls are recorded, those that are not yet."""
        if self._settings.record != "all":
            return
        calls = [call for call, _ in self._exchange.conversations.hearing()]
        self._left_alone.intersection_update(calls)
        for call in calls:
            if call not in self._by_call and call not in self._left_alone and _is_talking(self._exchange, call):
                self._start_one_of_all(call)

    def _start_one_of_all(self, call: str) -> None:
        try:
            self.start(call, ALL, self._settings.consent)
        except Refusal as refusal:
            self._left_alone.add(call)
            self._counts.ended["refused"] += 1
            _log.error("a call is not recorded: %s", refusal, extra={"call": call})

    async def _look(self, recording: _Recording) -> None:
        """One that cannot be fed must not keep the others from it."""
        try:
            await self._feed(recording)
        except Exception:
            _log.exception("a recording was not fed", extra={"call": recording.call})

    def _hear(self, event: SfuEvent) -> None:
        """The media worker of a recorder is gone: another recorder goes on at another worker."""
        if isinstance(event, PeerClosed) and event.reason != "removed":
            for recording in self._by_call.values():
                if recording.peer == event.peer and recording.process is not None:
                    recording.process.tell(Stop(MEDIA_LOST))

    async def _live(self, recording: _Recording) -> None:
        """From the first recorder to the end of the last."""
        reason = "failed"
        try:
            self._announce(recording.call, recorded=True)
            for _ in range(MAX_RECORDERS):
                reason = await self._tried(recording)
                if recording.why_over or reason not in _ANOTHER:
                    break
                self._counts.replaced += reason != "failed"
        except Exception:
            _log.exception("a recording failed", extra={"call": recording.call})
        finally:
            del self._by_call[recording.call]
            if self._settings.record == "all":
                self._left_alone.add(recording.call)
            self._counts.running = len(self._by_call)
            self._counts.ended[_label(reason)] += 1
            level = logging.ERROR if _label(reason) in _ANOTHER | {"disk"} else logging.INFO
            _log.log(level, "recording over", extra={"call": recording.call, "stem": recording.stem, "reason": reason})
            self._announce(recording.call, recorded=False)

    def _announce(self, call: str, *, recorded: bool) -> None:
        """Tell everybody in the call; who comes later is told with all else."""
        exchange = self._exchange
        (exchange.conversations.recorded.add if recorded else exchange.conversations.recorded.discard)(call)
        view = exchange.records.call(call)
        teller = Teller(exchange.participants, exchange.conversations, exchange.records)
        for output in teller.everybody(exchange.conversations.members(call), view) if view is not None else ():
            if isinstance(output, Tell):
                output.line.tell(output.notice)

    async def _tried(self, recording: _Recording) -> str:
        """One recorder's life, or that none could begin."""
        try:
            return await self._record(recording)
        except (RelayError, OSError) as error:
            _log.warning("no recorder could begin: %s", error, extra={"call": recording.call})
            await asyncio.sleep(RETRY_S)
            return "failed"

    async def _record(self, recording: _Recording) -> str:
        """One recorder's life; why it ended."""
        recording.stem = f"{_UNSAFE.sub('_', recording.call)}-{recording.began_ms}-{secrets.token_hex(3)}"
        peer = PeerId(f"recorder/{recording.call}/{secrets.token_hex(6)}")
        recording.made, recording.fed, recording.progress = {}, {}, None
        process = recording.process = await RecorderProcess.spawn(self._start_of(recording))
        _log.info("recording", extra={"call": recording.call, "stem": recording.stem, "pid": process.pid})
        reason = "died"
        try:
            async for telling in process.tellings():
                match telling:
                    case Offer(sdp, slots):
                        process.tell(Answer(await self._answer(recording, peer, PeerOffer(sdp, {}, slots))))
                        recording.peer = peer
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

    async def _answer(self, recording: _Recording, peer: PeerId, offer: PeerOffer) -> str:
        """At the worker of those in the call, where there is room or not: it is part of a call."""
        near = [speaker.peer for speaker in speakers_of_call(self._exchange.conversations, recording.call)]
        return await self._exchange.media.answer(peer, offer, near)

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
        wanted: dict[SlotRef, SourceRef] = {}
        fed: dict[str, FedBy] = {}
        speakers = speakers_of_call(self._exchange.conversations, recording.call)[: self._settings.parties]
        for place, speaker in enumerate(speakers, start=1):
            for source in SOURCES:
                slot = slot_name(source, place)
                wanted[SlotRef(recording.peer, slot)] = SourceRef(speaker.peer, source)
                fed[slot] = FedBy(speaker.peer.rpartition("/")[0], speaker.role.value, source)
        different = changes(recording.made, wanted)
        changed, recording.made, recording.fed = fed != recording.fed, wanted, fed
        for route in different:
            await self._exchange.media.route(route.slot, route.source)
        if changed and recording.process is not None:
            recording.process.tell(Feed(fed))

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


def _is_talking(exchange: Exchange, call: str) -> bool:
    view = exchange.records.call(call)
    return view is not None and view.state in {"connected", "held"}


def _near(host: str) -> str:
    """Where a port bound to `host` is reached on this machine."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104


_ANOTHER: Final = frozenset({"died", "failed", MEDIA_LOST})
"""Ends of a recorder that are none of its recording."""
_ENDS: Final = frozenset({"call-over", "relay-stopping", "disk", "died", "failed", MEDIA_LOST})


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

"""Which file a frame goes to: segments with fixed tracks, begun anew for time, size, a new source or another format. Pure.

A file's tracks stand in its head, so a source that begins later, or changes its codec or size, begins a new segment. Sound
moves to it at once; a running picture stays in the old one until a keyframe (which is asked for until it comes), so that
nothing is lost between them. A frame earlier than its segment stays in the old one too: no time is ever bent.
"""

from dataclasses import dataclass
from typing import Final

from relay.recorder.frames import Format
from relay.recorder.matroska import Track, head
from relay.recorder.reception import TimedFrame
from relay.recorder.tracks import Segment, Span

START_PATIENCE_S: Final = 2.0
"""A segment that a new source needs waits so long for other sources that are heard and have shown no frame yet."""
MAX_EARLY_BYTES: Final = 16 * 1024 * 1024
"""Nor does it wait when so much waits for it."""
KEYFRAME_INTERVAL_S: Final = 1.0
LEAVING_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Begin:
    """Create this file, with these bytes."""

    file: str
    data: bytes
    began_s: float
    tracks: tuple[tuple[str, Track], ...]
    """By slot."""


@dataclass(frozen=True, slots=True)
class Append:
    """Write a whole cluster."""

    file: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Finish:
    """The file is complete."""

    file: str
    ended_s: float
    spans: tuple[tuple[str, Span], ...]
    """What each slot has in it."""


@dataclass(frozen=True, slots=True)
class WantKeyframe:
    """Ask the source of this slot for a keyframe."""

    slot: str


Output = Begin | Append | Finish | WantKeyframe


class Segments:
    """given: the name of the call, bounds. owned: the segments that are open, and which each slot is written to."""

    def __init__(self, stem: str, max_s: float, max_bytes: int) -> None:
        self._stem = stem
        self._max_s = max_s
        self._max_bytes = max_bytes
        self._count = 0
        self._labels: dict[str, str] = {}
        self._shapes: dict[str, tuple[Format, str]] = {}
        """What the track of a slot must be: its format and its source."""
        self._open: list[Segment] = []
        """The one in force is the last."""
        self._in: dict[str, Segment] = {}
        self._early: dict[str, list[TimedFrame]] = {}
        """Of slots that wait for a segment."""
        self._early_since_s = 0.0
        self._early_bytes = 0
        self._leaving: dict[str, float] = {}
        self._newest_s = 0.0
        self._asked_s = float("-inf")

    def label(self, slot: str, source: str, now_s: float) -> None:
        """What feeds this slot, for the names of tracks: another one needs another track. Empty: nothing; what of the
        former source is still on its way is taken for `LEAVING_S`."""
        self._labels[slot] = source
        self._leaving.pop(slot, None)
        if not source:
            self._leaving[slot] = now_s

    def push(self, slot: str, frames: list[TimedFrame], now_s: float) -> list[Output]:
        """Take a slot's next frames; the first of a source is a keyframe."""
        return [output for timed in frames for output in self._push(slot, timed, now_s)]

    def handle_time(self, now_s: float, *, unready: bool) -> list[Output]:
        """Write what is due. `unready`: a slot is heard that has shown no frame yet."""
        outputs: list[Output] = []
        if self._early:
            waited = now_s >= self._early_since_s + START_PATIENCE_S or self._early_bytes >= MAX_EARLY_BYTES
            if waited or not unready:
                outputs += self._begin()
        elif self._open and self._is_full(self._open[-1], now_s):
            outputs += self._begin()
        self._let_go(now_s)
        for segment in list(self._open):
            outputs += [Append(segment.file, data) for data in segment.due(now_s)]
            if segment is not self._open[-1] and segment not in self._in.values():
                outputs += self._finish(segment, now_s)
        return outputs + self._want_keyframes(now_s)

    def end(self, now_s: float) -> list[Output]:
        """Write everything, and close."""
        outputs: list[Output] = self._begin() if self._early else []
        for segment in list(self._open):
            outputs += self._finish(segment, now_s)
        return outputs

    def _push(self, slot: str, timed: TimedFrame, now_s: float) -> list[Output]:
        outputs = self._reshape(slot, timed.frame.format, now_s)
        self._newest_s = max(self._newest_s, timed.at_s)
        if slot in self._early:
            self._early[slot].append(timed)
            self._early_bytes += len(timed.frame.data)
        elif slot in self._in:
            current = self._open[-1]
            if timed.frame.keyframe and slot in current.tracks and timed.at_s >= current.began_s:
                self._in[slot] = current
            self._in[slot].add(slot, timed, now_s)
        return outputs

    def _reshape(self, slot: str, form: Format | None, now_s: float) -> list[Output]:
        """A slot that shows something else than before waits for the next segment; nothing else may wait there of it."""
        source = self._labels.get(slot, slot) or self._shapes.get(slot, (None, ""))[1]
        if form is None or not source or self._shapes.get(slot) == (form, source):
            return []
        outputs = self._begin() if slot in self._early else []
        if not self._early:
            self._early_since_s = now_s
        self._shapes[slot] = form, source
        self._early[slot] = []
        return outputs

    def _let_go(self, now_s: float) -> None:
        """Of the slots that nothing feeds any more."""
        for slot, since_s in list(self._leaving.items()):
            if now_s >= since_s + LEAVING_S and slot not in self._early:
                del self._leaving[slot]
                self._in.pop(slot, None)
                self._shapes.pop(slot, None)

    def _is_full(self, segment: Segment, now_s: float) -> bool:
        return now_s - segment.began_s >= self._max_s or segment.size >= self._max_bytes

    def _begin(self) -> list[Output]:
        """Without frames that wait it begins where nothing was written yet: those before belong to the old one."""
        early = [timed.at_s for frames in self._early.values() for timed in frames]
        began_s = min(early) if early else self._newest_s
        self._count += 1
        tracks = {
            slot: Track(number, form.codec, source, form.private, form.width, form.height)
            for number, (slot, (form, source)) in enumerate(sorted(self._shapes.items()), start=1)
        }
        segment = Segment(f"{self._stem}-{self._count:04d}.mkv", began_s, tracks)
        self._open.append(segment)
        for slot, frames in self._early.items():
            self._in[slot] = segment
            for timed in frames:
                segment.add(slot, timed, self._early_since_s)
        self._early, self._early_bytes, self._asked_s = {}, 0, float("-inf")
        return [Begin(segment.file, head(list(tracks.values()), round(began_s * 1000)), began_s, tuple(tracks.items()))]

    def _finish(self, segment: Segment, now_s: float) -> list[Output]:
        self._open.remove(segment)
        self._in = {slot: each for slot, each in self._in.items() if each is not segment}
        rest: list[Output] = [Append(segment.file, data) for data in segment.rest()]
        return [*rest, Finish(segment.file, now_s, tuple(segment.spans.items()))]

    def _want_keyframes(self, now_s: float) -> list[Output]:
        """Of the pictures that are still in an old segment."""
        if len(self._open) < 2 or now_s < self._asked_s + KEYFRAME_INTERVAL_S:
            return []
        self._asked_s = now_s
        tracks = self._open[-1].tracks
        behind = [slot for slot, segment in self._in.items() if segment is not self._open[-1] and slot in tracks]
        return [WantKeyframe(slot) for slot in behind if tracks[slot].width]

"""Which file a frame goes to: segments with fixed tracks, begun anew for time, size, a new source or another format. Pure.

A file's tracks stand in its head, so a source that begins later, or changes its codec or size, begins a new segment. Sound
moves to it at once; a running picture stays in the old one until its next keyframe, so that nothing is lost between them.
"""

from dataclasses import dataclass, field
from typing import Final

from relay.recorder import matroska
from relay.recorder.frames import Format
from relay.recorder.matroska import Block, Track
from relay.recorder.reception import TimedFrame

CLUSTER_MS: Final = 1000
CLUSTER_BYTES: Final = 1_048_576
START_PATIENCE_S: Final = 2.0
"""The first segment waits so long for sources that are heard and have shown no keyframe yet."""
OVERLAP_S: Final = 5.0
"""A picture without a keyframe for so long leaves the old segment all the same."""


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


@dataclass(frozen=True, slots=True)
class WantKeyframe:
    """Ask the source of this slot for a keyframe."""

    slot: str


Output = Begin | Append | Finish | WantKeyframe


@dataclass(slots=True)
class _Segment:
    file: str
    began_s: float
    tracks: dict[str, Track]
    size: int = 0
    blocks: list[Block] = field(default_factory=list)
    block_bytes: int = 0
    last_ms: dict[int, int] = field(default_factory=dict)
    retired_s: float | None = None
    """Since when another one takes its place."""

    def add(self, slot: str, timed: TimedFrame) -> None:
        number = self.tracks[slot].number
        at_ms = max(round((timed.at_s - self.began_s) * 1000), self.last_ms.get(number, 0))
        self.last_ms[number] = at_ms
        self.blocks.append(Block(number, at_ms, timed.frame.data, timed.frame.keyframe))
        self.block_bytes += len(timed.frame.data)

    def flush(self, *, whole: bool) -> list[Append]:
        if not self.blocks:
            return []
        self.blocks.sort(key=lambda block: block.at_ms)
        span_ms = self.blocks[-1].at_ms - self.blocks[0].at_ms
        if not whole and span_ms < CLUSTER_MS and self.block_bytes < CLUSTER_BYTES:
            return []
        appended = []
        while self.blocks:
            limit_ms = self.blocks[0].at_ms + matroska.MAX_CLUSTER_MS
            row = [block for block in self.blocks if block.at_ms < limit_ms]
            self.blocks = self.blocks[len(row) :]
            appended.append(Append(self.file, matroska.cluster(row)))
        self.block_bytes = 0
        self.size += sum(len(each.data) for each in appended)
        return appended


class Segments:
    """given: the name of the call, bounds. owned: the segments that are open, and which each slot is written to."""

    def __init__(self, stem: str, max_s: float, max_bytes: int) -> None:
        self._stem = stem
        self._max_s = max_s
        self._max_bytes = max_bytes
        self._count = 0
        self._formats: dict[str, Format] = {}
        self._labels: dict[str, str] = {}
        self._open: list[_Segment] = []
        """The one in force is the last."""
        self._in: dict[str, _Segment] = {}
        self._early: dict[str, list[TimedFrame]] = {}
        self._first_s: float | None = None

    def label(self, slot: str, source: str) -> None:
        """What feeds this slot, for the names of tracks."""
        self._labels[slot] = source

    def push(self, slot: str, frames: list[TimedFrame], now_s: float) -> list[Output]:
        """Take a slot's next frames."""
        outputs: list[Output] = []
        for timed in frames:
            outputs += self._push(slot, timed, now_s)
        return outputs

    def handle_time(self, now_s: float, *, unready: bool) -> list[Output]:
        """Write what is due. `unready`: a slot is heard that has shown no frame yet."""
        outputs: list[Output] = []
        if not self._open:
            waited = self._first_s is not None and now_s >= self._first_s + START_PATIENCE_S
            if self._early and (waited or not unready):
                outputs += self._begin(now_s)
        elif now_s - self._open[-1].began_s >= self._max_s or self._open[-1].size >= self._max_bytes:
            outputs += self._begin(now_s)
        for segment in list(self._open):
            outputs += segment.flush(whole=False)
            outputs += self._retire(segment, now_s)
        return outputs

    def end(self, now_s: float) -> list[Output]:
        """Write everything, and close."""
        outputs: list[Output] = self._begin(now_s) if self._early and not self._open else []
        for segment in self._open:
            outputs += [*segment.flush(whole=True), Finish(segment.file, now_s)]
        self._open, self._in = [], {}
        return outputs

    def _push(self, slot: str, timed: TimedFrame, now_s: float) -> list[Output]:
        outputs: list[Output] = []
        changed = timed.frame.format is not None and timed.frame.format != self._formats.get(slot)
        if changed and timed.frame.format is not None:
            self._formats[slot] = timed.frame.format
        if not self._open:
            self._first_s = now_s if self._first_s is None else self._first_s
            self._early.setdefault(slot, []).append(timed)
            return []
        if changed:
            outputs += self._begin(now_s)
        current = self._open[-1]
        if timed.frame.keyframe and slot in current.tracks:
            self._in[slot] = current
        if slot in self._in:
            self._in[slot].add(slot, timed)
        return outputs

    def _begin(self, now_s: float) -> list[Output]:
        early = [timed for frames in self._early.values() for timed in frames]
        began_s = min((timed.at_s for timed in early), default=now_s)
        if not early and self._open:
            began_s = max(self._open[-1].began_s, now_s - START_PATIENCE_S)
        tracks = {
            slot: Track(number, form.codec, self._labels.get(slot, slot), form.private, form.width, form.height)
            for number, (slot, form) in enumerate(sorted(self._formats.items()), start=1)
        }
        self._count += 1
        segment = _Segment(f"{self._stem}-{self._count:04d}.mkv", began_s, tracks)
        if self._open:
            self._open[-1].retired_s = now_s
        self._open.append(segment)
        outputs: list[Output] = [
            Begin(
                segment.file,
                matroska.head(list(tracks.values()), round(began_s * 1000)),
                began_s,
                tuple(tracks.items()),
            )
        ]
        for slot, frames in self._early.items():
            self._in[slot] = segment
            for timed in frames:
                segment.add(slot, timed)
        self._early = {}
        return outputs + [WantKeyframe(slot) for slot, track in tracks.items() if track.width and slot in self._in]

    def _retire(self, segment: _Segment, now_s: float) -> list[Output]:
        if segment.retired_s is None:
            return []
        overdue = now_s >= segment.retired_s + OVERLAP_S
        if not overdue and any(each is segment for each in self._in.values()):
            return []
        self._in = {slot: each for slot, each in self._in.items() if each is not segment}
        self._open.remove(segment)
        return [*segment.flush(whole=True), Finish(segment.file, now_s)]

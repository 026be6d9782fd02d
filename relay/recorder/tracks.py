"""One segment that is being written: frames in, whole clusters out. Pure."""

from dataclasses import dataclass, field
from typing import Final

from relay.recorder.matroska import MAX_CLUSTER_MS, Block, Track, cluster
from relay.recorder.reception import TimedFrame

CLUSTER_S: Final = 1.0
"""A cluster is written when its first frame has waited so long, or with this much of media."""
CLUSTER_BYTES: Final = 1_048_576


@dataclass(slots=True)
class Span:
    """What a track has in a segment; milliseconds since the segment began."""

    first_ms: int
    last_ms: int
    frames: int = 0


@dataclass(slots=True)
class Segment:
    """given: its file, when its time is 0, its tracks by slot. owned: the frames of the next cluster."""

    file: str
    began_s: float
    tracks: dict[str, Track]
    size: int = 0
    """Bytes of clusters."""
    spans: dict[str, Span] = field(default_factory=dict)
    _blocks: list[Block] = field(default_factory=list)
    _block_bytes: int = 0
    _since_s: float = 0.0

    def add(self, slot: str, timed: TimedFrame, now_s: float) -> None:
        """Take a frame of a slot. Within a track times never go back."""
        at_ms = max(0, round((timed.at_s - self.began_s) * 1000))
        span = self.spans.get(slot)
        if span is None:
            span = self.spans[slot] = Span(at_ms, at_ms)
        at_ms = span.last_ms = max(at_ms, span.last_ms)
        span.frames += 1
        if not self._blocks:
            self._since_s = now_s
        self._blocks.append(Block(self.tracks[slot].number, at_ms, timed.frame.data, timed.frame.keyframe))
        self._block_bytes += len(timed.frame.data)

    def due(self, now_s: float) -> list[bytes]:
        """The clusters that are due; nothing waits for longer than `CLUSTER_S`, so that a kill loses no more."""
        due = self._blocks and (now_s >= self._since_s + CLUSTER_S or self._block_bytes >= CLUSTER_BYTES)
        return self.rest() if due else []

    def rest(self) -> list[bytes]:
        """Everything there is, as clusters."""
        self._blocks.sort(key=lambda block: block.at_ms)
        clusters = []
        while self._blocks:
            limit_ms = self._blocks[0].at_ms + MAX_CLUSTER_MS
            row = [block for block in self._blocks if block.at_ms < limit_ms]
            self._blocks = self._blocks[len(row) :]
            clusters.append(cluster(row))
        self._block_bytes = 0
        self.size += sum(map(len, clusters))
        return clusters

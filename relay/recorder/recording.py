"""A whole recording without its world: session events and time in; what to write, send and tell out. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from relay.recorder import index
from relay.recorder.reception import Reception
from relay.recorder.segments import Append, Begin, Finish, Output, Segments, WantKeyframe
from relay.recorder.session import Event, Media, Report, encodings
from relay.recorder.timeline import Clocks

_RATES: Final = {"audio": 48_000, "video": 90_000}


@dataclass(frozen=True, slots=True)
class Write:
    """Append to a file; `new`: it must not exist."""

    file: str
    data: bytes
    new: bool = False


@dataclass(frozen=True, slots=True)
class Close:
    """Nothing more is written to this file."""

    file: str


Deed = Write | Close | WantKeyframe


@dataclass(frozen=True, slots=True)
class Bounds:
    """When a new segment begins."""

    segment_s: float
    segment_bytes: int


class Recording:
    """given: the call, its slots with their kinds. owned: receptions, clocks, segments, the index."""

    def __init__(self, stem: str, slots: Mapping[str, str], bounds: Bounds) -> None:
        self.index_file = f"{stem}.jsonl"
        clocks = Clocks()
        self._receptions = {slot: Reception(encodings(kind), _RATES[kind], clocks) for slot, kind in slots.items()}
        self._segments = Segments(stem, bounds.segment_s, bounds.segment_bytes)
        self._gaps = index.Gaps({})
        self._labels: dict[str, str] = {}

    def begin(self, call: str, consent: str, reason: str, now_s: float) -> list[Deed]:
        """The first line of the index."""
        return [Write(self.index_file, index.began(call, now_s, consent, reason).encode(), new=True)]

    def label(self, labels: Mapping[str, str], now_s: float) -> list[Deed]:
        """What feeds the slots from now on: `kiosk/k-1 camera`; a participant is what stands before the space."""
        lines = []
        for slot, reception in self._receptions.items():
            label = labels.get(slot, "")
            if label == self._labels.get(slot, ""):
                continue
            self._labels[slot] = label
            reception.timeline.belong(label.partition(" ")[0])
            if label:
                self._segments.label(slot, label)
            lines.append(index.source(slot, label, now_s))
        return self._note(lines)

    def handle_event(self, event: Event, now_s: float) -> None:
        """Take what came from the session."""
        if isinstance(event, Media):
            self._receptions[event.slot].push(event.packet, now_s)
        elif isinstance(event, Report):
            self._receptions[event.slot].timeline.report(event.timestamp, event.ntp_s, now_s)

    def handle_time(self, now_s: float) -> list[Deed]:
        """Every 100 ms or so: what has become whole."""
        deeds: list[Deed] = []
        unready = False
        for slot, reception in self._receptions.items():
            frames = reception.take(now_s)
            unready |= reception.packets > 0 and slot not in self._gaps.last_s and not frames
            deeds += self._note(self._gaps.of(slot, frames))
            deeds += self._carry(self._segments.push(slot, frames, now_s))
            if reception.wants_keyframe(now_s):
                deeds.append(WantKeyframe(slot))
        return deeds + self._carry(self._segments.handle_time(now_s, unready=unready))

    def end(self, reason: str, now_s: float) -> list[Deed]:
        """Write what is left, and the last line."""
        deeds = [*self.handle_time(now_s), *self._carry(self._segments.end(now_s))]
        return deeds + self.last_line(reason, now_s)

    def last_line(self, reason: str, now_s: float) -> list[Deed]:
        """Only the end of the index: nothing else can be written any more."""
        return self._note([index.ended(reason, now_s, self.totals())])

    def totals(self) -> dict[str, dict[str, int]]:
        """Packets by slot, of those that had any."""
        return {
            slot: {"packets": each.packets, "lost": each.lost, "malformed": each.malformed}
            for slot, each in self._receptions.items()
            if each.packets
        }

    def _note(self, lines: Iterable[str]) -> list[Deed]:
        text = "".join(lines)
        return [Write(self.index_file, text.encode())] if text else []

    def _carry(self, outputs: Iterable[Output]) -> list[Deed]:
        deeds: list[Deed] = []
        for output in outputs:
            match output:
                case Begin():
                    deeds += [Write(output.file, output.data, new=True), *self._note([index.segment(output)])]
                case Append(file, data):
                    deeds.append(Write(file, data))
                case Finish(file, _):
                    deeds += [Close(file), *self._note([index.segment_end(output)])]
                case WantKeyframe():
                    deeds.append(output)
        return deeds

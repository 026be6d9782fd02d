"""A whole recording without its world: session events and time in; what to write, send and tell out. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from relay.recorder import index
from relay.recorder.gaps import Gaps
from relay.recorder.messages import FedBy
from relay.recorder.reception import Reception
from relay.recorder.segments import Append, Begin, Finish, Output, Segments, WantKeyframe
from relay.recorder.session import Event, Media, Report, encodings
from relay.recorder.timeline import RelayClock

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


@dataclass(frozen=True, slots=True)
class WantPackets:
    """Ask the relay for these packets of a slot again."""

    slot: str
    sequences: tuple[int, ...]


Deed = Write | Close | WantKeyframe | WantPackets


@dataclass(frozen=True, slots=True)
class Bounds:
    """When a new segment begins."""

    segment_s: float
    segment_bytes: int


class Recording:
    """given: the call, its slots with their kinds. owned: receptions, clocks, segments, the index."""

    def __init__(self, stem: str, slots: Mapping[str, str], bounds: Bounds) -> None:
        self.index_file = f"{stem}.jsonl"
        clock = RelayClock()
        self._receptions = {slot: Reception(encodings(kind), _RATES[kind], clock) for slot, kind in slots.items()}
        self._segments = Segments(stem, bounds.segment_s, bounds.segment_bytes)
        self._gaps = Gaps()
        self._fed: dict[str, FedBy] = {}
        self._shown: set[str] = set()
        """Slots that have had a frame of their source."""

    def begin(self, call: str, consent: str, reason: str, now_s: float) -> list[Deed]:
        """The first line of the index."""
        return [Write(self.index_file, index.began(call, now_s, consent, reason).encode(), new=True)]

    def feed(self, slots: Mapping[str, FedBy], now_s: float) -> list[Deed]:
        """What feeds the slots from now on."""
        deeds: list[Deed] = []
        for slot, reception in self._receptions.items():
            fed_by = slots.get(slot)
            if fed_by == self._fed.get(slot):
                continue
            reception.change_source()
            deeds += self._take(slot, reception, now_s)
            label = fed_by.label if fed_by else ""
            deeds += self._note(map(index.gap, self._gaps.change_source(slot, label, now_s)))
            deeds += self._note([index.source(slot, fed_by, now_s)])
            self._segments.label(slot, label, now_s)
            self._shown.discard(slot)
            self._fed.pop(slot, None)
            if fed_by:
                self._fed[slot] = fed_by
        return deeds

    def handle_event(self, event: Event, now_s: float) -> None:
        """Take what came from the session."""
        if isinstance(event, Media):
            self._receptions[event.slot].push(event.packet, now_s)
        elif isinstance(event, Report):
            self._receptions[event.slot].timeline.report(event.timestamp, event.ntp_s, now_s)

    def handle_time(self, now_s: float) -> list[Deed]:
        """Every 100 ms or so: what has become whole, and what is missed."""
        deeds: list[Deed] = []
        for slot, reception in self._receptions.items():
            deeds += self._take(slot, reception, now_s)
            if missing := reception.missing():
                deeds.append(WantPackets(slot, tuple(missing)))
            if reception.wants_keyframe(now_s):
                deeds.append(WantKeyframe(slot))
        unready = any(self._receptions[slot].is_heard and slot not in self._shown for slot in self._fed)
        return deeds + self._carry(self._segments.handle_time(now_s, unready=unready))

    def end(self, reason: str, now_s: float) -> list[Deed]:
        """Write what is left, and the last line."""
        deeds: list[Deed] = []
        for slot, reception in self._receptions.items():
            reception.finish()
            deeds += self._take(slot, reception, now_s)
        unseen = {slot: reception.unseen for slot, reception in self._receptions.items()}
        deeds += self._note(map(index.gap, self._gaps.end(unseen, now_s)))
        return [*deeds, *self._carry(self._segments.end(now_s)), *self.last_line(reason, now_s)]

    def _take(self, slot: str, reception: Reception, now_s: float) -> list[Deed]:
        frames = reception.take(now_s)
        if not frames:
            return []
        self._shown.add(slot)
        gaps = [gap for timed in frames for gap in self._gaps.note(slot, timed)]
        return [*self._note(map(index.gap, gaps)), *self._carry(self._segments.push(slot, frames, now_s))]

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

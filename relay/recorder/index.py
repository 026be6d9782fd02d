"""The index of a recording: one JSON object a line, so that a cut file still tells everything up to the cut.

`began`, `source`, `segment`, `gap`, `segment-end`, `end`; times are milliseconds since the Unix epoch.
"""

import json
from dataclasses import dataclass
from typing import Any

from relay.recorder.reception import TimedFrame
from relay.recorder.segments import Begin, Finish


def began(call: str, at_s: float, consent: str, reason: str) -> str:
    """The first line."""
    return _line("began", at_s, call=call, consent=consent, reason=reason)


def source(slot: str, label: str, at_s: float) -> str:
    """From now on this slot is fed from there; an empty label: from nothing."""
    return _line("source", at_s, slot=slot, source=label)


def segment(begin: Begin) -> str:
    """A file, with what its tracks are."""
    tracks = [
        {
            "track": track.number,
            "slot": slot,
            "source": track.name,
            "codec": track.codec,
            "width": track.width,
            "height": track.height,
        }
        for slot, track in begin.tracks
    ]
    return _line("segment", begin.began_s, file=begin.file, tracks=tracks)


def segment_end(finish: Finish) -> str:
    """A file is complete."""
    return _line("segment-end", finish.ended_s, file=finish.file)


@dataclass(slots=True)
class Gaps:
    """Where packets are missing. owned: when each slot's last frame was."""

    last_s: dict[str, float]

    def of(self, slot: str, frames: list[TimedFrame]) -> list[str]:
        """Lines for the gaps in front of these frames."""
        lines = []
        for timed in frames:
            if timed.lost:
                began_s = self.last_s.get(slot, timed.at_s)
                until_ms = round(timed.at_s * 1000)
                lines.append(_line("gap", began_s, slot=slot, until_ms=until_ms, packets=timed.lost))
            self.last_s[slot] = timed.at_s
        return lines


def ended(reason: str, at_s: float, totals: dict[str, dict[str, int]]) -> str:
    """The last line; `totals` are packets, lost and malformed by slot."""
    return _line("end", at_s, reason=reason, totals=totals)


def _line(kind: str, at_s: float, **fields: Any) -> str:
    return json.dumps({"type": kind, "at_ms": round(at_s * 1000), **fields}, ensure_ascii=False) + "\n"

"""The index of a recording: one JSON object a line, so that a cut file still tells everything up to the cut.

`began`, `source`, `segment`, `gap`, `segment-end`, `end`. `at` and `until` are UTC (RFC 3339), `at_ms` and `until_ms` the same
in milliseconds since the Unix epoch; `file_ms` are times within a file.
"""

import json
from datetime import UTC, datetime
from typing import Any

from relay.recorder.gaps import Gap
from relay.recorder.messages import FedBy
from relay.recorder.segments import Begin, Finish


def began(call: str, at_s: float, consent: str, reason: str) -> str:
    """The first line."""
    return _line("began", at_s, call=call, consent=consent, reason=reason)


def source(slot: str, fed_by: FedBy | None, at_s: float) -> str:
    """From now on this slot is fed from there; without a participant: from nothing."""
    if fed_by is None:
        return _line("source", at_s, slot=slot, participant="", role="", source="")
    return _line("source", at_s, slot=slot, participant=fed_by.participant, role=fed_by.role, source=fed_by.source)


def segment(begin: Begin) -> str:
    """A file, with what its tracks are; the time of the line is the file's 0."""
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


def gap(each: Gap) -> str:
    """Nothing is written of a slot between two times, in any file."""
    until = {"until": _utc(each.until_s), "until_ms": round(each.until_s * 1000)}
    return _line("gap", each.began_s, slot=each.slot, **until, cause=each.cause, packets=each.packets)


def segment_end(finish: Finish) -> str:
    """A file is complete, with what each slot has in it."""
    spans = {slot: {"file_ms": [span.first_ms, span.last_ms], "frames": span.frames} for slot, span in finish.spans}
    return _line("segment-end", finish.ended_s, file=finish.file, slots=spans)


def ended(reason: str, at_s: float, totals: dict[str, dict[str, int]]) -> str:
    """The last line; `totals` are packets, lost and malformed by slot."""
    return _line("end", at_s, reason=reason, totals=totals)


def _utc(at_s: float) -> str:
    return datetime.fromtimestamp(round(at_s, 3), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _line(kind: str, at_s: float, **fields: Any) -> str:
    row = {"type": kind, "at": _utc(at_s), "at_ms": round(at_s * 1000), **fields}
    return json.dumps(row, ensure_ascii=False) + "\n"

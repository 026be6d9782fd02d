"""How a call was, for each of its parties: what remains of it when it is over. Pure.

Sums and changes only, so a long call takes no more room than a short one.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from relay.service.opinion import speech_score
from relay.service.participants import Who

MAX_SIZES: Final = 64
"""Changes of picture size kept per party; the last ones of a call that flaps are counted, not listed."""
MAX_FINISHED: Final = 1000
"""Records of calls that are over, kept for whoever asks late."""


@dataclass(frozen=True, slots=True)
class SlotReport:
    """What a listener's own statistics say of one slot, since its connection began or over the last interval."""

    slot: str
    jitter_buffer_ms: float | None = None
    concealed: float | None = None
    """Share of the sound that was made up, over the last interval, 0 to 1."""
    freezes: int = 0
    """So far (W3C webrtc-stats, `freezeCount`)."""
    frozen_s: float = 0.0
    """So far (`totalFreezesDuration`)."""
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class PictureSize:
    """From `at_s` after the beginning on, the picture of a slot was this large; 0 × 0: there was none."""

    at_s: float
    slot: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class PartyQuality:
    """What one party had of a call."""

    desk: str
    name: str
    score_mean: float | None
    """Of what it heard (`relay.service.opinion`), 1 to 4.5; None when nothing was measured."""
    score_least: float | None
    latency_mean_ms: float | None
    latency_max_ms: float | None
    loss_mean: float | None
    freezes: int
    frozen_s: float
    sizes: tuple[PictureSize, ...]
    size_changes: int


@dataclass(frozen=True, slots=True)
class CallQuality:
    """The record of one call."""

    call: str
    duration_s: float
    parties: tuple[PartyQuality, ...]


@dataclass(slots=True)
class _Party:
    """owned: sums over rounds, the last report by slot, freezes of connections before this one, sizes."""

    rounds: int = 0
    score_sum: float = 0.0
    score_least: float | None = None
    latency_sum_ms: float = 0.0
    latency_max_ms: float = 0.0
    loss_sum: float = 0.0
    freezes: int = 0
    frozen_s: float = 0.0
    reports: dict[str, SlotReport] = field(default_factory=dict)
    sizes: list[PictureSize] = field(default_factory=list)
    size_changes: int = 0


@dataclass(slots=True)
class _Call:
    began_s: float
    parties: dict[Who, _Party] = field(default_factory=dict)


class CallBook:
    """Keeps the record of every call that goes on, and the last ones of those that are over."""

    def __init__(self) -> None:
        self._calls: dict[str, _Call] = {}
        self._finished: OrderedDict[str, CallQuality] = OrderedDict()

    def begin(self, call: str, now_s: float) -> None:
        """It is connected; nothing if it was before."""
        self._calls.setdefault(call, _Call(now_s))

    def take_report(self, call: str, who: Who, reports: Iterable[SlotReport], now_s: float) -> None:
        """A listener's own statistics, of a call that is connected."""
        self.begin(call, now_s)
        known = self._calls[call]
        party = known.parties.setdefault(who, _Party())
        for report in reports:
            before = party.reports.get(report.slot)
            party.freezes += int(_grown(report.freezes, before.freezes if before else None))
            party.frozen_s += _grown(report.frozen_s, before.frozen_s if before else None)
            if (report.width, report.height) != ((before.width, before.height) if before else (0, 0)):
                party.size_changes += 1
                if len(party.sizes) < MAX_SIZES:
                    party.sizes.append(PictureSize(now_s - known.began_s, report.slot, report.width, report.height))
            party.reports[report.slot] = report

    def sound_report(self, call: str, who: Who) -> SlotReport | None:
        """What a listener last said of the voice it hears."""
        known = self._calls.get(call)
        party = known.parties.get(who) if known else None
        return party.reports.get("microphone") if party else None

    def take_round(self, call: str, who: Who, latency_ms: float, loss: float) -> None:
        """What the relay measured for a listener: delay from mouth to ear, and the share of sound it lost."""
        known = self._calls.get(call)
        if known is None:
            return
        party, score = known.parties.setdefault(who, _Party()), speech_score(latency_ms, loss)
        party.rounds += 1
        party.score_sum += score
        party.score_least = score if party.score_least is None else min(party.score_least, score)
        party.latency_sum_ms += latency_ms
        party.latency_max_ms = max(party.latency_max_ms, latency_ms)
        party.loss_sum += loss

    def find(self, call: str, now_s: float) -> CallQuality | None:
        """The record of a call so far, or of one that is over and not too long ago."""
        known = self._calls.get(call)
        return _record(call, known, now_s) if known else self._finished.get(call)

    def finish_others(self, connected: Mapping[str, object] | set[str], now_s: float) -> list[CallQuality]:
        """The records of those calls that are not connected any more."""
        records = [_record(call, self._calls.pop(call), now_s) for call in list(self._calls) if call not in connected]
        for record in records:
            self._finished[record.call] = record
        while len(self._finished) > MAX_FINISHED:
            self._finished.popitem(last=False)
        return records


def _grown(now: float, before: float | None) -> float:
    """A running total's growth: from the first report of the call on, for the connection may be older than the call."""
    if before is None:
        return 0
    return now - before if now >= before else now


def _record(call: str, known: _Call, now_s: float) -> CallQuality:
    parties = tuple(_party_record(who, party) for who, party in sorted(known.parties.items()))
    return CallQuality(call, now_s - known.began_s, parties)


def _party_record(who: Who, party: _Party) -> PartyQuality:
    rounds = party.rounds
    return PartyQuality(
        desk=str(who.desk),
        name=who.name,
        score_mean=party.score_sum / rounds if rounds else None,
        score_least=party.score_least,
        latency_mean_ms=party.latency_sum_ms / rounds if rounds else None,
        latency_max_ms=party.latency_max_ms if rounds else None,
        loss_mean=party.loss_sum / rounds if rounds else None,
        freezes=party.freezes,
        frozen_s=party.frozen_s,
        sizes=tuple(party.sizes),
        size_changes=party.size_changes,
    )

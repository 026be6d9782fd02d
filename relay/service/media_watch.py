"""The rounds that turn samples into what is known of a call: latency by hop, and how it was for its parties. Pure."""

from collections.abc import Iterable, Mapping

from relay.config import LatencySettings
from relay.metrics.histogram import Histogram
from relay.service.call_quality import CallBook, CallQuality
from relay.service.latency import Hop, Lately, LatencyEvent, LatencyWatch, Way
from relay.service.participants import Who
from relay.service.quality import QualityBook

MediaEvent = LatencyEvent | CallQuality
"""What there is to tell: a call over its latency budget, or in it again; the record of one that is over."""
Hearing = Mapping[Who, frozenset[Who]]
"""Whom each party of a call hears."""


class MediaWatch:
    """given: budget, samples of every participant, records of calls. owned: latency, the residence of this round."""

    def __init__(self, settings: LatencySettings, quality: QualityBook, book: CallBook) -> None:
        self.latency = LatencyWatch(settings)
        self._book = book
        self._quality = quality
        self._lately = Lately()
        self._residence_ms: float | None = None

    def handle_round(
        self, calls: Iterable[tuple[str, Hearing]], residence: Histogram, now_s: float
    ) -> list[MediaEvent]:
        """Everybody has been sampled: judge every call that is connected, and close the records of all others."""
        connected = dict(calls)
        residence_s = self._lately.quantile(residence, 0.99)
        self._residence_ms = None if residence_s is None else residence_s * 1000
        told: list[MediaEvent] = []
        for call, hearing in connected.items():
            event = self._judge(call, hearing, now_s)
            if event is not None:
                told.append(event)
        self.latency.keep(set(connected))
        return told + self._book.finish_others(connected, now_s)

    def _judge(self, call: str, hearing: Hearing, now_s: float) -> LatencyEvent | None:
        self._book.begin(call, now_s)
        ways: list[Way] = []
        for listener, speakers in hearing.items():
            here = [way for speaker in sorted(speakers) if (way := self._way(call, speaker, listener)).hops_ms]
            if here:
                self._score(call, listener, max(way.total_ms for way in here))
            ways += here
        return self.latency.judge(call, ways, now_s)

    def _way(self, call: str, speaker: Who, listener: Who) -> Way:
        said, heard = self._quality.voice(speaker), self._quality.voice(listener)
        report = self._book.sound_report(call, listener)
        hops_ms: dict[Hop, float] = {}
        if said is not None and said.rtt_ms is not None:
            hops_ms[Hop.UPLINK] = said.rtt_ms / 2 + said.up_jitter_ms
        if self._residence_ms is not None:
            hops_ms[Hop.RELAY] = self._residence_ms
        if heard is not None and heard.rtt_ms is not None:
            hops_ms[Hop.DOWNLINK] = heard.rtt_ms / 2 + heard.down_jitter_ms
        if report is not None and report.jitter_buffer_ms is not None:
            hops_ms[Hop.JITTER_BUFFER] = report.jitter_buffer_ms
        return Way(speaker, listener, hops_ms)

    def _score(self, call: str, listener: Who, latency_ms: float) -> None:
        """What its own statistics say was concealed; else what never reached it."""
        report, voice = self._book.sound_report(call, listener), self._quality.voice(listener)
        concealed = report.concealed if report is not None else None
        lost = voice.down_loss if voice is not None else 0.0
        self._book.take_round(call, listener, latency_ms, lost if concealed is None else concealed)

"""A sender of audio and elastic video, a bottleneck link and a receiver that sends feedback, in virtual time.

    call = Call(BandwidthEstimator(), Link(Conditions(rate_bps=2e6, delay_ms=25), seed=1))
    call.run(30.0)
    call.log, call.receiver.streams[1].decoded

The sender does what an encoder and a pacer do: frames that follow the target, sent at a limited rate, probes filled with
padding, lost packets sent again. The receiver does what Chromium does: transport-wide feedback every 50 ms, NACK, PLI after
what cannot be repaired, frames decoded in order. The same seed gives the same call.
"""

import heapq
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from loadtest.impair import Link
from relay.sfu.media.bandwidth.estimator import BandwidthEstimator
from relay.sfu.media.bandwidth.probe import Probe
from relay.sfu.media.bandwidth.sent import Sent
from relay.sfu.wire.rtcp.twcc import TransportFeedback
from tests.support.oracle.sent_packets import SentPackets
from tests.support.reception import Packet, Receiver

PACKET_BYTES = 1200
AUDIO_BYTES = 120


@dataclass
class Log:
    """What happened."""

    queue_s: list[tuple[float, float]] = field(default_factory=list)
    """(s, waiting time at the bottleneck) of each packet that got through."""
    pacer_s: list[float] = field(default_factory=list)
    """Waiting time of each packet of media at the sender."""
    media_bytes: int = 0
    """That arrived for the first time: no padding, no repetitions."""
    padding_bytes: int = 0
    sent_packets: int = 0
    lost_packets: int = 0
    targets: list[tuple[float, int, float]] = field(default_factory=list)
    """(s, target, estimate) after each feedback message."""
    media: list[tuple[float, int]] = field(default_factory=list)
    """(s, bytes) of it."""


class Video:
    """An encoder: frames of the asked rate with the usual unevenness, a keyframe on request."""

    def __init__(self, stream: int, frames_per_s: float, seed: int) -> None:
        self.stream, self.interval_s = stream, 1 / frames_per_s
        self.keyframe_wanted = True
        self._random = random.Random(seed)
        self._numbers, self._frames = count(), count()
        self._debt_bytes = 0.0
        self._key_s = -1.0

    def encode(self, rate_bps: float, now: float) -> list[Packet]:
        mean = rate_bps * self.interval_s / 8
        size = mean * self._random.uniform(0.8, 1.2)
        key = self.keyframe_wanted and now - self._key_s > 0.5
        if key:
            self.keyframe_wanted, self._key_s = False, now
        if key:
            self._debt_bytes += 3 * mean
            size *= 4
        elif self._debt_bytes > 0:
            paid = min(self._debt_bytes, 0.25 * size)
            self._debt_bytes -= paid
            size -= paid
        left, packets, frame = max(int(size), 60), [], next(self._frames)
        while left > 0:
            packets.append(
                Packet(min(left, PACKET_BYTES), self.stream, next(self._numbers), frame, left <= PACKET_BYTES, key, now)
            )
            left -= PACKET_BYTES
        return packets


class Timeline:
    """Virtual time; calls that compete for one link share it."""

    def __init__(self) -> None:
        self.now = 0.0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()

    def at(self, time_s: float, event: Callable[[], None]) -> None:
        heapq.heappush(self._events, (time_s, next(self._order), event))

    def run(self, until_s: float) -> None:
        while self._events and self._events[0][0] <= until_s:
            self.now, _, event = heapq.heappop(self._events)
            event()
        self.now = until_s


class Call:
    """One sender and one receiver."""

    def __init__(
        self,
        estimator: BandwidthEstimator,
        link: Link,
        *,
        demand_bps: float = 6e6,
        back_s: float = 0.025,
        feedback_loss: Callable[[float], bool] = lambda _now: False,
        receiver_clock: Callable[[float], float] = lambda now: now,
        demand: Callable[[float], float] | None = None,
        delay_s: float | None = None,
        pacing: float = 1.5,
        seed: int = 1,
        feedback_s: float = 0.05,
        timeline: Timeline | None = None,
        starts_s: float = 0.0,
    ) -> None:
        self.log = Log()
        self.estimator = estimator
        self.history = SentPackets()
        self.receiver = Receiver(3)
        self.timeline = timeline or Timeline()
        self._feedback_s = feedback_s
        self._link, self._back_s, self._delay_s = link, back_s, delay_s
        self._feedback_loss, self._receiver_clock = feedback_loss, receiver_clock
        self._demand = demand or (lambda _now: demand_bps)
        self._pacing = pacing
        self._videos = [Video(1, 30, seed), Video(2, 10, seed + 1)]
        self._shares = (0.6, 0.4)
        self._audio_numbers = count()
        self._queues: tuple[deque[Packet], deque[Packet]] = (deque(), deque())
        self._queued_bytes = 0
        self._kept: dict[tuple[int, int], Packet] = {}
        self._probes: deque[Probe] = deque()
        self._probing: list[Any] | None = None
        self._departure_s = -1.0
        self._debt_bytes = self._paid_s = 0.0
        self._trickle_s, self._trickle_gap_s = 0.0, 0.1
        estimator.demand_bps = self._demand(0.0)
        self.at(starts_s, self._start)

    @property
    def now(self) -> float:
        return self.timeline.now

    def at(self, time_s: float, event: Callable[[], None]) -> None:
        self.timeline.at(time_s, event)

    def run(self, until_s: float) -> None:
        self.timeline.run(until_s)

    def _start(self) -> None:
        self._speak()
        for index in range(len(self._videos)):
            self.at(self.now + 0.003 * index, lambda index=index: self._film(index))
        self.at(self.now + self._feedback_s, self._feed_back)
        self.at(self.now + 0.02, self._ask)
        self.at(self.now + 0.025, self._tick)

    # the sender

    def _speak(self) -> None:
        self.at(self.now + 0.02, self._speak)
        audio = self._queues[0]
        if len(audio) > 10:
            self._queued_bytes -= audio.popleft().size_bytes
        self._enqueue(Packet(AUDIO_BYTES, 0, next(self._audio_numbers), 0, True, False, self.now), 0)

    def _film(self, index: int) -> None:
        video = self._videos[index]
        self.at(self.now + video.interval_s, lambda: self._film(index))
        self.estimator.demand_bps = demand_bps = self._demand(self.now)
        rate_bps = self._shares[index] * (min(self.estimator.target_bps, demand_bps) - AUDIO_BYTES * 8 * 50)
        if self._queued_bytes * 8 > 0.25 * self._pacing_bps() or rate_bps < 10_000:
            return
        for packet in video.encode(rate_bps, self.now):
            self._kept[packet.stream, packet.number] = packet
            self._enqueue(packet, 1)

    def _enqueue(self, packet: Packet, queue: int, first: bool = False) -> None:
        (self._queues[queue].appendleft if first else self._queues[queue].append)(packet)
        self._queued_bytes += packet.size_bytes
        self._arm_pacer()

    def _pacing_bps(self) -> float:
        return max(self._pacing * self.estimator.target_bps, 50_000)

    def _arm_pacer(self, at_s: float = 0.0) -> None:
        """The debt of what was sent is paid at the rate of now, so a change of rate counts at once."""
        if self._queued_bytes or self._probes or self._probing:
            rate_bps = self._probing[0].rate_bps if self._probing else self._pacing_bps()
            self._debt_bytes = max(0.0, self._debt_bytes - (self.now - self._paid_s) * rate_bps / 8)
            self._paid_s = self.now
            self._departure_s = max(at_s, self.now + self._debt_bytes * 8 / rate_bps)
            self.at(self._departure_s, self._depart)

    def _depart(self) -> None:
        if self.now != self._departure_s:
            return
        self._departure_s = -1.0
        window_bytes = self.estimator.window_bytes
        blocked = window_bytes is not None and self.history.in_flight_bytes > window_bytes
        if blocked and self.now < self._trickle_s:
            self._arm_pacer(self._trickle_s)
            return
        self._trickle_gap_s = min(2 * self._trickle_gap_s, 0.8) if blocked else 0.1
        self._trickle_s = self.now + self._trickle_gap_s
        if self._probing is None and self._probes:
            probe = self._probes.popleft()
            self._probing = [probe, 0, 0]
        cluster = 0
        packet = self._pop()
        if self._probing is not None:
            probe = self._probing[0]
            cluster = probe.cluster
            if packet is None:
                size = min(max(probe.size_bytes // probe.packets, 200), PACKET_BYTES)
                packet = Packet(size, -1, 0, 0, False, False, self.now)
            self._probing[1] += packet.size_bytes
            self._probing[2] += 1
            if self._probing[1] >= probe.size_bytes and self._probing[2] >= probe.packets:
                self._probing = None
        if packet is None:
            return
        self._debt_bytes, self._paid_s = packet.size_bytes, self.now
        self._send(packet, cluster)
        self._arm_pacer()

    def _pop(self) -> Packet | None:
        for queue in self._queues:
            if queue:
                packet = queue.popleft()
                self._queued_bytes -= packet.size_bytes
                return packet
        return None

    def _send(self, packet: Packet, cluster: int) -> None:
        log = self.log
        sequence = self.history.next_sequence
        self.history.handle_sent(packet.size_bytes, self.now, cluster)
        log.sent_packets += 1
        if packet.stream < 0:
            log.padding_bytes += packet.size_bytes
        elif not packet.again:
            log.pacer_s.append(self.now - packet.made_s)
        queued = self._link.queued_bytes(self.now)
        fate = self._link.handle_datagram(packet.size_bytes, self.now)
        if fate.loss is not None:
            log.lost_packets += 1
        for arrives_s in fate.arrivals:
            log.queue_s.append(
                (self.now, arrives_s - self.now - self._delay_s if self._delay_s is not None else queued)
            )
            self.at(arrives_s, lambda: self._receive(packet, sequence))

    def _act(self, probes: list[Probe]) -> None:
        self._probes.extend(probes)
        self._arm_pacer()

    def _tick(self) -> None:
        self.at(self.now + 0.025, self._tick)
        deadline = self.estimator.deadline()
        if deadline is None or deadline <= self.now:
            self._act(self.estimator.handle_sent(self._sent(), self.now))
            self.estimator.handle_timeout(self.now)

    def _sent(self) -> Sent:
        return Sent(self.history.size_bytes, self.history.in_flight_bytes)

    def _take_feedback(self, message: TransportFeedback) -> None:
        feedback = self.history.condense(message)
        self._act(self.estimator.handle_sent(self._sent(), self.now))
        self._act(self.estimator.handle_feedback(feedback, self.now))
        self._trickle_s = 0.0
        self._arm_pacer()
        self.log.targets.append((self.now, self.estimator.target_bps, self.estimator.estimate_bps))

    def _take_asks(self, stream: int, numbers: list[int], keyframe: bool) -> None:
        if keyframe:
            self._videos[stream - 1].keyframe_wanted = True
        for number in reversed(numbers):
            kept = self._kept.get((stream, number))
            if kept is not None and self.now - kept.made_s < 2.0:
                again = Packet(
                    kept.size_bytes, stream, number, kept.frame, kept.last_of_frame, kept.key, kept.made_s, again=True
                )
                self._enqueue(again, 1, first=True)
            else:
                self._videos[stream - 1].keyframe_wanted = True

    # the receiver

    def _receive(self, packet: Packet, sequence: int) -> None:
        self.receiver.arrivals[sequence] = self._receiver_clock(self.now)
        if packet.stream < 0:
            return
        if packet.stream == 0 or self.receiver.streams[packet.stream].handle_packet(packet, self.now):
            self.log.media_bytes += packet.size_bytes
            self.log.media.append((self.now, packet.size_bytes))

    def _feed_back(self) -> None:
        self.at(self.now + self._feedback_s, self._feed_back)
        message = self.receiver.feedback()
        if message is not None and not self._feedback_loss(self.now):
            self.at(self.now + self._back_s, lambda: self._take_feedback(message))

    def _ask(self) -> None:
        self.at(self.now + 0.02, self._ask)
        for stream in (1, 2):
            numbers, keyframe = self.receiver.streams[stream].asks(0.1, self.now)
            if (numbers or keyframe) and not self._feedback_loss(self.now):
                self.at(
                    self.now + self._back_s,
                    lambda stream=stream, numbers=numbers, keyframe=keyframe: self._take_asks(
                        stream, numbers, keyframe
                    ),
                )

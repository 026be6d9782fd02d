"""What one peer is sent: the estimate of its downlink, shared out among its slots, and paced.

    feedback ─► estimator ─► estimate ─► budget ─► a choice for each slot ─► packet path
                    │                      └─────► rooms ─► senders (REMB)
                    └──────► pace, window, probes ─────────────────────────► packet path

Rules:
- A peer that tells nothing of its downlink gets everything: there is nothing to decide by.
- So does a new one, until its downlink shows that it cannot carry that, or a second has passed; but no more of it is in flight than
  slow start allows: a picture that comes late to a good link is worse than one that leaves a bad link soon.
- What a slot shows is measured; until it is, the slot gets it all.
- A sender that can be told how much there is room for is told; its single encoding is then not paused, it becomes smaller.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from relay.sfu.media.bandwidth import FIRST_WINDOW_BYTES, BandwidthEstimator, Probe, Sent
from relay.sfu.media.budget import Budget, Demand, Priority
from relay.sfu.media.layers import Content, Layer, ladder
from relay.sfu.ports import Downlink, Feedback, Forwarder, Kind
from relay.sfu.session.events import DownlinkState

_FIRST_PACE_BPS: Final = 5_000_000
"""Before the first feedback: the first picture does not wait for it."""
_FREE_S: Final = 1.0
_SPARE: Final = 1.25
"""Of the demand, to be known of the downlink: slots rise only with headroom, and peak above their mean."""
_PACE: Final = 1.5
"""Times the target: frames leave in two thirds of their interval. libwebrtc's 2.5 lets half of each frame wait at the bottleneck."""
_REMB_S: Final = 3.0
"""A receiver's own estimate is good for so long: one that is sent nothing sends none, and would get nothing for good."""
_STALLED_S: Final = 0.4
"""A queue of more is not what bursts and short outages make: until it is gone, less is shared out than the link carries."""
_LOSS_WEIGHT: Final = 0.1
_LEAST_ELASTIC_BPS: Final = 50_000
"""A picture that follows its link is paused on one that carries less than this."""
_GROWTH: Final = 2.0
"""Times the estimate, to be known of the downlink of one whose sender would send more."""
_FIRST_DEMAND_BPS: Final = 1_800_000
"""To be known of a downlink at least, while what is to be sent is not known."""
_ALL: Final = Layer(3, 3)
_PAUSED: Final = Layer(-1, 0)


class View(NamedTuple):
    """What one slot shows."""

    slot: int
    kind: int
    content: Content
    rates_bps: Mapping[Layer, int]
    """Empty: not measured yet."""
    sender: int = 0
    """Whose source it is, if it can be told how much there is room for; 0: it cannot."""
    follows: bool = False
    """The sender keeps to what it is told."""
    bound: bool = False
    """It would send more than it is told."""

    @property
    def is_elastic(self) -> bool:
        """A single encoding, of which there is as much as there is room for."""
        return self.follows and self.kind == Kind.VIDEO and len(self.rates_bps) == 1

    @property
    def priority(self) -> Priority:
        """Sound, then what the call is about, then faces."""
        if self.kind == Kind.AUDIO:
            return Priority.AUDIO
        return Priority.SHARED if self.content is Content.DETAIL else Priority.CAMERA


class PeerDownlink:
    """given: the peer's handle, the packet path, and who is told the most that a slot may have. owned: estimator, budget, what each slot was told, and what is told in statistics."""

    def __init__(self, peer: int, forwarder: Forwarder, select_layer: Callable[[int, Layer], None]) -> None:
        self._peer = peer
        self._forwarder = forwarder
        self._select_layer = select_layer
        self._estimator = BandwidthEstimator()
        self._budget = Budget()
        self._told: dict[int, Layer] = {}
        self._tried_s: float | None = None
        self._stale_s = float("inf")
        self._paced = (0, 0)
        self._settled = False
        self._loss = 0.0
        self._heard = False
        self._allocated: dict[int, int] = {}
        self._limited = False

    def handle_report(self, report: Downlink, views: Iterable[View], now: float) -> None:
        """The peer told of its downlink, or its totals are looked at."""
        sent = Sent(report.sent_bytes, report.in_flight_bytes)
        probes = self._estimator.handle_sent(sent, now)
        if report.remb_bps:
            self._heard, self._stale_s = True, now + _REMB_S
            self._estimator.handle_remb(report.remb_bps, now)
        if report.feedback is not None:
            self._heard, self._stale_s = True, float("inf")
            self._note_loss(report.feedback)
            probes += self._estimator.handle_feedback(report.feedback, now)
        self._estimator.handle_timeout(now)
        self._allocate(list(views), now)
        if not self._heard:
            self._try_out(sent, now)
        self._pace(probes)
        self._settle()

    def deadline(self) -> float | None:
        """When to look at the totals, if the peer tells nothing until then."""
        return self._estimator.deadline()

    def state(self) -> DownlinkState:
        """What holds now."""
        estimator = self._estimator
        return DownlinkState(
            state=("limited" if self._limited else "open") if self._heard else "unknown",
            available_bps=int(estimator.estimate_bps) if self._heard else None,
            allocated_bps=sum(self._allocated.values()),
            loss_fraction=self._loss,
            queue_delay_ms=estimator.queue_s * 1000,
            paused_slots=sum(layer == _PAUSED for layer in self._told.values()),
        )

    def _note_loss(self, feedback: Feedback) -> None:
        told = feedback.received_packets + feedback.lost_packets
        if told:
            self._loss += _LOSS_WEIGHT * (feedback.lost_packets / told - self._loss)

    def rooms_bps(self, views: Iterable[View], now: float) -> dict[int, float]:
        """{sender: how much of it this downlink has room for}: what the others leave, or an equal share of what is left by
        those who cannot be told."""
        if self._available_bps(now) == float("inf"):
            return {view.sender: float("inf") for view in views if view.sender}
        by_sender: dict[int, int] = defaultdict(int)
        for view in views:
            by_sender[view.sender] += self._allocated.get(view.slot, 0)
        target_bps = self._estimator.target_bps
        total_bps, deaf_bps = sum(by_sender.values()), by_sender.pop(0, 0)
        share_bps = (target_bps - deaf_bps) / max(len(by_sender), 1)
        return {sender: max(target_bps - total_bps + own, share_bps) for sender, own in by_sender.items()}

    def _allocate(self, views: list[View], now: float) -> None:
        ladders = {view.slot: ladder(view.rates_bps, view.content) for view in views}
        demands = [
            Demand(view.slot, view.priority, _rates(view, ladders[view.slot])) for view in views if ladders[view.slot]
        ]
        wanted_bps = _SPARE * sum(ladders[demand.slot][-1][1] for demand in demands)
        if self._estimator.starting or any(view.bound for view in views):
            wanted_bps = max(wanted_bps, _GROWTH * self._estimator.estimate_bps, _FIRST_DEMAND_BPS)
        self._estimator.demand_bps = wanted_bps
        choices = self._budget.allocate(demands, self._shared_bps(views, demands, now), now)
        self._allocated, self._limited = {}, any(view.bound for view in views)
        for demand in demands:
            choice = choices[demand.slot]
            best = len(demand.rates_bps) - 1
            self._limited = self._limited or choice != best
            self._allocated[demand.slot] = 0 if choice is None else ladders[demand.slot][choice][1]
            layer = _PAUSED if choice is None else _ALL if choice == best else ladders[demand.slot][choice][0]
            self._select(demand.slot, layer)
        self._told = {view.slot: self._told.get(view.slot, _ALL) for view in views}

    def _available_bps(self, now: float) -> float:
        if not self._heard or now > self._stale_s or self._estimator.starting:
            return float("inf")
        return self._estimator.estimate_bps

    def _shared_bps(self, views: list[View], demands: list[Demand], now: float) -> float:
        """While a long queue drains, what is left for it: faces wait for that, sound and documents do not, and a sender that
        follows sends less by itself."""
        available_bps = self._available_bps(now)
        follow = all(view.is_elastic for view in views if view.kind == Kind.VIDEO)
        if follow or self._estimator.queue_s <= _STALLED_S:
            return available_bps
        kept_bps = sum(demand.rates_bps[0] for demand in demands if demand.priority is not Priority.CAMERA)
        return min(available_bps, max(self._estimator.target_bps, kept_bps))

    def _select(self, slot: int, layer: Layer) -> None:
        if self._told.get(slot, _ALL) != layer:
            self._told[slot] = layer
            self._select_layer(slot, layer)

    def _try_out(self, sent: Sent, now: float) -> None:
        """Before the first feedback no more is in flight than a slow link can drain soon; a peer that never answers, or whose packets
        have no numbers to answer for, is let go."""
        if self._tried_s is None and sent.size_bytes:
            self._tried_s = now
        if self._tried_s is None or (sent.in_flight_bytes and now - self._tried_s <= _FREE_S):
            self._set_pace(_FIRST_PACE_BPS, FIRST_WINDOW_BYTES)
        else:
            self._set_pace(0, 0)

    def _settle(self) -> None:
        settled = self._estimator.is_settled and not self._limited
        if settled != self._settled:
            self._settled = settled
            self._forwarder.set_settled(self._peer, settled)

    def _set_pace(self, rate_bps: int, window_bytes: int) -> None:
        if self._paced != (rate_bps, window_bytes):
            self._paced = rate_bps, window_bytes
            self._forwarder.set_pace(self._peer, rate_bps, window_bytes)

    def _pace(self, probes: list[Probe]) -> None:
        window_bytes = self._estimator.window_bytes
        if self._heard and window_bytes is not None:
            least_bps = _FIRST_PACE_BPS if self._estimator.starting else 0
            self._set_pace(max(int(_PACE * self._estimator.target_bps), least_bps), window_bytes)
        for probe in probes:
            self._forwarder.probe(self._peer, probe.cluster, probe.rate_bps, probe.size_bytes, probe.packets)


def _rates(view: View, steps: list[tuple[Layer, int]]) -> list[int]:
    rates = [rate for _, rate in steps]
    return [min(rates[0], _LEAST_ELASTIC_BPS)] if view.is_elastic else rates

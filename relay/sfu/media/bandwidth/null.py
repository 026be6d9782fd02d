"""No estimate: a fixed rate, for peers that tell nothing, and for networks where nothing is to be shared out."""

from relay.sfu.media.bandwidth.probe import Probe
from relay.sfu.media.bandwidth.sent import Sent
from relay.sfu.ports import Feedback


class NullBandwidth:
    """Stands in for `BandwidthEstimator`. given: the rate."""

    def __init__(self, rate_bps: int) -> None:
        self.target_bps = rate_bps
        self.window_bytes: int | None = None
        self.demand_bps = 0.0

    def handle_sent(self, sent: Sent, now: float) -> list[Probe]:
        """Nothing follows."""
        return []

    def handle_feedback(self, feedback: Feedback, now: float) -> list[Probe]:
        """Nothing follows."""
        return []

    def handle_remb(self, bitrate_bps: float, now: float) -> None:
        """Nothing follows."""

    def handle_timeout(self, now: float) -> None:
        """Nothing follows."""

    def deadline(self) -> float | None:
        """Never."""
        return None

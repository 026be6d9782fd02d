"""What the downlink of a peer carries: congestion control on the sender's side, by transport-wide feedback or REMB."""

from relay.sfu.media.bandwidth.estimator import FIRST_WINDOW_BYTES, BandwidthEstimator
from relay.sfu.media.bandwidth.null import NullBandwidth
from relay.sfu.media.bandwidth.probe import Probe
from relay.sfu.media.bandwidth.sent import Sent

__all__ = ["FIRST_WINDOW_BYTES", "BandwidthEstimator", "NullBandwidth", "Probe", "Sent"]

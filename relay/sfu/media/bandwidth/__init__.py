"""What the downlink of a peer carries: congestion control on the sender's side, by transport-wide feedback or REMB."""

from relay.sfu.media.bandwidth.estimator import BandwidthEstimator
from relay.sfu.media.bandwidth.feedback import ArrivalGroup, Feedback, ProbeArrivals, Sent
from relay.sfu.media.bandwidth.null import NullBandwidth
from relay.sfu.media.bandwidth.probe import Probe

__all__ = ["ArrivalGroup", "BandwidthEstimator", "Feedback", "NullBandwidth", "Probe", "ProbeArrivals", "Sent"]

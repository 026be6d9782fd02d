"""What the packet path hands over for one transport-wide feedback message, condensed.

Python sees no packet: those that left as one burst are one `ArrivalGroup`, the rest are sums. So the price of a feedback
message is that of ten to twenty groups, whatever the packet rate. The rules of condensing are those of libwebrtc's
inter-arrival filter (draft-ietf-rmcat-gcc-02 §5.2): a group spans at most 5 ms of sending; packets that caught up with
it on the way (they arrive within 5 ms, faster than they were sent) belong to it too, up to 100 ms of arrival. A group is
handed over when the next one has begun.

Times are seconds: sending on the relay's clock, arrival on the receiver's, which has another zero and another speed.
"""

from collections.abc import Sequence
from typing import NamedTuple


class ArrivalGroup(NamedTuple):
    """Packets that left as one burst."""

    sent_s: float
    """The last of them."""
    arrived_s: float
    """The last of them."""
    size_bytes: int


class ProbeArrivals(NamedTuple):
    """What this message says of one probe; records of the same cluster in later messages add to it."""

    cluster: int
    packets: int
    size_bytes: int
    first_sent_s: float
    last_sent_s: float
    last_sent_bytes: int
    """Size of the packet sent last: it lies outside the time between first and last."""
    first_arrived_s: float
    first_arrived_bytes: int
    """Size of the packet that arrived first, likewise."""
    last_arrived_s: float


class Feedback(NamedTuple):
    """One message. Each packet is counted once as received and at most once before as lost."""

    groups: Sequence[ArrivalGroup]
    """In the order of sending."""
    probes: Sequence[ProbeArrivals]
    received_packets: int
    received_bytes: int
    lost_packets: int
    recovered_packets: int
    """Of the received ones: told lost by an earlier message."""
    covered_bytes: int
    """Received and lost."""
    covered_until_s: float
    """When the last packet that the message tells of was sent; 0: it told of nothing new."""
    newest_sent_s: float
    """When the last packet that arrived was sent; 0: none did."""
    unmatched: int
    """Sequence numbers that were never sent, or left the history."""


class Sent(NamedTuple):
    """Running totals of what left for the peer."""

    size_bytes: int
    """Media, repair and padding."""
    in_flight_bytes: int
    """Of them: neither received nor told lost, and still in the history."""

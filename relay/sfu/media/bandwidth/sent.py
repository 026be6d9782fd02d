"""What left for a peer, as the estimator is told of it."""

from typing import NamedTuple


class Sent(NamedTuple):
    """Running totals of what left for the peer."""

    size_bytes: int
    """Media, repair and padding."""
    in_flight_bytes: int
    """Of them: neither received nor told lost, and still in the history."""

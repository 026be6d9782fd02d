"""What goes into the engine and what can be read from it, as values."""

from collections.abc import Sequence
from typing import NamedTuple

TRAILER = 255
"""As a `stamp_id`: 8 bytes behind the payload, for servers that strip extensions they do not know (nobody decodes then)."""


class Media(NamedTuple):
    """Packetised media that is played in a loop. The first frame is a keyframe."""

    payloads: Sequence[bytes]
    """RTP payloads, in order."""
    frame_firsts: Sequence[int]
    """Index of the first payload of each frame."""
    frame_ticks: Sequence[int]
    """RTP time of each frame, from 0."""
    length_ticks: int
    """After which the next round begins."""
    clock_rate_hz: int


class Arrival(NamedTuple):
    """A datagram for the peers in Python: STUN or DTLS."""

    bot: int
    data: bytes
    host: str
    port: int


class Transmission(NamedTuple):
    """Running totals of one sender."""

    packets: int
    bytes: int
    frames: int
    retransmitted: int
    nacks: int
    """Packets that were asked for again."""
    keyframe_requests: int


class Reception(NamedTuple):
    """Running totals of one receiver."""

    packets: int
    bytes: int
    missing: int
    """Noticed as gaps in the sequence numbers, and did not come by themselves: lost before repair."""
    repaired: int
    """Of them, came by retransmission."""
    duplicates: int
    reordered: int
    frames: int
    """Delivered complete and in order; video from a keyframe on."""
    broken_frames: int
    """Given up: a packet of them never came, or they needed one that did not."""
    freezes: int
    """As W3C webrtc-stats counts: a frame later than 3 average intervals, and 150 ms beyond the average."""
    freeze_ms: float
    watched_ms: float
    """Time from the first to the last delivered frame while the stream was expected."""
    jitter_ms: float
    """Interarrival jitter (RFC 3550 §6.4.1)."""
    first_packet_ns: int
    """Since it was last expected, CLOCK_REALTIME at the kernel; 0: none yet."""
    first_frame_ns: int
    longest_gap_ms: float
    """Longest time between two packets while it was expected."""
    keyframe_requests: int
    nacks: int

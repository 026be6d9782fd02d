"""What a wallboard shows."""

import msgspec

from relay.server.messages.replies import Reply


class QueueRow(msgspec.Struct, kw_only=True):
    """One queue of the wallboard."""

    group: str
    name_zh: str
    name_en: str
    waiting: int
    oldest_wait_s: float
    expected_wait_s: float | None = None
    in_call: int = 0
    seats_ready: int = 0
    service_level: float | None = None
    """Share of today's answered calls that were answered within the target, 0 to 1."""


class SeatRow(msgspec.Struct, kw_only=True):
    """One seat of the wallboard."""

    seat: str
    name: str
    region: str
    state: str
    since_s: float
    call: str = ""


class CallRow(msgspec.Struct, kw_only=True):
    """One call in progress on the wallboard, with the quality of its worse direction."""

    call: str
    item: str
    kiosk: str
    seat: str
    state: str
    elapsed_s: float
    rtt_ms: float | None = None
    jitter_ms: float | None = None
    loss: float | None = None
    """0 to 1, over the last report interval."""
    bitrate_bps: float = 0.0


class Wallboard(Reply, kw_only=True, tag="wallboard"):
    """The state of the house, for a screen on the wall."""

    at_ms: int
    waiting: int
    in_call: int
    seats: dict[str, int]
    """Number of seats by state."""
    answered_today: int
    abandoned_today: int
    service_level: float | None = None
    service_level_target_s: float = 15.0
    longest_wait_s: float = 0.0
    residence_p99_ms: float | None = None
    queues: list[QueueRow]
    seat_rows: list[SeatRow]
    calls: list[CallRow]

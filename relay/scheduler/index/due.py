"""What a timer is for."""

from enum import IntEnum
from typing import TypeAlias


class Due(IntEnum):
    """What happens when time is up, in the order in which simultaneous timers fire."""

    SEAT_LEASE = 0
    KIOSK_LEASE = 1
    OFFER = 2
    """The offer's ring time-out."""
    RING_BACK = 3
    """The citizen does not answer the callback."""
    CONNECT = 4
    """Media did not come up."""
    WRAP_UP = 5
    TARGET = 6
    """Waiting for one seat only ends."""
    WIDEN = 7
    """The next ring of the search."""
    BACKOFF = 8
    RETRY = 9
    """A failed callback has rested."""
    GIVE_UP = 10
    """Longest wait, or closing time."""
    SHIFT = 11
    """Shift's end, or a planned break's begin or end."""
    LOOKAHEAD = 12
    """An appointment comes near."""
    MISSED = 13
    FORGET = 14
    """A missed appointment leaves the engine."""


Timer: TypeAlias = tuple[int, Due, int, str, str]
"""(due_ms, kind, number of a call or appointment or 0, its id or "", seat or kiosk id or "")."""

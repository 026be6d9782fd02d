"""What all events share."""

import msgspec

VERSION = 1
NEVER_MS = -1
"""In a field that names a time: this does not happen."""


class Event(msgspec.Struct, frozen=True, gc=False, tag=True):
    """What all events share; on the wire `type` names the event."""

    at_ms: int

"""What the switchboard wants done; the shell does it, in order."""

from dataclasses import dataclass
from enum import StrEnum

from relay.ids import PeerId
from relay.scheduler.commands import AnyCommand
from relay.service.notices import Notice
from relay.service.participants import Line
from relay.service.wiring import Route


class Cause(StrEnum):
    """Why a line is cut."""

    REPLACED = "replaced"
    """The same identity logged in on another line."""
    CLOSING = "closing"
    """The relay is stopping."""


@dataclass(frozen=True, slots=True)
class Tell:
    """Say something on a line."""

    line: Line
    notice: Notice


@dataclass(frozen=True, slots=True)
class Cut:
    """End a line."""

    line: Line
    cause: Cause


@dataclass(frozen=True, slots=True)
class ClosePeer:
    """Take a peer out of the SFU."""

    peer: PeerId


@dataclass(frozen=True, slots=True)
class Submit:
    """Put a command to the scheduler; a refusal means that it was decided otherwise meanwhile."""

    command: AnyCommand


Output = Tell | Cut | ClosePeer | Submit | Route

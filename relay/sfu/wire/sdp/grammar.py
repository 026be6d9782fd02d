"""What the attributes of a session description share: the contract of a typed attribute, and small grammar pieces."""

import re
from enum import Enum
from typing import ClassVar, Final, Protocol, Self

from relay.errors import Malformed

_DIGITS: Final = re.compile(r"[0-9]{1,20}")
_TOKEN: Final = re.compile(r"[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]+")


class TypedAttribute(Protocol):
    """An attribute whose value has fields."""

    NAME: ClassVar[str]

    @classmethod
    def parse(cls, value: str) -> Self:
        """From the text after `a=NAME:`. Raises Malformed."""

    def serialise(self) -> str:
        """The text after `a=NAME:`."""


def integer(text: str, what: str, *, maximum: int) -> int:
    """`text` as a number of 0…`maximum`, ASCII digits only; Malformed naming `what` otherwise."""
    if not _DIGITS.fullmatch(text) or int(text) > maximum:
        raise Malformed(f"{what} is not a number of 0 to {maximum}: {text[:40]!r}")
    return int(text)


def token(text: str, what: str) -> str:
    """`text` if it is a token of RFC 8866 §9; Malformed naming `what` otherwise."""
    if not _TOKEN.fullmatch(text):
        raise Malformed(f"{what} is not a token: {text[:40]!r}")
    return text


def fields(value: str, name: str, at_least: int, *, maxsplit: int = -1) -> list[str]:
    """`value` split at white space; Malformed if attribute `name` would lack a field."""
    parts = value.split(None, maxsplit)
    if len(parts) < at_least:
        raise Malformed(f"{name} has fewer than {at_least} fields: {value[:60]!r}")
    return parts


def payload_type(text: str) -> int:
    """An RTP payload type, 0…127."""
    return integer(text, "payload type", maximum=127)


def ssrc(text: str) -> int:
    """A synchronisation source, 32 bits."""
    return integer(text, "SSRC", maximum=2**32 - 1)


class Direction(Enum):
    """Which way media flows, seen from the description's author (RFC 8866 §6.7)."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"

    @property
    def sends(self) -> bool:
        """Whether the author sends."""
        return self in (Direction.SENDRECV, Direction.SENDONLY)

    @property
    def receives(self) -> bool:
        """Whether the author receives."""
        return self in (Direction.SENDRECV, Direction.RECVONLY)

"""The Data Channel Establishment Protocol (RFC 8832), and how its payloads are told apart (RFC 8831 §8)."""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar, Final

from relay.errors import Malformed

ACK: Final = b"\x02"
"""DATA_CHANNEL_ACK, whole (RFC 8832 §5.2)."""
MAX_LABEL_BYTES: Final = 256

_OPEN: Final = 3
_UNORDERED: Final = 0x80
_RELIABLE: Final = 0
_RETRANSMITS: Final = 1
_LIFETIME: Final = 2


class Protocol(IntEnum):
    """Payload protocol identifiers of data channels."""

    DCEP = 50
    STRING = 51
    BINARY = 53
    STRING_EMPTY = 56
    BINARY_EMPTY = 57


@dataclass(frozen=True, slots=True)
class Open:
    """DATA_CHANNEL_OPEN (RFC 8832 §5.1). Reliable when neither limit is given; both are never given."""

    _LAYOUT: ClassVar[struct.Struct] = struct.Struct("!BBHIHH")

    label: str
    ordered: bool = True
    max_retransmits: int | None = None
    lifetime_ms: int | None = None
    protocol: str = ""

    @classmethod
    def parse(cls, data: bytes) -> "Open":
        """Raises `Malformed`, for labels longer than `MAX_LABEL_BYTES` too."""
        if len(data) < cls._LAYOUT.size or data[0] != _OPEN:
            raise Malformed("not a DATA_CHANNEL_OPEN")
        _, kind, _, limit, label_bytes, protocol_bytes = cls._LAYOUT.unpack_from(data)
        end = cls._LAYOUT.size + label_bytes
        if len(data) != end + protocol_bytes or label_bytes > MAX_LABEL_BYTES or protocol_bytes > MAX_LABEL_BYTES:
            raise Malformed("DATA_CHANNEL_OPEN has another length than it says")
        reliability = kind & ~_UNORDERED
        if reliability not in (_RELIABLE, _RETRANSMITS, _LIFETIME):
            raise Malformed("unknown type of data channel", 1)
        try:
            label, protocol = data[cls._LAYOUT.size : end].decode(), data[end:].decode()
        except UnicodeDecodeError:
            raise Malformed("label or protocol is not UTF-8", cls._LAYOUT.size) from None
        return cls(
            label,
            ordered=not kind & _UNORDERED,
            max_retransmits=limit if reliability == _RETRANSMITS else None,
            lifetime_ms=limit if reliability == _LIFETIME else None,
            protocol=protocol,
        )

    def serialise(self) -> bytes:
        """For the wire."""
        kind, limit = _RELIABLE, 0
        if self.max_retransmits is not None:
            kind, limit = _RETRANSMITS, self.max_retransmits
        elif self.lifetime_ms is not None:
            kind, limit = _LIFETIME, self.lifetime_ms
        label, protocol = self.label.encode(), self.protocol.encode()
        flags = 0 if self.ordered else _UNORDERED
        return self._LAYOUT.pack(_OPEN, kind | flags, 0, limit, len(label), len(protocol)) + label + protocol

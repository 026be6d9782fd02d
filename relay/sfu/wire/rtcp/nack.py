"""Generic NACK (RFC 4585 §6.2.1)."""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

from relay.errors import Malformed
from relay.sfu.wire.rtcp import feedback
from relay.sfu.wire.rtcp.framing import push

_PAIR: Final = struct.Struct("!HH")


@dataclass(frozen=True, slots=True)
class Nack:
    """These packets of one source are missing."""

    PACKET_TYPE: ClassVar[int] = feedback.TRANSPORT_LAYER
    FORMAT: ClassVar[int] = 1

    sender_ssrc: int
    media_ssrc: int
    lost: tuple[int, ...]
    """16-bit sequence numbers, oldest first, without repetition."""

    @classmethod
    def parse(cls, _count: int, body: bytes) -> "Nack":
        """From a packet's body. Raises Malformed."""
        sender_ssrc, media_ssrc, fci = feedback.pull_ssrcs(body, "NACK")
        if not fci or len(fci) % _PAIR.size:
            raise Malformed("NACK is not a list of (PID, BLP) pairs", len(body))
        return cls(sender_ssrc, media_ssrc, tuple(_sequences(_PAIR.iter_unpack(fci))))

    def serialise(self) -> bytes:
        """The packet, with as few pairs as the order of `lost` allows."""
        fci = b"".join(_PAIR.pack(first, mask) for first, mask in _pairs(self.lost))
        return push(self.PACKET_TYPE, self.FORMAT, feedback.push_ssrcs(self.sender_ssrc, self.media_ssrc) + fci)


def _sequences(pairs: Iterable[tuple[int, ...]]) -> Iterator[int]:
    for first, mask in pairs:
        yield first
        for bit in range(16):
            if mask >> bit & 1:
                yield (first + bit + 1) & 0xFFFF


def _pairs(lost: Iterable[int]) -> Iterator[tuple[int, int]]:
    first: int | None = None
    mask = 0
    for sequence in lost:
        distance = (sequence - first) & 0xFFFF if first is not None else 0
        if first is None or not 1 <= distance <= 16:
            if first is not None:
                yield first, mask
            first, mask = sequence, 0
        else:
            mask |= 1 << (distance - 1)
    if first is not None:
        yield first, mask

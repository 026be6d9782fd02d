"""Packet status chunks of transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1.1–3.1.4).

A chunk is 16 bits: one symbol repeated up to 8191 times, or 14 symbols of one bit, or 7 of two. Read, they become runs, so
that what a chunk costs to hold does not grow with what it declares.
"""

import struct
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final, NamedTuple

from relay.sfu.wire.rtcp.framing import require

LOST: Final = 0
SMALL: Final = 1
"""Arrived, its delta in one byte."""
LARGE: Final = 2
"""Arrived, its delta in two bytes, signed."""
RESERVED: Final = 3
"""Arrived, some senders say, without a delta: of no use to a congestion controller, so it is read and ignored."""

_CHUNK: Final = struct.Struct("!H")
_MAX_RUN: Final = 0x1FFF


class Run(NamedTuple):
    """`length` consecutive packets with the same status."""

    symbol: int
    length: int


def pull_runs(data: bytes, offset: int, status_count: int) -> tuple[list[Run], int]:
    """The runs of exactly `status_count` statuses, and the offset behind their chunks. Raises Malformed.

    The last chunk may say more than is counted.
    """
    runs: list[Run] = []
    left = status_count
    while left:
        require(data, offset + _CHUNK.size, "transport feedback chunk")
        (chunk,) = _CHUNK.unpack_from(data, offset)
        for run in _runs(chunk):
            length = min(run.length, left)
            left -= length
            if length:
                runs.append(Run(run.symbol, length))
        offset += _CHUNK.size
    return runs, offset


def _runs(chunk: int) -> Iterator[Run]:
    if not chunk & 0x8000:
        # A run of length 0 would let a peer make us loop over chunks that say nothing; each still costs it two bytes.
        yield Run(chunk >> 13 & 3, chunk & _MAX_RUN)
    elif chunk & 0x4000:
        for shift in range(12, -1, -2):
            yield Run(chunk >> shift & 3, 1)
    else:
        for shift in range(13, -1, -1):
            yield Run(chunk >> shift & 1, 1)


def push_symbols(symbols: Sequence[int]) -> bytes:
    """The chunks of `symbols`, greedily: a run where it beats a vector, one-bit vectors where no delta is large."""
    lengths = _remaining_lengths(symbols)
    chunks = []
    index = 0
    while index < len(symbols):
        window = symbols[index : index + 14]
        chunk, taken = _chunk(window, min(lengths[index], _MAX_RUN), len(symbols) - index)
        chunks.append(_CHUNK.pack(chunk))
        index += taken
    return b"".join(chunks)


def _remaining_lengths(symbols: Sequence[int]) -> list[int]:
    """For each position, how many equal symbols begin there."""
    lengths: list[int] = []
    for _, equal in groupby(symbols):
        lengths.extend(range(sum(1 for _ in equal), 0, -1))
    return lengths


def _chunk(window: Sequence[int], run: int, left: int) -> tuple[int, int]:
    one_bit = all(symbol <= SMALL for symbol in window)
    if run >= (14 if one_bit else 7) or run == left:
        return window[0] << 13 | run, run
    if one_bit:
        return 0x8000 | sum(symbol << (13 - index) for index, symbol in enumerate(window)), 14
    return 0xC000 | sum(symbol << (12 - 2 * index) for index, symbol in enumerate(window[:7])), 7

"""A sorted sequence with cheap ends: add and remove cost O(log n) comparisons and a memmove of one block."""

from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import Any

BLOCK = 512
"""Entries per block: large enough that few blocks are walked for a rank, small enough that a memmove is nothing."""


class Ordered:
    """Distinct tuples in ascending order.

    Blocks are never empty. An entry past the end, the usual case for a queue, is appended; the first entry is
    `blocks[0][0]`, for those who look at it a million times a second.
    """

    __slots__ = ("blocks", "size")

    def __init__(self) -> None:
        self.blocks: list[list[Any]] = []
        self.size = 0

    def add(self, entry: Any) -> None:
        """Put `entry` into its place."""
        blocks = self.blocks
        self.size += 1
        if not blocks:
            blocks.append([entry])
            return
        block = blocks[-1]
        if entry > block[-1]:
            if len(block) < BLOCK:
                block.append(entry)
            else:
                blocks.append([entry])
            return
        at = self._block_of(entry)
        block = blocks[at]
        insort(block, entry)
        if len(block) > BLOCK:
            half = BLOCK // 2
            blocks.insert(at + 1, block[half:])
            del block[half:]

    def remove(self, entry: Any) -> None:
        """Take out `entry`, which is there."""
        blocks = self.blocks
        at = 0 if entry <= blocks[0][-1] else self._block_of(entry)
        block = blocks[at]
        if block[0] == entry:
            del block[0]
        else:
            del block[bisect_left(block, entry)]
        if not block:
            del blocks[at]
        self.size -= 1

    def first(self) -> Any:
        """The lowest entry, or None."""
        return self.blocks[0][0] if self.blocks else None

    def rank(self, entry: Any) -> int:
        """How many entries are lower than `entry`, which need not be there."""
        below = 0
        for block in self.blocks:
            if entry <= block[-1]:
                return below + bisect_left(block, entry)
            below += len(block)
        return below

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[Any]:
        for block in self.blocks:
            yield from block

    def _block_of(self, entry: Any) -> int:
        """The first block whose last entry is not lower; the last block at most."""
        blocks = self.blocks
        low, high = 0, len(blocks) - 1
        while low < high:
            middle = (low + high) // 2
            if blocks[middle][-1] < entry:
                low = middle + 1
            else:
                high = middle
        return low

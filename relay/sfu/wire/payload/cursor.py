"""Reading a codec's descriptor from the front, by byte or by bit."""

from relay.errors import Malformed


class ByteCursor:
    """Takes bytes; Malformed naming `what` at the end of the data."""

    def __init__(self, data: bytes, what: str) -> None:
        self._data = data
        self._what = what
        self.offset = 0

    def byte(self) -> int:
        """The next byte."""
        return self.number(1)

    def number(self, size: int) -> int:
        """The next `size` bytes, big-endian."""
        end = self.offset + size
        if end > len(self._data):
            raise Malformed(f"{self._what} is cut short", self.offset)
        value = int.from_bytes(self._data[self.offset : end], "big")
        self.offset = end
        return value


class BitCursor:
    """Takes bits, the most significant first; Malformed naming `what` at the end of the data."""

    def __init__(self, data: bytes, what: str) -> None:
        self._bits = int.from_bytes(data, "big")
        self._left = 8 * len(data)
        self._what = what

    def bits(self, count: int) -> int:
        """The next `count` bits as a number."""
        if count > self._left:
            raise Malformed(f"{self._what} is cut short")
        self._left -= count
        return self._bits >> self._left & (1 << count) - 1

    def flag(self) -> bool:
        """The next bit."""
        return bool(self.bits(1))

    def non_symmetric(self, values: int) -> int:
        """A number below `values`, in as few bits as it needs: ns(n) of the AV1 specification, §4.10.7."""
        width = values.bit_length()
        short = (1 << width) - values
        value = self.bits(width - 1)
        return value if value < short else (value << 1) - short + self.bits(1)

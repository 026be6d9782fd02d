"""Messages in a byte stream: four bytes of length, most significant first, then so many bytes of msgpack."""

from relay.errors import Malformed

MAX_FRAME_BYTES = 4 * 1024 * 1024
"""An SDP of 64 KiB fits many times; a length beyond this is no message."""
_LENGTH_BYTES = 4


def frame(message: bytes) -> bytes:
    """A message as it is written. Raises `Malformed` for one that the other side would refuse."""
    if len(message) > MAX_FRAME_BYTES:
        raise Malformed(f"a message of {len(message)} bytes")
    return len(message).to_bytes(_LENGTH_BYTES, "big") + message


class Frames:
    """Cuts what arrives into messages. owned: the bytes of the message that is not complete."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that are complete now. Raises `Malformed` for a length out of bounds."""
        self._pending += data
        messages = []
        start = 0
        while len(self._pending) - start >= _LENGTH_BYTES:
            body = start + _LENGTH_BYTES
            length = int.from_bytes(self._pending[start:body], "big")
            if length > MAX_FRAME_BYTES:
                raise Malformed(f"a message of {length} bytes", start)
            if len(self._pending) < body + length:
                break
            messages.append(bytes(self._pending[body : body + length]))
            start = body + length
        del self._pending[:start]
        return messages

from typing import final

@final
class ParityGroup:
    """One group at a time, from Python: for tests and tools."""

    def add(self, packet: bytes) -> bool:
        """Take an RTP packet into the group; False when it does not belong there. ValueError: it is no RTP packet."""

    def take(self, media_ssrc: int) -> bytes:
        """The payload of the parity packet; a new group begins. Empty: nothing was added."""

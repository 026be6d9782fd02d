"""A receiver of FlexFEC in plain Python (draft-ietf-payload-flexible-fec-scheme-03 §6.3): slow, and easy to believe."""

from collections.abc import Mapping
from functools import reduce
from operator import xor

HEADER = 20


def protected(parity: bytes) -> list[int]:
    """The sequence numbers that a parity packet (its payload) protects; one SSRC, and the shortest mask."""
    assert parity[8] == 1, "one SSRC"
    base, mask = int.from_bytes(parity[16:18], "big"), int.from_bytes(parity[18:20], "big")
    assert mask >> 15 == 1, "no further mask"
    return [(base + place) & 0xFFFF for place in range(15) if mask >> (14 - place) & 1]


def recover(parity: bytes, received: Mapping[int, bytes], missing: int) -> bytes:
    """The RTP packet numbered `missing`, from the parity packet's payload and all others of its group."""
    others = [received[number] for number in protected(parity) if number != missing]
    assert len(others) == len(protected(parity)) - 1
    head = reduce(xor, (packet[0] for packet in others), parity[0])
    kind = reduce(xor, (packet[1] for packet in others), parity[1])
    length = reduce(xor, (len(packet) - 12 for packet in others), int.from_bytes(parity[2:4], "big"))
    timestamp = reduce(
        xor, (int.from_bytes(packet[4:8], "big") for packet in others), int.from_bytes(parity[4:8], "big")
    )
    rest = bytearray(parity[HEADER:])
    for packet in others:
        for index, octet in enumerate(packet[12:]):
            rest[index] ^= octet
    start = bytes([0x80 | (head & 0x3F), kind]) + missing.to_bytes(2, "big") + timestamp.to_bytes(4, "big")
    assert not any(rest[length:]), "what is longer than the lost packet cancels out"
    return start + parity[12:16] + bytes(rest[:length])

from collections.abc import Mapping

def recompose(
    packet: bytes,
    *,
    kinds: Mapping[int, int],
    ids: Mapping[int, int],
    family: int = 0,
    ssrc: int = 0,
    timestamp: int = 0,
    sequence: int = 0,
    payload_type: int = 0,
    picture: int = 0,
    level: int = 0,
    key: int = 0,
    original: int = -1,
    stamps: tuple[int, int] = (0, 0),
) -> bytes | None: ...

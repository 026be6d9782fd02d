"""A camera that sends several encodings (RFC 8853) to a forwarder on a bench."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from relay.sfu.ports import Extension, Kind
from tests.support.media_bench import VP8, Client
from tests.support.packets import Rtp, read_vp8, rtp, vp8

MID, RID, REPAIRED_RID = 3, 4, 5
RIDS = (b"q", b"h", b"f")
SSRCS = (0x1000, 0x2000, 0x3000)
TICKS = 3000


@dataclass
class Camera:
    """Sends a frame of one packet per encoding at a time, as a browser does: names first, then bare SSRCs."""

    client: Client
    rids: Sequence[bytes] = RIDS
    named: bool = True
    frames: int = 0
    sequences: dict[int, int] = field(default_factory=lambda: {0: 100, 1: 20_000, 2: 65_530})
    handles: list[int] = field(default_factory=list)

    def open(self) -> "Camera":
        forwarder = self.client.bench.forwarder
        forwarder.set_extensions(
            self.client.peer, {Extension.MID: MID, Extension.RID: RID, Extension.REPAIRED_RID: REPAIRED_RID}
        )
        track = forwarder.add_track(self.client.peer, Kind.VIDEO, b"1", 0, 0, VP8)
        self.handles = list(forwarder.add_encodings(track, self.rids))
        return self

    @property
    def track(self) -> int:
        return self.handles[0]

    def packet(self, encoding: int, *, keyframe: bool = False) -> bytes:
        self.sequences[encoding] += 1
        return rtp(
            self.sequences[encoding],
            self.frames * TICKS + 1_000_000 * encoding,
            ssrc=SSRCS[encoding],
            marker=True,
            payload=vp8(
                keyframe=keyframe,
                picture=self.frames + 500 * encoding,
                level=self.frames % 256,
                body=RIDS[encoding] * 9,
            ),
            extensions={MID: b"1", RID: self.rids[encoding]} if self.named else None,
        )

    def send(self, *encodings: int, keyframes: Sequence[int] = ()) -> None:
        self.frames += 1
        packets = [self.packet(each, keyframe=each in keyframes) for each in encodings]
        self.client.send(*packets)
        self.client.bench.pump(len(packets))


def continuous(packets: list[Rtp]) -> bool:
    """Numbers, times and pictures go on by one, as if nothing had been switched."""
    steps = pairwise(packets)
    return all(
        (b.sequence - a.sequence) % 65536 == 1
        and 0 < (b.timestamp - a.timestamp) % 2**32 < 90_000
        and (read_vp8(b.payload).picture or 0) - (read_vp8(a.payload).picture or 0) == 1
        for a, b in steps
    )

"""Two bots of the load test's engine, with a wire between them that can lose what a test names."""

import os
import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from loadtest.engine import Engine, Media

GCM, CM = 0x0007, 0x0001
KEY_BYTES = {GCM: 28, CM: 30}
KEYFRAME, DELTA, REST = b"\x10\x00", b"\x10\x01", b"\x00\x55"


def clip(frames: int = 20, packets: int = 3) -> Media:
    """Frames 5 ms apart, the first a VP8 keyframe."""
    payloads = [
        (REST if packet else KEYFRAME if frame == 0 else DELTA) + bytes(300)
        for frame in range(frames)
        for packet in range(packets)
    ]
    return Media(payloads, range(0, frames * packets, packets), range(0, frames * 450, 450), frames * 450, 90_000)


class LossyWire:
    """A socket pair's middle: passes datagrams both ways, without those that `drop` names."""

    def __init__(self) -> None:
        self.drop: Callable[[bytes], bool] = lambda _data: False
        self._sockets = [bound(), bound()]
        self._ends: list[tuple[str, int]] = []
        self._stopping = False
        self._thread = threading.Thread(target=self._pass)

    def address(self, side: int) -> tuple[str, int]:
        host, port = self._sockets[side].getsockname()
        return host, port

    def connect(self, *ends: tuple[str, int]) -> None:
        self._ends = list(ends)
        self._thread.start()

    def close(self) -> None:
        self._stopping = True
        self._thread.join()
        for each in self._sockets:
            each.close()

    def _pass(self) -> None:
        while not self._stopping:
            for ready in select.select(self._sockets, [], [], 0.01)[0]:
                side = self._sockets.index(ready)
                data = ready.recv(2048)
                if not self.drop(data):
                    self._sockets[1 - side].sendto(data, self._ends[1 - side])


def bound() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("127.0.0.1", 0))
    made.setblocking(False)
    return made


@dataclass
class Pair:
    engine: Engine
    sender: int
    receiver: int
    bots: tuple[int, int]
    wire: LossyWire
    keys: tuple[bytes, bytes]
    """Of what each sends."""


@contextmanager
def pair(
    profile: int = GCM,
    stamp_id: int = 3,
    rtx: bool = True,
    *,
    transport_id: int = 0,
    announced: bool = True,
    rid: bytes = b"",
) -> Iterator[Pair]:
    """A bot that sends 20 frames of VP8 in a loop, and one that receives, both of one engine that runs in a thread.

    `announced` False: the receiver learns the SSRCs from the payload types.
    """
    engine, wire = Engine(1), LossyWire()
    sockets = [bound(), bound()]
    bots = [engine.add_bot(each.fileno()) for each in sockets]
    keys = [os.urandom(KEY_BYTES[profile]) for _ in range(2)]
    for side, bot in enumerate(bots):
        engine.set_keys(bot, profile, keys[side], keys[1 - side])
        engine.set_path(bot, *wire.address(side))
    wire.connect(*(each.getsockname() for each in sockets))
    repair = {"rtx_ssrc": 78, "rtx_payload_type": 97} if rtx else {}
    sender = engine.add_sender(
        bots[0],
        engine.add_media(clip()),
        payload_type=96,
        ssrc=77,
        stamp_id=stamp_id,
        transport_id=transport_id,
        mid_id=1,
        mid=b"0",
        rid_id=10 if rid else 0,
        rid_again_id=11,
        rid=rid,
        **repair,
    )
    known = {**repair, "rtx_ssrc": 0} if rtx and not announced else repair
    receiver = engine.add_receiver(
        bots[1], ssrc=77 if announced else 0, codec="VP8", histogram=0, payload_type=96, stamp_id=stamp_id, **known
    )
    engine.expect(receiver, True)
    stopping = threading.Event()

    def work() -> None:
        while not stopping.is_set():
            engine.poll()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield Pair(engine, sender, receiver, (bots[0], bots[1]), wire, (keys[0], keys[1]))
    finally:
        stopping.set()
        engine.stop()
        thread.join()
        wire.close()
        for each in sockets:
            each.close()

"""Two packet paths joined by a pipe, with real packets: each receiver has the encoding it should have, wherever it is."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from relay.ids import PeerId
from relay.sfu import EncodingsWanted, SlotRef, SourceRef
from relay.sfu.media.layers import Layer
from relay.sfu.ports import NoticeKind
from relay.sfu.session.keyframe_requests import KeyframeDesk
from relay.sfu.session.layering import Layering
from relay.sfu.session.peer import Encoding, Stream
from relay.sfu.session.pipes import OpenPipe, Pipes, SendSource, TakeSource, WantEncodings
from relay.sfu.session.streams import Streams
from tests.support.media_bench import GCM, KEY_BYTES, VP8, Bench, Client
from tests.support.packets import read_vp8
from tests.support.simulcast import Camera

CAMERA = SourceRef(PeerId("kiosk"), "camera")
PIPE = "pipe/0-1/1"


@dataclass
class Owner:
    id: PeerId
    handle: int
    sources: dict[str, Stream] = field(default_factory=dict)
    slots: dict[str, Stream] = field(default_factory=dict)


class Worker:
    """The control side of one packet path, as far as pipes and layers go."""

    def __init__(self, first_ssrc: int) -> None:
        self.bench = Bench()
        numbers = iter(range(first_ssrc, first_ssrc + 1000))
        self.streams = Streams(self.bench.forwarder, lambda: next(numbers))
        self.layering = Layering(self.bench.forwarder, self.streams)
        self.pipes = Pipes(self.bench.forwarder, self.streams, self.layering, lambda: next(numbers))
        self.keyframes = KeyframeDesk(self.bench.forwarder, self.streams, 0.0)
        self.asked: set[int] = set()
        """Tracks of which a keyframe was wanted at the last look."""

    def look(self) -> None:
        """Carry wishes for keyframes to where they go."""
        self.asked = {handle for kind, handle in self.bench.notices() if kind == NoticeKind.KEYFRAME_WANTED}
        for handle in self.asked:
            self.keyframes.want(handle, 0.0)

    def seat(self, name: str) -> tuple[Client, Stream]:
        client = self.bench.client().join()
        owner = Owner(PeerId(name), client.peer)
        owner.slots["camera"] = stream = Stream("camera", client.slot(), "0", 0x2222, 1, tuple(VP8))
        self.streams.adopt_slot(owner, "camera", 0)
        self.streams.route(SlotRef(owner.id, "camera"), CAMERA, 0)
        return client, stream


@pytest.fixture
def workers() -> Iterator[tuple[Worker, Worker]]:
    here, there = Worker(0x10000), Worker(0x20000)
    keys = os.urandom(KEY_BYTES[GCM]), os.urandom(KEY_BYTES[GCM])
    here.pipes.handle_command(OpenPipe(PIPE, there.bench.address(), GCM, keys[0], keys[1]), 0)
    there.pipes.handle_command(OpenPipe(PIPE, here.bench.address(), GCM, keys[1], keys[0]), 0)
    yield here, there
    for each in (here, there):
        each.bench.close()


def kiosk(worker: Worker) -> Camera:
    camera = Camera(worker.bench.client().join()).open()
    encodings = tuple(Encoding(rid, handle) for rid, handle in zip("qhf", camera.handles, strict=True))
    owner = Owner(CAMERA.peer, camera.client.peer)
    owner.sources["camera"] = Stream("camera", camera.track, "1", 0, 1, tuple(VP8), encodings)
    worker.streams.adopt_source(owner, "camera", CAMERA, 0)
    return camera


def shown(client: Client) -> bytes:
    """The encoding of the newest frame."""
    return read_vp8(client.take()[-1].payload).body[1:2]


def test_receivers_behind_a_pipe_choose_for_themselves_and_what_nobody_is_shown_is_not_sent(
    workers: tuple[Worker, Worker],
) -> None:
    here, there = workers
    camera = kiosk(here)
    sent = here.pipes.handle_command(SendSource(PIPE, CAMERA), 0)
    assert sent is not None
    there.pipes.handle_command(TakeSource(PIPE, CAMERA, sent), 0)
    (rich, _), (poor, slot) = there.seat("seat-1"), there.seat("seat-2")

    def frame(carried: int, keyframes: tuple[int, ...] = ()) -> None:
        """All three encodings come in; so many go through the pipe."""
        camera.send(0, 1, 2, keyframes=keyframes)
        there.bench.pump(carried)

    frame(3, (0, 1, 2))
    frame(3)
    assert (shown(rich), shown(poor)) == (b"f", b"f")

    there.layering.select(slot.handle, Layer(0, 3))
    there.look()
    here.bench.pump(len(there.asked))
    here.look()
    assert camera.handles[0] in here.asked, "a wish for a keyframe goes back to the encoding it is for"
    frame(3, (0,))
    frame(3)
    assert (shown(rich), shown(poor)) == (b"f", b"q")

    there.layering.select(there.streams.routes.slot_handle(SlotRef(PeerId("seat-1"), "camera")) or 0, Layer(1, 3))
    there.look()
    frame(3, (1,))
    assert shown(rich) == b"h"
    assert there.layering.handle_tick(0.0) == []
    assert there.layering.handle_tick(9.0) == [EncodingsWanted(CAMERA, ("q", "h"))]
    here.pipes.handle_command(WantEncodings(PIPE, CAMERA, 2), 0)
    frame(2)
    frame(2)
    assert (shown(rich), shown(poor)) == (b"h", b"q")
    assert there.bench.drops() == {}

    here.pipes.handle_command(WantEncodings(PIPE, CAMERA, 3), 0)
    there.layering.select(there.streams.routes.slot_handle(SlotRef(PeerId("seat-1"), "camera")) or 0, Layer(2, 3))
    frame(2)
    frame(3, (2,))
    frame(3)
    assert (shown(rich), shown(poor)) == (b"f", b"q")

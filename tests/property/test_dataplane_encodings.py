"""Whatever a slot is told to want, and whenever keyframes come: it changes encodings only at keyframes and only towards what is
wanted, gets there with the first keyframe of that, and its receiver sees one stream without a step. Spatial layers of one stream
likewise: down at the next picture, up where a layer begins."""

from collections.abc import Iterator
from contextlib import contextmanager

from hypothesis import given
from hypothesis import strategies as st

from relay.sfu.dataplane.layers import LayerFilter
from relay.sfu.ports import CodecFamily
from tests.support.media_bench import Bench, Client
from tests.support.packets import Rtp, read_vp8, vp9_frame
from tests.support.simulcast import RIDS, Camera, continuous

PAUSED = -1

wishes = st.tuples(st.just("want"), st.integers(PAUSED, len(RIDS) - 1))
frames = st.tuples(st.just("frame"), st.sets(st.sampled_from(range(len(RIDS)))))
scripts = st.lists(st.one_of(wishes, frames, frames, frames), max_size=24)


@contextmanager
def bench() -> Iterator[Bench]:
    made = Bench()
    try:
        yield made
    finally:
        made.close()


def encoding_of(packet: Rtp) -> int:
    return RIDS.index(read_vp8(packet.payload).body[1:2])


def is_step(before: int | None, after: int, wanted: int) -> bool:
    """Straight to what is wanted; upwards, and to a dark slot, also a part of the way."""
    return after == wanted or (after < wanted and (before is None or after > before))


class Seat:
    """owned: what it is shown, and all that it got."""

    def __init__(self, client: Client) -> None:
        self.client, self.slot = client, client.slot()
        self.shown: int | None = None
        self.got: list[Rtp] = []

    def watch(self, keyframes: set[int], wanted: int) -> None:
        """After a frame of every encoding."""
        for packet in self.client.take():
            encoding = encoding_of(packet)
            if encoding != self.shown:
                assert encoding in keyframes
                assert is_step(self.shown, encoding, wanted)
            self.shown = encoding
            self.got.append(packet)
        if wanted in keyframes:
            assert self.shown == wanted


@given(scripts)
def test_encodings_change_at_keyframes_and_towards_what_is_wanted(script: list[tuple[str, object]]) -> None:
    with bench() as made:
        camera, seat = Camera(made.client().join()).open(), Seat(made.client().join())
        made.forwarder.connect(seat.slot, camera.track)
        wanted = len(RIDS) - 1
        for what, value in script:
            if isinstance(value, int):
                wanted = value
                made.forwarder.select_layer(seat.slot, wanted, 3 if wanted >= 0 else 0)
                seat.shown = None if wanted == PAUSED else seat.shown
            elif isinstance(value, set):
                camera.send(*range(len(RIDS)), keyframes=sorted(value))
                seat.watch(value, wanted)
                assert wanted != PAUSED or seat.shown is None, what
        assert continuous(seat.got)


pictures = st.tuples(st.integers(0, 2), st.integers(0, 3))


@given(st.lists(pictures, max_size=40))
def test_spatial_layers_go_at_once_and_come_where_they_begin(script: list[tuple[int, int]]) -> None:
    """Each picture: what is wanted from it on, and the lowest layer that begins in it (3: none does)."""
    layers = LayerFilter(CodecFamily.VP9)
    top = 2
    for number, (wanted, begins) in enumerate([(2, 0), *script]):
        layers.want(wanted, 3)
        verdicts = [layers.admit(vp9_frame(number % 100, s, inter=s < begins)) for s in range(3)]
        shown = [s for s, verdict in enumerate(verdicts) if verdict is not None]
        assert shown == list(range(len(shown))), "a layer without those it is made from"
        marked = [s for s in shown if verdicts[s]]
        # On the way up nobody knows, when the old top leaves, that another layer is about to begin.
        assert marked == [shown[-1]] or (shown[-1] > top and marked == [top, *range(top + 1, shown[-1] + 1)])
        assert shown[-1] == (wanted if wanted <= top or begins <= top + 1 else top)
        top = shown[-1]

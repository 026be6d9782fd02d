import pytest

from relay.errors import LimitReached, NotFound
from relay.ids import PeerId
from relay.sfu import SlotRef, SourceRef
from relay.sfu.ports import CodecFamily, Extension, Payload
from relay.sfu.session.peer import Stream
from relay.sfu.session.pipes import (
    EXTENSION_IDS,
    ClosePipe,
    DropSource,
    OpenPipe,
    PipedStream,
    Pipes,
    SendSource,
    StopSource,
    TakeSource,
)
from relay.sfu.session.streams import Streams
from tests.support.memory_forwarder import MemoryForwarder

KIOSK, SEAT = PeerId("kiosk"), PeerId("seat")
CAMERA = SourceRef(KIOSK, "camera")
PAYLOADS = (Payload(5, CodecFamily.VP8, 96, 97, 90_000),)
PIPE = "pipe/0-1/1"


class Side:
    """One worker's streams and pipes, over a packet path without packets."""

    def __init__(self, max_streams: int = 1000) -> None:
        self.forwarder = MemoryForwarder(max_streams)
        self._ssrc = 0
        self.streams = Streams(self.forwarder, self.new_ssrc)
        self.pipes = Pipes(self.forwarder, self.streams, self.new_ssrc)
        self.open()

    def new_ssrc(self) -> int:
        self._ssrc += 1
        return self._ssrc

    def open(self) -> None:
        self.pipes.handle_command(OpenPipe(PIPE, ("127.0.0.1", 5000), 7, bytes(28), bytes(28)), 0)

    def add_source(self, payloads: tuple[Payload, ...] = PAYLOADS) -> "Owner":
        owner = Owner(KIOSK, self.forwarder.add_peer())
        track = self.forwarder.add_track(owner.handle, 1, b"0", 1111, 0, payloads)
        owner.sources["camera"] = Stream("camera", track, "0", 1111, 1, payloads)
        self.streams.adopt_source(owner, "camera", CAMERA, 0)
        return owner

    def add_slot(self) -> int:
        owner = Owner(SEAT, self.forwarder.add_peer())
        slot = self.forwarder.add_slot(owner.handle, 1, 5, 0, PAYLOADS)
        owner.slots["camera"] = Stream("camera", slot, "0", 5, 1, PAYLOADS)
        self.streams.adopt_slot(owner, "camera", 0)
        return slot


class Owner:
    def __init__(self, peer: PeerId, handle: int) -> None:
        self.id = peer
        self.handle = handle
        self.sources: dict[str, Stream] = {}
        self.slots: dict[str, Stream] = {}


def test_a_source_comes_out_at_the_other_end_under_its_own_name() -> None:
    here, there = Side(), Side()
    here.add_source()
    slot = there.add_slot()
    there.streams.route(SlotRef(SEAT, "camera"), CAMERA, 0)

    sent = here.pipes.handle_command(SendSource(PIPE, CAMERA), 0)
    assert sent is not None
    assert (sent.kind, sent.payloads) == (1, PAYLOADS)
    assert sent.ssrc != sent.rtx_ssrc != 0
    ((_, source_track),) = here.forwarder.slots.items()
    assert here.forwarder.tracks[source_track] == 1111

    there.pipes.handle_command(TakeSource(PIPE, CAMERA, sent), 0)
    assert there.forwarder.tracks[there.forwarder.slots[slot]] == sent.ssrc
    assert (here.pipes.stream_count, there.pipes.stream_count) == (1, 1)

    there.pipes.handle_command(DropSource(PIPE, CAMERA), 0)
    here.pipes.handle_command(StopSource(PIPE, CAMERA), 0)
    assert there.forwarder.slots == {slot: None}
    assert there.forwarder.tracks == here.forwarder.slots == {}
    assert (here.pipes.stream_count, there.pipes.stream_count) == (0, 0)


def test_asking_again_changes_nothing_unless_the_source_has_changed() -> None:
    here = Side()
    assert here.pipes.handle_command(SendSource(PIPE, CAMERA), 0) is None
    owner = here.add_source()
    sent = here.pipes.handle_command(SendSource(PIPE, CAMERA), 0)
    assert here.pipes.handle_command(SendSource(PIPE, CAMERA), 0) == sent

    here.streams.release_source(owner, "camera", CAMERA)
    here.add_source((Payload(6, CodecFamily.VP9, 98, -1, 90_000),))
    again = here.pipes.handle_command(SendSource(PIPE, CAMERA), 0)
    assert isinstance(sent, PipedStream)
    assert isinstance(again, PipedStream)
    assert again.ssrc not in (sent.ssrc, sent.rtx_ssrc)
    assert again.rtx_ssrc == 0
    assert len(here.forwarder.slots) == 1


def test_a_source_that_comes_back_feeds_the_pipe_again() -> None:
    here = Side()
    owner = here.add_source()
    here.pipes.handle_command(SendSource(PIPE, CAMERA), 0)
    here.streams.release_source(owner, "camera", CAMERA)
    assert list(here.forwarder.slots.values()) == [None]
    here.add_source()
    assert list(here.forwarder.slots.values()) == list(here.forwarder.tracks)


def test_a_closed_pipe_leaves_nothing_behind() -> None:
    side = Side()
    side.add_source()
    side.pipes.handle_command(SendSource(PIPE, CAMERA), 0)
    side.pipes.handle_command(TakeSource(PIPE, SourceRef(SEAT, "camera"), PipedStream(1, 77, 0, PAYLOADS)), 0)
    before = len(side.forwarder.peers)
    side.pipes.handle_command(ClosePipe(PIPE), 0)
    side.pipes.handle_command(ClosePipe(PIPE), 0)
    side.pipes.handle_command(StopSource(PIPE, CAMERA), 0)
    assert side.forwarder.slots == {}
    assert list(side.forwarder.tracks.values()) == [1111]
    assert len(side.forwarder.peers) == before - 1
    with pytest.raises(NotFound):
        side.pipes.handle_command(SendSource(PIPE, CAMERA), 0)


def test_an_opened_pipe_replaces_one_of_the_same_name() -> None:
    side = Side()
    side.pipes.handle_command(TakeSource(PIPE, CAMERA, PipedStream(1, 77, 0, PAYLOADS)), 0)
    side.open()
    assert len(side.forwarder.peers) == 1
    assert side.forwarder.tracks == {}


def test_a_full_packet_path_is_a_limit() -> None:
    side = Side(max_streams=1)
    side.add_source()
    with pytest.raises(LimitReached):
        side.pipes.handle_command(SendSource(PIPE, CAMERA), 0)
    assert side.pipes.stream_count == 0


def test_what_concerns_one_hop_only_does_not_pass() -> None:
    assert not {Extension.MID, Extension.TRANSPORT_CC} & EXTENSION_IDS.keys()
    assert {Extension.ABS_CAPTURE_TIME, Extension.AUDIO_LEVEL, Extension.PLAYOUT_DELAY} <= EXTENSION_IDS.keys()
    assert all(0 < wire_id <= 14 for wire_id in EXTENSION_IDS.values())

import pytest

from relay.errors import LimitReached, NotFound
from relay.ids import PeerId
from relay.sfu import EncodingsWanted, SlotRef, SourceRef
from relay.sfu.media.layers import Layer
from relay.sfu.ports import CodecFamily, Extension, Payload
from relay.sfu.session.layering import Layering
from relay.sfu.session.peer import Encoding, Stream
from relay.sfu.session.pipes import (
    EXTENSION_IDS,
    ClosePipe,
    DropSource,
    OpenPipe,
    PipedEncoding,
    PipedStream,
    Pipes,
    SendSource,
    StopSource,
    TakeSource,
    WantEncodings,
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
        self.layering = Layering(self.forwarder, self.streams)
        self.pipes = Pipes(self.forwarder, self.streams, self.layering, self.new_ssrc)
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

    def add_simulcast(self) -> None:
        owner = Owner(KIOSK, self.forwarder.add_peer())
        track = self.forwarder.add_track(owner.handle, 1, b"0", 0, 0, PAYLOADS)
        handles = self.forwarder.add_encodings(track, [b"q", b"h", b"f"])
        encodings = tuple(Encoding(rid, handle) for rid, handle in zip("qhf", handles, strict=True))
        owner.sources["camera"] = Stream("camera", track, "0", 0, 1, PAYLOADS, encodings)
        self.streams.adopt_source(owner, "camera", CAMERA, 0)

    def wanted(self, now: float) -> list[tuple[SourceRef, tuple[str, ...]]]:
        return [
            (event.source, event.rids) for event in self.layering.handle_tick(now) if isinstance(event, EncodingsWanted)
        ]

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
    (only,) = sent.encodings
    assert only.ssrc != only.rtx_ssrc != 0
    ((_, source_track),) = here.forwarder.slots.items()
    assert here.forwarder.tracks[source_track] == 1111

    there.pipes.handle_command(TakeSource(PIPE, CAMERA, sent), 0)
    assert there.forwarder.tracks[there.forwarder.slots[slot]] == only.ssrc
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
    assert again.encodings[0].ssrc not in (sent.encodings[0].ssrc, sent.encodings[0].rtx_ssrc)
    assert again.encodings[0].rtx_ssrc == 0
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
    side.pipes.handle_command(
        TakeSource(PIPE, SourceRef(SEAT, "camera"), PipedStream(1, PAYLOADS, (PipedEncoding("", 77, 0),))), 0
    )
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
    side.pipes.handle_command(TakeSource(PIPE, CAMERA, PipedStream(1, PAYLOADS, (PipedEncoding("", 77, 0),))), 0)
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


def test_each_encoding_of_a_simulcast_goes_through_by_itself_as_far_as_somebody_may_be_shown_it() -> None:
    here, there = Side(), Side()
    here.add_simulcast()
    slot = there.add_slot()
    there.streams.route(SlotRef(SEAT, "camera"), CAMERA, 0)
    sent = here.pipes.handle_command(SendSource(PIPE, CAMERA), 0)
    assert sent is not None
    assert sent.rids == ("q", "h", "f")
    assert here.pipes.handle_command(SendSource(PIPE, CAMERA), 0) == sent
    carried = {encoding: handle for handle, encoding in here.forwarder.carried.items()}
    assert [here.forwarder.selected[carried[index]] for index in range(3)] == [(0, 3), (1, 3), (2, 3)]
    there.pipes.handle_command(TakeSource(PIPE, CAMERA, sent), 0)
    assert [there.forwarder.tracks[track] for track in sorted(there.forwarder.tracks)] == [
        each.ssrc for each in sent.encodings
    ]
    assert there.wanted(0.0) == here.wanted(0.0) == [], "all are"

    there.layering.select(slot, Layer(0, 3))
    assert there.wanted(1.0) == []
    ((source, rids),) = there.wanted(9.0)
    assert (source, rids) == (CAMERA, ("q",)), "by the name it has at home"
    here.pipes.handle_command(WantEncodings(PIPE, CAMERA, len(rids)), 0)
    assert [here.forwarder.selected[carried[index]] for index in range(3)] == [(0, 3), (-1, 0), (-1, 0)]
    assert here.wanted(9.0) == []
    assert here.wanted(19.0) == [(CAMERA, ("q",))], "and its sender may pause the others"

    there.layering.select(slot, Layer(1, 3))
    assert there.wanted(20.0) == [(CAMERA, ("q", "h"))]
    here.pipes.handle_command(WantEncodings(PIPE, CAMERA, 2), 0)
    assert here.forwarder.selected[carried[1]] == (1, 3)
    assert here.wanted(20.0) == [(CAMERA, ("q", "h"))]

    here.pipes.handle_command(StopSource(PIPE, CAMERA), 0)
    assert here.forwarder.slots == {}
    here.pipes.handle_command(WantEncodings(PIPE, CAMERA, 1), 0)
    assert here.wanted(29.0) == []

"""Simulcast: one source of several encodings, each slot fed by the one it should have."""

from dataclasses import dataclass
from itertools import pairwise

import pytest

from relay.sfu.ports import Kind, NoticeKind
from tests.support.media_bench import OPUS, VP8, Bench, Client
from tests.support.packets import Nack, read_nacks, read_vp8, rtp, rtx, sender_report, vp8
from tests.support.simulcast import MID, REPAIRED_RID, RID, RIDS, SSRCS, TICKS, Camera, continuous


@dataclass
class Scene:
    bench: Bench
    camera: Camera
    seat: Client
    slot: int

    def shown(self) -> list[bytes]:
        """The first byte of each frame that the seat got: its RID."""
        return [read_vp8(each.payload).body[1:2] for each in self.seat.take()]

    def wanted(self) -> list[int]:
        """Encodings of which keyframes are asked."""
        asked = [handle for kind, handle in self.bench.notices() if kind == NoticeKind.KEYFRAME_WANTED]
        return [self.camera.handles.index(handle) for handle in asked]


@pytest.fixture
def scene(bench: Bench) -> Scene:
    camera = Camera(bench.client().join()).open()
    seat = bench.client().join()
    slot = seat.slot()
    bench.forwarder.connect(slot, camera.track)
    return Scene(bench, camera, seat, slot)


def test_encodings_are_learned_by_rid(scene: Scene) -> None:
    scene.camera.send(2, 0, 1)
    scene.camera.named = False
    scene.camera.send(0, 1, 2)
    forwarder = scene.bench.forwarder
    assert [forwarder.track_ssrc(handle) for handle in scene.camera.handles] == list(SSRCS)
    assert [forwarder.track_stats(handle).packets for handle in scene.camera.handles] == [2, 2, 2]
    assert [kind for kind, _ in scene.bench.notices()].count(NoticeKind.TRACK_STARTED) == 1


def test_a_slot_starts_with_the_first_keyframe_and_climbs_to_the_best(scene: Scene) -> None:
    scene.camera.send(0, 1, 2, keyframes=[0])
    assert scene.bench.forwarder.slot_layer(scene.slot) == (0, 0)
    assert 2 in scene.wanted()
    scene.camera.send(0, 1, 2, keyframes=[1])
    scene.camera.send(0, 1, 2)
    scene.camera.send(0, 1, 2, keyframes=[2])
    scene.camera.send(0, 1, 2)
    packets = scene.seat.take()
    assert [read_vp8(each.payload).body[1:2] for each in packets] == [b"q", b"q", b"h", b"h", b"h", b"f", b"f"]
    assert continuous(packets)
    assert scene.bench.forwarder.slot_layer(scene.slot) == (2, 0)


def test_down_and_up_again_at_keyframes_only(scene: Scene) -> None:
    scene.camera.send(0, 1, 2, keyframes=[0, 1, 2])
    scene.bench.notices()
    scene.bench.forwarder.select_layer(scene.slot, 0, 0)
    assert scene.wanted() == [0], "of the target alone"
    scene.camera.send(0, 1, 2)
    scene.camera.send(0, 1, 2, keyframes=[1])
    assert scene.bench.forwarder.slot_layer(scene.slot) == (2, 0)
    scene.camera.send(0, 1, 2, keyframes=[0])
    scene.camera.send(0, 1, 2)
    scene.bench.forwarder.select_layer(scene.slot, 1, 0)
    scene.camera.send(0, 1, 2, keyframes=[2])
    scene.camera.send(0, 1, 2, keyframes=[1])
    packets = scene.seat.take()
    # The first frame brought all three: each keyframe was a step.
    assert [read_vp8(each.payload).body[1:2] for each in packets] == [
        b"q",
        b"h",
        b"f",
        b"f",
        b"f",
        b"q",
        b"q",
        b"q",
        b"q",
        b"h",
    ]
    assert all((b.sequence - a.sequence) % 65536 == 1 for a, b in pairwise(packets))


def test_a_keyframe_is_asked_again_when_its_first_packet_came_late(scene: Scene) -> None:
    scene.camera.send(0, 1, keyframes=[0, 1])
    scene.bench.forwarder.select_layer(scene.slot, 0, 3)
    scene.bench.notices()
    late = scene.camera.packet(0, keyframe=True)
    scene.camera.send(0)
    scene.camera.client.send(late)
    scene.bench.pump(1)
    assert scene.bench.forwarder.slot_layer(scene.slot) == (1, 0)
    assert scene.wanted() == [0]


def test_an_encoding_that_stops_is_replaced_and_taken_back(scene: Scene) -> None:
    """A browser drops its large encodings when the uplink or the processor is short, without a word."""
    scene.camera.send(0, 1, 2, keyframes=[0, 1, 2])
    assert scene.shown() == [b"q", b"h", b"f"]
    scene.bench.notices()
    for _ in range(12):
        scene.camera.send(0, 1)
    stopped_ns = scene.bench.forwarder.track_stats(scene.camera.handles[2]).last_packet_ns
    while scene.bench.now_ns() - stopped_ns < 520_000_000:
        pass
    scene.camera.send(0, 1)
    assert scene.wanted() == [1]
    scene.camera.send(0, 1, keyframes=[1])
    assert scene.shown() == [b"h"]
    scene.camera.send(0, 1, 2, keyframes=[2])
    assert scene.shown() == [b"h", b"f"]


def test_a_paused_slot_gets_nothing_and_goes_on_with_a_keyframe(scene: Scene) -> None:
    scene.camera.send(0, 1, 2, keyframes=[0, 1, 2])
    first = scene.seat.take()
    scene.bench.forwarder.select_layer(scene.slot, -1, 0)
    scene.camera.send(0, 1, 2, keyframes=[0, 1, 2])
    assert scene.bench.forwarder.slot_layer(scene.slot) == (-1, 0)
    assert scene.seat.take() == []
    scene.bench.notices()
    scene.bench.forwarder.select_layer(scene.slot, 1, 3)
    assert scene.wanted() == [1]
    scene.camera.send(0, 1, 2)
    scene.camera.send(0, 1, 2, keyframes=[1])
    again = scene.seat.take()
    assert [read_vp8(each.payload).body[1:2] for each in again] == [b"h"]
    assert (again[0].sequence - first[-1].sequence) % 65536 == 1


def test_a_single_stream_is_paused_and_resumed(bench: Bench) -> None:
    kiosk, seat = bench.client().join(), bench.client().join()
    track = kiosk.track(kind=Kind.AUDIO, payloads=OPUS)
    slot = seat.slot(kind=Kind.AUDIO, payloads=OPUS)
    bench.forwarder.connect(slot, track)
    for number, spatial in enumerate([0, -1, -1, 0, 0]):
        bench.forwarder.select_layer(slot, spatial, 0)
        kiosk.send(rtp(number, 960 * number, payload_type=111, payload=bytes([number])))
        bench.pump(1)
    received = seat.take()
    assert [each.payload for each in received] == [b"\0", b"\3", b"\4"]
    assert [(each.sequence - received[0].sequence) % 65536 for each in received] == [0, 1, 2]


def test_sender_reports_line_up_the_encodings(scene: Scene) -> None:
    """Both encodings tell when they were captured: the switch takes the time between the captures, not between the arrivals."""
    scene.camera.send(0, 2, keyframes=[0])
    for encoding in (0, 2):
        timestamp = scene.camera.frames * TICKS + 1_000_000 * encoding
        scene.camera.client.send_rtcp(sender_report(SSRCS[encoding], ntp=3_900_000_000 << 32, timestamp=timestamp))
    scene.bench.pump(2)
    scene.camera.send(0, 2)
    scene.camera.frames += 4
    scene.camera.send(0, 2, keyframes=[2])
    packets = scene.seat.take()
    assert [read_vp8(each.payload).body[1:2] for each in packets] == [b"q", b"q", b"q", b"f"]
    assert (packets[2].timestamp - packets[1].timestamp) % 2**32 == 5 * TICKS
    assert (packets[3].timestamp - packets[2].timestamp) % 2**32 == 1, "the same moment, and yet not the same frame"


def test_each_encoding_is_repaired_by_itself(scene: Scene) -> None:
    scene.camera.send(0, 1, 2, keyframes=[0, 1, 2])
    scene.seat.take()
    lost = scene.camera.packet(2)
    scene.camera.send(0, 1, 2)
    scene.camera.send(0, 1, 2)
    scene.bench.tick(later_ms=30)
    [request] = scene.camera.client.take_rtcp()
    assert read_nacks(request) == [Nack(SSRCS[2], ((scene.camera.sequences[2] - 2) % 65536,))]
    again = rtx(lost, sequence=1, ssrc=0x3001, payload_type=97)
    scene.camera.client.send(with_name(again, REPAIRED_RID, RIDS[2]))
    scene.bench.pump(1)
    assert len(scene.seat.take()) == 3
    assert scene.bench.forwarder.track_stats(scene.camera.handles[2]).recovered == 1


def with_name(packet: bytes, wire_id: int, name: bytes) -> bytes:
    """The packet, its RID given under another id: both take one byte."""
    return packet.replace(bytes([RID << 4]) + name, bytes([wire_id << 4]) + name)


@pytest.mark.parametrize(
    "extensions",
    [{}, {MID: b"1"}, {RID: b"x"}, {MID: b"1", RID: b"x"}, {MID: b"1", RID: b"qq"}, {MID: b"1", REPAIRED_RID: b"q"}],
)
def test_a_packet_without_its_full_name_is_nobodys(scene: Scene, extensions: dict[int, bytes]) -> None:
    scene.camera.client.send(rtp(1, ssrc=0x77, payload=vp8(keyframe=True), extensions=extensions))
    scene.bench.pump(1)
    assert scene.bench.drops() == {"unknown_ssrc": 1}


def test_an_encoding_keeps_its_ssrc_against_others_that_claim_its_rid(scene: Scene) -> None:
    scene.camera.send(0, keyframes=[0])
    flood = [rtp(1, ssrc=0x9000 + n, payload=vp8(keyframe=True), extensions={MID: b"1", RID: b"q"}) for n in range(60)]
    scene.camera.client.send(*flood)
    scene.bench.pump(60)
    assert scene.bench.drops() == {"unknown_ssrc": 60}
    assert scene.bench.forwarder.track_ssrc(scene.camera.handles[0]) == SSRCS[0]


def test_the_rates_of_a_source_by_encoding(scene: Scene) -> None:
    scene.camera.send(0, 2)
    rates = scene.bench.forwarder.layer_rates(scene.camera.track)
    assert [(spatial, temporal) for spatial, temporal, _ in rates] == [(0, 0), (2, 0)]
    stats = [scene.bench.forwarder.track_stats(scene.camera.handles[each]) for each in (0, 2)]
    assert [total for _, _, total in rates] == [each.bytes for each in stats]
    assert all(total > 0 for _, _, total in rates)


def test_removal_of_a_source_leaves_nothing_behind(scene: Scene) -> None:
    scene.camera.send(0, 1, 2, keyframes=[0, 1, 2])
    scene.bench.forwarder.remove_track(scene.camera.handles[1])
    for handle in scene.camera.handles:
        with pytest.raises(KeyError):
            scene.bench.forwarder.track_ssrc(handle)
    assert scene.bench.forwarder.slot_layer(scene.slot) == (-1, 0)
    again = Camera(scene.camera.client).open()
    scene.bench.forwarder.connect(scene.slot, again.track)


@pytest.mark.parametrize("rids", [[b"q"], [b"q", b"q"], [b"q", b""], [b"q", b"x" * 33], [b"1", b"2", b"3", b"4", b"5"]])
def test_rids_that_cannot_be_are_refused(bench: Bench, rids: list[bytes]) -> None:
    client = bench.client()
    track = bench.forwarder.add_track(client.peer, Kind.VIDEO, b"1", 0, 0, VP8)
    with pytest.raises(ValueError, match="RID"):
        bench.forwarder.add_encodings(track, rids)


def test_a_slot_that_carries_an_encoding_on_takes_that_one_alone(bench: Bench) -> None:
    camera = Camera(bench.client().join()).open()
    pipe = bench.client().join()
    slots = [pipe.slot(ssrc=0x5000 + index) for index in range(3)]
    for index, slot in enumerate(slots):
        bench.forwarder.carry_encoding(slot, index)
        bench.forwarder.connect(slot, camera.track)
    camera.send(0, 1, 2, keyframes=(0, 1, 2))
    assert {each.ssrc: read_vp8(each.payload).body[1:2] for each in pipe.take()} == {
        0x5000: b"q",
        0x5001: b"h",
        0x5002: b"f",
    }
    for _ in range(12):
        camera.send(0)
    assert {each.ssrc for each in pipe.take()} == {0x5000}, "no next best for one that is silent"
    bench.forwarder.select_layer(slots[0], -1, 0)
    camera.send(0, 2, keyframes=(0, 2))
    assert {each.ssrc for each in pipe.take()} == {0x5002}
    bench.forwarder.select_layer(slots[0], 0, 3)
    camera.send(0, keyframes=(0,))
    assert {each.ssrc for each in pipe.take()} == {0x5000}
    with pytest.raises(ValueError, match="already"):
        bench.forwarder.carry_encoding(slots[0], 1)


def test_encodings_whose_ssrcs_are_known_need_no_names(bench: Bench) -> None:
    pipe, seat = bench.client().join(), bench.client().join()
    track = pipe.track(SSRCS[0])
    handles = [track, *(bench.forwarder.add_encoding(track, ssrc, 0) for ssrc in SSRCS[1:])]
    with pytest.raises(ValueError, match="SSRC"):
        bench.forwarder.add_encoding(track, SSRCS[1], 0)
    slot = seat.slot()
    bench.forwarder.connect(slot, track)
    camera = Camera(pipe, named=False, handles=handles)
    scene = Scene(bench, camera, seat, slot)
    camera.send(0, 1, 2, keyframes=(0, 1, 2))
    camera.send(0, 1, 2)
    assert scene.shown()[-1] == b"f"
    scene.wanted()
    bench.forwarder.select_layer(slot, 0, 3)
    assert scene.wanted() == [0], "asked of the one that is to be shown"
    camera.send(0, 1, 2, keyframes=(0,))
    camera.send(0, 1, 2)
    assert scene.shown()[-1] == b"q"

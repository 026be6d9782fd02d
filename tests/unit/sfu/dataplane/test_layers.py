"""The layer filter of a slot, packet by packet."""

from relay.sfu.dataplane.layers import LayerFilter
from relay.sfu.ports import CodecFamily
from tests.support.media_bench import Bench
from tests.support.packets import rtp, vp9_frame


def vp8_frame(number: int, temporal: int, *, sync: bool = False, keyframe: bool = False) -> bytes:
    """One packet with picture id, TL0PICIDX and TID (RFC 7741 §4.2)."""
    payload = bytes([0x90, 0xE0, 0x80, number, number // 4, temporal << 6 | sync << 5, 0 if keyframe else 1, 9, 9])
    return rtp(number, 3000 * number, marker=True, payload=payload)


def test_temporal_layers_go_at_once_and_come_where_they_may() -> None:
    layers = LayerFilter(CodecFamily.VP8)
    assert layers.admit(vp8_frame(0, 0, keyframe=True)) is True
    assert layers.admit(vp8_frame(1, 2)) is True
    layers.want(3, 0)
    assert [layers.admit(vp8_frame(2 + n, temporal)) for n, temporal in enumerate([1, 2, 0, 2])] == [
        None,
        None,
        True,
        None,
    ]
    layers.want(3, 3)
    frames = [(6, 1, False), (7, 2, True), (8, 0, False), (9, 1, True), (10, 2, False), (11, 2, True)]
    admitted = [layers.admit(vp8_frame(number, temporal, sync=sync)) for number, temporal, sync in frames]
    assert admitted == [None, None, True, True, None, True]
    assert layers.forwarded == (3, 2)


def test_spatial_layers_go_at_the_next_picture_and_come_with_a_frame_of_their_own() -> None:
    layers = LayerFilter(CodecFamily.VP9)
    picture = [vp9_frame(0, spatial, inter=False) for spatial in range(3)]
    assert [layers.admit(packet) for packet in picture] == [False, False, True]
    layers.want(0, 3)
    assert [layers.admit(vp9_frame(1, spatial)) for spatial in range(3)] == [True, None, None], "the marker moves down"
    layers.want(1, 3)
    assert [layers.admit(vp9_frame(2, spatial)) for spatial in range(3)] == [True, None, None]
    assert [layers.admit(vp9_frame(3, spatial, inter=spatial == 0)) for spatial in range(3)] == [True, True, None]
    assert layers.admit(vp9_frame(4, 0)) is False
    assert layers.admit(vp9_frame(4, 1)) is True


def test_a_stream_without_layers_goes_on_whole() -> None:
    layers = LayerFilter(CodecFamily.H264)
    layers.want(0, 0)
    assert layers.admit(rtp(1, payload=bytes([0x61, 0]), marker=True)) is True


def test_layers_left_out_leave_no_gap_and_losses_do(bench: Bench) -> None:
    kiosk, seat = bench.client().join(), bench.client().join()
    slot = seat.slot()
    bench.forwarder.connect(slot, kiosk.track())
    bench.forwarder.select_layer(slot, 3, 0)
    sent = [number for number in range(17) if number != 8]
    kiosk.send(*(vp8_frame(number, (0, 2, 1, 2)[number % 4], keyframe=number == 0) for number in sent))
    bench.pump(len(sent))
    got = seat.take()
    assert [packet.timestamp - got[0].timestamp & 0xFFFFFFFF for packet in got] == [0, 12_000, 36_000, 48_000]
    assert [packet.sequence - got[0].sequence & 0xFFFF for packet in got] == [0, 1, 3, 4]

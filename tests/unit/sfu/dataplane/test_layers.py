"""The layer filter of a slot, packet by packet."""

from relay.sfu.dataplane.layers import LayerFilter
from relay.sfu.ports import CodecFamily
from tests.support.packets import rtp


def vp8_frame(number: int, temporal: int, *, sync: bool = False, keyframe: bool = False) -> bytes:
    """One packet with picture id, TL0PICIDX and TID (RFC 7741 §4.2)."""
    payload = bytes([0x90, 0xE0, 0x80, number, number // 4, temporal << 6 | sync << 5, 0 if keyframe else 1, 9, 9])
    return rtp(number, 3000 * number, marker=True, payload=payload)


def vp9_frame(number: int, spatial: int, *, inter: bool = True, begins: bool = True, ends: bool = True) -> bytes:
    """One packet of a spatial layer in flexible mode (RFC 9628 §4.2)."""
    flags = 0x80 | inter << 6 | 0x20 | 0x10 | begins << 3 | ends << 2
    return rtp(
        10 * number + spatial,
        3000 * number,
        marker=spatial == 2,
        payload=bytes([flags, 0x80, number, spatial << 1, 2, 9]),
    )


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

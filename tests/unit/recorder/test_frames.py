"""RTP packets of real encoders become the frames that went in."""

import struct
from fractions import Fraction

import pytest
from aiortc.codecs.h264 import H264Encoder
from aiortc.codecs.vpx import Vp8Encoder
from av.packet import Packet as EncodedPacket
from hypothesis import given
from hypothesis import strategies as st

from relay.client.clip import ClipPacket
from relay.client.webrtc import VideoCodec
from relay.errors import Malformed
from relay.recorder.frames import DEPACKETISERS, H264, Depacketiser, Format, Frame, Vp8
from relay.recorder.sps import picture_size
from relay.sfu.wire.rtp import Packet
from tests.support.clapper import claps
from tests.support.clips import video

PACKERS = {"VP8": Vp8Encoder, "H264": H264Encoder}


def packets_of(codec: str, frames: tuple[ClipPacket, ...]) -> list[Packet]:
    """As aiortc packs them."""
    packer, packed = PACKERS[codec](), []
    for frame in frames:
        payloads, _ = packer.pack(_timed(frame))
        for number, payload in enumerate(payloads):
            packed.append(Packet(96, len(packed), frame.at, 1, number == len(payloads) - 1, payload))
    return packed


def _timed(frame: ClipPacket) -> EncodedPacket:
    encoded = EncodedPacket(frame.data)
    encoded.pts, encoded.time_base = frame.at, Fraction(1, 90_000)
    return encoded


def frames_of(depacketiser: Depacketiser, packets: list[Packet]) -> list[Frame]:
    return [frame for packet in packets if (frame := depacketiser.push(packet)) is not None]


def test_vp8_frames_come_out_as_they_went_in() -> None:
    clip = video("VP8").packets
    frames = frames_of(Vp8(), packets_of("VP8", clip))
    assert [(frame.data, frame.timestamp, frame.keyframe) for frame in frames] == [
        (each.data, each.at, each.keyframe) for each in clip
    ]
    assert frames[0].format == Format("V_VP8", b"", 192, 144)


def test_h264_access_units_come_out_with_lengths_and_their_configuration() -> None:
    clip = video("H264").packets
    frames = frames_of(H264(), packets_of("H264", clip))
    assert [(frame.timestamp, frame.keyframe) for frame in frames] == [(each.at, each.keyframe) for each in clip]
    first = frames[0]
    assert first.format is not None
    assert (first.format.width, first.format.height) == (192, 144)
    assert first.format.private[0] == 1
    offset = 0
    while offset < len(first.data):
        offset += 4 + struct.unpack_from(">I", first.data, offset)[0]
    assert offset == len(first.data)


@pytest.mark.parametrize("codec", ["VP8", "H264"])
def test_what_is_missing_in_a_frame_makes_it_none(codec: VideoCodec) -> None:
    """Each packet of the first frames is lost once; what the depacketiser still gives are frames that were sent."""
    packets = packets_of(codec, claps(codec)[0].packets[:8])
    whole = {frame.data for frame in frames_of(DEPACKETISERS[codec](), packets)}
    assert len(packets) > 12, "frames of several packets"
    for lost in range(len(packets)):
        depacketiser = DEPACKETISERS[codec]()
        kept = frames_of(depacketiser, packets[:lost])
        depacketiser.reset()
        kept += frames_of(depacketiser, packets[lost + 1 :])
        assert len(kept) >= 6
        assert {frame.data for frame in kept} <= whole


@given(st.sampled_from(["VP8", "VP9", "H264", "opus"]), st.lists(st.binary(max_size=40), max_size=20), st.data())
def test_any_payload_is_a_frame_nothing_or_malformed(codec: str, payloads: list[bytes], data: st.DataObject) -> None:
    depacketiser = DEPACKETISERS[codec]()
    for number, payload in enumerate(payloads):
        packet = Packet(96, number, data.draw(st.integers(0, 2)), 1, data.draw(st.booleans()), payload)
        try:
            depacketiser.push(packet)
        except Malformed:
            depacketiser.reset()


@given(st.binary(min_size=1, max_size=64))
def test_any_parameter_set_has_a_size_or_is_malformed(sps: bytes) -> None:
    try:
        width, height = picture_size(sps)
    except Malformed:
        return
    assert 0 < width <= 16_384
    assert 0 < height <= 16_384

"""Clips cut into RTP payloads."""

from loadtest.bots.media import MAX_PAYLOAD_BYTES, packetise
from relay.client.clip import Clip, ClipPacket
from relay.sfu.wire.payload import h264, vp8
from tests.support.clips import sound, video


def test_frames_are_cut_into_payloads_that_fit_and_join_again() -> None:
    clip = Clip("VP8", 90_000, (ClipPacket(bytes(range(256)) * 20, 0, True), ClipPacket(b"ab", 3000, False)), 6000)
    media = packetise(clip)
    first = media.payloads[: media.frame_firsts[1]]
    assert max(map(len, media.payloads)) <= MAX_PAYLOAD_BYTES
    assert b"".join(payload[1:] for payload in first) == clip.packets[0].data
    assert [payload[0] for payload in media.payloads] == [0x10, *[0] * (len(first) - 1), 0x10]
    assert max(map(len, first)) - min(map(len, first)) <= len(first)


def test_relay_finds_the_keyframe_of_a_real_clip() -> None:
    media = packetise(video("VP8"))
    assert vp8.is_keyframe_start(media.payloads[0])
    assert not vp8.is_keyframe_start(media.payloads[media.frame_firsts[1]])


def test_sound_is_one_payload_a_frame() -> None:
    media = packetise(sound())
    assert len(media.payloads) == len(media.frame_firsts) == len(media.frame_ticks)
    assert media.length_ticks == sound().duration


def test_h264_units_that_do_not_fit_are_fragmented() -> None:
    large = bytes((0x65,)) + bytes(1 + value % 255 for value in range(3000))
    frame = b"\x00\x00\x00\x01\x67\x42\x01" + b"\x00\x00\x01\x68\xce" + b"\x00\x00\x00\x01" + large
    media = packetise(Clip("H264", 90_000, (ClipPacket(frame, 0, True),), 3000))
    assert media.payloads[:2] == [b"\x67\x42\x01", b"\x68\xce"]
    fragments = media.payloads[2:]
    assert max(map(len, fragments)) <= MAX_PAYLOAD_BYTES
    assert {payload[0] for payload in fragments} == {0x60 | 28}
    assert [payload[1] for payload in fragments] == [0x85, *[0x05] * (len(fragments) - 2), 0x45]
    assert large[:1] + b"".join(payload[2:] for payload in fragments) == large


def test_relay_finds_the_keyframe_of_a_real_h264_clip() -> None:
    media = packetise(video("H264"))
    assert h264.is_keyframe_start(media.payloads[0])
    assert not h264.is_keyframe_start(media.payloads[media.frame_firsts[1]])

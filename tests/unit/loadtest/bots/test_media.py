"""Clips cut into RTP payloads."""

from loadtest.bots.media import MAX_PAYLOAD_BYTES, packetise
from relay.client.clip import Clip, ClipPacket
from relay.sfu.wire.payload import vp8
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

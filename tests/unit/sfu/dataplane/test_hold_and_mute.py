"""Hold and mute, packet by packet: nothing stale comes afterwards, numbers have no hole, and sound and picture stay in step."""

import pytest

from relay.sfu.ports import Kind, NoticeKind
from tests.support.media_bench import OPUS, Bench
from tests.support.packets import rtp, sender_report, vp8
from tests.unit.sfu.dataplane.test_reports import S, ntp, unix_ns

CAMERA, MICROPHONE, PICTURE, SOUND = 0x1111, 0x6666, 0x2222, 0x7777


class Call:
    """A kiosk's camera and microphone at a seat; the kiosk's clock runs as the test says."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.kiosk, self.seat = bench.client().join(), bench.client().join()
        self.tracks = self.kiosk.track(CAMERA), self.kiosk.track(MICROPHONE, kind=Kind.AUDIO, payloads=OPUS)
        self.slots = self.seat.slot(PICTURE), self.seat.slot(SOUND, kind=Kind.AUDIO, payloads=OPUS)
        self.sent = 0
        self.resume()

    def hold(self) -> None:
        for slot in self.slots:
            self.bench.forwarder.disconnect(slot)

    def resume(self) -> None:
        for slot, track in zip(self.slots, self.tracks, strict=True):
            self.bench.forwarder.connect(slot, track)

    def speak(self, at_s: float, *, keyframe: bool = False, picture: bool = True, sound: bool = True) -> None:
        """A packet of each, captured at `at_s`, with reports that say so."""
        self.sent += 1
        packets = []
        if picture:
            packets.append(rtp(self.sent, round(at_s * 90_000), payload=vp8(keyframe=keyframe), marker=True))
        if sound:
            packets.append(rtp(self.sent, round(at_s * 48_000), ssrc=MICROPHONE, payload_type=111))
        for ssrc, rate in ((CAMERA, 90_000), (MICROPHONE, 48_000)):
            self.kiosk.send_rtcp(sender_report(ssrc, ntp(1000 * S + round(at_s * S)), round(at_s * rate)))
        self.kiosk.send(*packets)
        self.bench.pump(len(packets) + 2)

    def lead_of_sound_ns(self, received: dict[int, int]) -> int:
        """How far apart, on the common clock that the reports give, packets that were captured together are played."""
        now_ns = self.bench.now_ns()
        at = []
        for slot, ssrc, rate in zip(self.slots, (PICTURE, SOUND), (90_000, 48_000), strict=True):
            info = self.bench.forwarder.sender_info(slot, now_ns)
            behind = (info.rtp_timestamp - received[ssrc] + 2**31) % 2**32 - 2**31
            at.append(unix_ns(info.ntp) - behind * S // rate)
        return at[1] - at[0]


def test_after_a_hold_the_picture_begins_with_a_keyframe_and_nothing_old_comes(bench: Bench) -> None:
    call = Call(bench)
    call.speak(0.0, keyframe=True)
    call.speak(0.1)
    before = call.seat.take()
    call.hold()
    for tenth in range(2, 52):
        call.speak(tenth / 10)
    assert call.seat.take() == []
    bench.notices()
    call.resume()
    assert (NoticeKind.KEYFRAME_WANTED, call.tracks[0]) in bench.notices()
    call.speak(5.2)
    assert {each.ssrc for each in call.seat.take()} == {SOUND}, (
        "a picture that depends on ones never sent would be garbage"
    )
    call.speak(5.3, keyframe=True)
    after = call.seat.take()

    for ssrc in (PICTURE, SOUND):
        last = [each for each in before if each.ssrc == ssrc][-1]
        first = next(each for each in after if each.ssrc == ssrc)
        missing = 0 if ssrc == PICTURE else 1
        assert (first.sequence - last.sequence) % 2**16 == 1 + missing
        assert 0 < (first.timestamp - last.timestamp) % 2**32 < 2**31
    together = {each.ssrc: each.timestamp for each in after}
    assert call.lead_of_sound_ns(together) == pytest.approx(0, abs=2_000_000)


def test_a_camera_that_was_off_goes_on_at_its_time_without_a_hole(bench: Bench) -> None:
    call = Call(bench)
    call.speak(0.0, keyframe=True)
    first = {each.ssrc: each for each in call.seat.take()}
    for tenth in range(1, 100):
        call.speak(tenth / 10, picture=False)
    call.seat.take()
    call.sent = 1  # a sender's numbers do not go on while it sends nothing
    call.speak(10.0, keyframe=True, sound=False)
    (picture,) = call.seat.take()
    assert picture.sequence == first[PICTURE].sequence + 1
    assert (picture.timestamp - first[PICTURE].timestamp) % 2**32 == 10 * 90_000


def test_a_microphone_that_was_silent_keeps_its_timeline(bench: Bench) -> None:
    """Discontinuous transmission: the timestamps jump, the numbers do not (RFC 3551 §4.1)."""
    call = Call(bench)
    call.speak(0.0, keyframe=True)
    first = {each.ssrc: each for each in call.seat.take()}
    call.kiosk.send(rtp(2, 7 * 48_000, ssrc=MICROPHONE, payload_type=111, marker=True))
    bench.pump(1)
    (sound,) = call.seat.take()
    assert sound.sequence == first[SOUND].sequence + 1
    assert (sound.timestamp - first[SOUND].timestamp) % 2**32 == 7 * 48_000
    assert sound.marker

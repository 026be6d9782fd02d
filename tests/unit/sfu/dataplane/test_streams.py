"""Which track a packet belongs to: known SSRCs, learning, retransmissions, and what strangers may cost."""

import pytest

from relay.sfu.ports import Extension, Kind, NoticeKind
from tests.support.media_bench import H264, OPUS, VP8, Bench, Client
from tests.support.packets import bye, rtp, rtx, vp8

MID = 4


def kiosk_with_mid(bench: Bench) -> Client:
    kiosk = bench.client().join()
    bench.forwarder.set_extensions(kiosk.peer, {Extension.MID: MID})
    return kiosk


def packets_of(bench: Bench, *tracks: int) -> list[int]:
    return [bench.forwarder.track_stats(track).packets for track in tracks]


def test_an_unknown_ssrc_is_learned_by_its_mid(bench: Bench) -> None:
    kiosk = kiosk_with_mid(bench)
    camera, document = kiosk.track(0, mid=b"1"), kiosk.track(0, mid=b"2")
    assert bench.forwarder.track_ssrc(document) == 0
    kiosk.send(rtp(1, ssrc=77, extensions={MID: b"2"}), rtp(2, ssrc=77), rtp(1, ssrc=88, extensions={MID: b"1"}))
    bench.pump(3)
    assert packets_of(bench, camera, document) == [1, 2]
    assert [bench.forwarder.track_ssrc(track) for track in (camera, document)] == [88, 77]


def test_an_unknown_ssrc_is_learned_by_a_payload_type_of_one_track_only(bench: Bench) -> None:
    kiosk = bench.client().join()
    microphone, camera = kiosk.track(0, kind=Kind.AUDIO, payloads=OPUS), kiosk.track(0)
    kiosk.send(rtp(1, ssrc=77, payload_type=111), rtp(1, ssrc=78))
    bench.pump(2)
    assert packets_of(bench, microphone, camera) == [1, 1]
    second = kiosk.track(0)
    kiosk.send(rtp(1, ssrc=99))
    bench.pump(1)
    assert packets_of(bench, second) == [0]
    assert bench.drops() == {"unknown_ssrc": 1}


def test_a_mid_that_nobody_has_names_no_track(bench: Bench) -> None:
    kiosk = kiosk_with_mid(bench)
    kiosk.track(0, mid=b"1")
    kiosk.track(0, mid=b"2")
    kiosk.send(rtp(1, ssrc=77, extensions={MID: b"3"}), rtp(2, ssrc=77, extensions={MID: b"1"}))
    bench.pump(2)
    assert bench.drops() == {"unknown_ssrc": 1}


def test_the_stream_of_retransmissions_is_learned_too(bench: Bench) -> None:
    kiosk, seat = bench.client().join(), bench.client().join()
    track = kiosk.track(0x1111)
    bench.forwarder.connect(seat.slot(), track)
    kiosk.send(rtp(1, payload=vp8(keyframe=True)), rtp(3, payload=vp8()))
    kiosk.send(rtx(rtp(2, payload=vp8(body=b"missed")), sequence=500, ssrc=0x4444, payload_type=97))
    bench.pump(3)
    assert [each.payload for each in seat.take()] == [vp8(keyframe=True), vp8(), vp8(body=b"missed")]
    assert bench.forwarder.track_stats(track).recovered == 1


def test_a_retransmission_becomes_the_original_packet_again(bench: Bench) -> None:
    kiosk, seat = bench.client().join(), bench.client().join()
    bench.forwarder.set_extensions(kiosk.peer, {Extension.ABS_CAPTURE_TIME: 3})
    bench.forwarder.set_extensions(seat.peer, {Extension.ABS_CAPTURE_TIME: 9})
    track = kiosk.track(0x1111, 0x4444)
    bench.forwarder.connect(seat.slot(), track)
    lost = rtp(11, 5000, payload=vp8(), marker=True, extensions={3: b"captured"}, contributors=[6])
    kiosk.send(rtp(10, 2000, payload=vp8(keyframe=True)), rtp(12, 8000, payload=vp8()))
    kiosk.send(rtx(lost, sequence=1, ssrc=0x4444, payload_type=97))
    bench.pump(3)
    first, _, repaired = seat.take()
    assert repaired.sequence == first.sequence + 1
    assert repaired.timestamp == (first.timestamp + 3000) % 2**32
    assert (repaired.marker, repaired.payload, repaired.payload_type) == (True, vp8(), 96)
    assert (repaired.extensions, repaired.contributors) == ({9: b"captured"}, (6,))
    stats = bench.forwarder.track_stats(track)
    assert (stats.lost, stats.recovered) == (0, 1)


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (rtx(rtp(1, payload=b""), sequence=1, ssrc=0x4444, payload_type=97), "empty_rtx"),
        (rtp(1, ssrc=0x4444, payload_type=97, payload=b"", padding=200), "empty_rtx"),
        (rtp(1, ssrc=0x4444, payload_type=97, payload=b"\x00"), "empty_rtx"),
        (rtx(rtp(1), sequence=1, ssrc=0x4444, payload_type=98), "unknown_payload_type"),
        (rtx(rtp(9), sequence=1, ssrc=0x4444, payload_type=97), "duplicate"),
    ],
)
def test_retransmissions_of_nothing_are_ignored(bench: Bench, packet: bytes, reason: str) -> None:
    kiosk = bench.client().join()
    kiosk.track(0x1111, 0x4444)
    kiosk.send(rtp(9), packet)
    bench.pump(2)
    assert bench.drops() == {reason: 1}


def test_a_sender_that_says_goodbye_may_go_on_under_another_ssrc(bench: Bench) -> None:
    kiosk, seat = kiosk_with_mid(bench), bench.client().join()
    track = kiosk.track(0x1111, 0x4444, mid=b"1")
    bench.forwarder.connect(seat.slot(), track)
    kiosk.send(rtp(40_000, 1, payload=vp8(keyframe=True, picture=9), marker=True))
    bench.pump(1)
    bench.notices()
    kiosk.send(rtp(5, 1, ssrc=0x5555, extensions={MID: b"1"}, payload=vp8(keyframe=True)))
    kiosk.send_rtcp(bye(0x1111))
    bench.pump(2)
    assert bench.notices() == [(NoticeKind.TRACK_ENDED, track)]
    kiosk.send(rtp(6, 1, ssrc=0x5555, extensions={MID: b"1"}, payload=vp8()))
    kiosk.send(rtp(7, 9, ssrc=0x5555, payload=vp8(keyframe=True, picture=70)))
    bench.pump(2)
    before, after = seat.take()
    assert (after.sequence - before.sequence, bench.forwarder.track_ssrc(track)) == (1, 0x5555)
    kiosk.send(rtp(9, 11, ssrc=0x5555, payload=vp8()))
    kiosk.send(rtx(rtp(8, 10, payload=vp8()), sequence=1, ssrc=0x6666, payload_type=97))
    bench.pump(2)
    assert bench.forwarder.track_stats(track).recovered == 1, "retransmissions come under another SSRC, too"
    assert kiosk.track(0x4444) != track, "the old one is free for another track"
    assert 0 < (after.timestamp - before.timestamp) % 2**32 < 2**31
    assert bench.drops() == {"unknown_ssrc": 1, "awaiting_keyframe": 1}


def test_two_senders_do_not_fight_over_a_track(bench: Bench) -> None:
    kiosk = kiosk_with_mid(bench)
    track = kiosk.track(0, mid=b"1")
    for sequence in range(4):
        kiosk.send(*(rtp(sequence, ssrc=ssrc, extensions={MID: b"1"}) for ssrc in (77, 88)))
    bench.pump(8)
    assert packets_of(bench, track) == [4]
    assert bench.drops() == {"unknown_ssrc": 4}


def test_a_flood_of_ssrcs_costs_only_its_sender(bench: Bench) -> None:
    kiosk, other = bench.client().join(), bench.client().join()
    track, others = kiosk.track(), other.track(0x7777)
    kiosk.track(0, payloads=VP8)
    flood = [kiosk.outbound.protect(rtp(1, ssrc=ssrc)) for ssrc in range(10_000, 10_400)]
    for first in range(0, 400, 100):
        kiosk.send_raw(*flood[first : first + 100])
        bench.pump(100)
    kiosk.send(rtp(1))
    other.send(rtp(1, ssrc=0x7777))
    bench.pump(2)
    assert packets_of(bench, track, others) == [1, 1]
    assert bench.drops() == {"unknown_ssrc": 400}
    kiosk.send_raw(*reversed(flood))
    bench.pump(400)
    assert bench.drops() == {"unknown_ssrc": 400 + 400 - 16, "replayed": 16}, "only the last few are remembered"


def test_the_payload_type_may_change_on_the_way(bench: Bench) -> None:
    kiosk, seat = bench.client().join(), bench.client().join()
    track = kiosk.track(payloads=[*VP8, *H264])
    bench.forwarder.connect(seat.slot(payloads=[each._replace(payload_type=120) for each in H264]), track)
    kiosk.send(rtp(1, payload=vp8(keyframe=True)), rtp(2, payload_type=102, payload=b"\x67sps"))
    bench.pump(2)
    assert [(each.payload_type, each.payload) for each in seat.take()] == [(120, b"\x67sps")]
    assert bench.drops() == {"codec_mismatch": 1}


def test_a_picture_without_the_parameter_sets_that_its_sender_brings_is_no_start(bench: Bench) -> None:
    kiosk, early, late = bench.client().join(), bench.client().join(), bench.client().join()
    track = kiosk.track(payloads=H264)
    bench.forwarder.connect(early.slot(payloads=H264), track)
    kiosk.send(rtp(1, 0, payload_type=102, payload=b"\x65idr"), rtp(2, 9, payload_type=102, payload=b"\x67sps"))
    bench.pump(2)
    assert len(early.take()) == 2, "a sender that never brings any must not leave its receivers waiting"
    bench.forwarder.connect(late.slot(payloads=H264), track)
    kiosk.send(rtp(3, 9, payload_type=102, payload=b"\x65idr"), rtp(4, 12, payload_type=102, payload=b"\x67sps"))
    bench.pump(2)
    assert [each.payload for each in late.take()] == [b"\x67sps"]

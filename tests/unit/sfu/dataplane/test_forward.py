"""The pipeline end to end: SRTP in on a real socket, SRTP out."""

from relay.sfu.ports import Kind, NoticeKind
from tests.support.media_bench import VP8, Bench
from tests.support.packets import rtp, vp8


def test_video_starts_at_a_keyframe_under_the_slots_own_numbers(bench: Bench) -> None:
    kiosk, seat = bench.client().join(), bench.client().join()
    track = bench.forwarder.add_track(kiosk.peer, Kind.VIDEO, b"0", 0x1111, 0, VP8)
    slot = bench.forwarder.add_slot(seat.peer, Kind.VIDEO, 0x2222, 0, VP8)
    bench.forwarder.connect(slot, track)
    assert [(notice.kind, notice.handle) for notice in bench.forwarder.notices()] == [
        (NoticeKind.KEYFRAME_WANTED, track)
    ]
    kiosk.send(*(rtp(10 + n, 3000 * n, payload=vp8(keyframe=n == 2, picture=n), marker=True) for n in range(5)))
    bench.pump(5)
    received = seat.take()
    assert [(packet.ssrc, packet.sequence - received[0].sequence) for packet in received] == [
        (0x2222, 0),
        (0x2222, 1),
        (0x2222, 2),
    ]
    assert bench.drops() == {"awaiting_keyframe": 2}
    assert [(notice.kind, notice.handle) for notice in bench.forwarder.notices()] == [
        (NoticeKind.TRACK_STARTED, track),
        (NoticeKind.KEYFRAME_SEEN, track),
        (NoticeKind.SLOT_STARTED, slot),
    ]

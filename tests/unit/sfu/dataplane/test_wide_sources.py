"""One source of 25 Mbit/s, as a 4K or 360° camera sends it, passes under the limits that are set by default, and can be repaired."""

from relay.config import SfuSettings
from tests.support.media_bench import Bench
from tests.support.packets import nack, rtp, vp8

PACKET_BYTES, BPS, FRAMES_PER_S = 1_100, 25_000_000, 30
PACKETS_PER_FRAME = BPS // 8 // PACKET_BYTES // FRAMES_PER_S
KEYFRAME = 10
"""Times the size of other frames."""
ROUND_TRIP_PACKETS = BPS // 8 // PACKET_BYTES // 5
"""In 200 ms."""


def test_a_camera_of_25_mbit_passes_whole_and_a_packet_of_200_ms_ago_can_be_sent_again() -> None:
    wide = Bench(peer_rate_bps=SfuSettings().max_peer_bps)
    try:
        kiosk, seat = wide.client().join(), wide.client().join()
        slot = seat.slot(rtx_ssrc=0x3333)
        wide.forwarder.connect(slot, kiosk.track(rtx_ssrc=0x1112))
        sent, received, sequence = 0, [], 0
        for frame in range(FRAMES_PER_S // 2):
            size = PACKETS_PER_FRAME * (KEYFRAME if frame == 0 else 1)
            for first in range(0, size, 50):
                burst = [
                    rtp(
                        sequence + n,
                        3000 * frame,
                        payload=vp8(keyframe=frame == 0, begins=n + first == 0, picture=frame).ljust(
                            PACKET_BYTES, b"x"
                        ),
                        marker=n + first == size - 1,
                    )
                    for n in range(min(50, size - first))
                ]
                kiosk.send(*burst)
                wide.pump(len(burst))
                received += seat.take()
                sequence += len(burst)
                sent += len(burst)
        assert wide.drops() == {}
        assert len(received) == sent
        assert [each.sequence for each in received] == [(received[0].sequence + n) & 0xFFFF for n in range(sent)]

        asked = received[-ROUND_TRIP_PACKETS].sequence
        seat.send_rtcp(nack(0x2222, (asked, 0)))
        wide.pump(1)
        (again,) = seat.take()
        assert int.from_bytes(again.payload[:2], "big") == asked
    finally:
        wide.close()

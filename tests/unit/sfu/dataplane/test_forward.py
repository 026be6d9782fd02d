"""The pipeline end to end: SRTP in on a real socket, SRTP out."""

import os
import socket
from collections.abc import Callable

import pytest

from relay.sfu.ports import ArrivalKind, CodecFamily, Extension, Kind, NoticeKind, Payload
from tests.support.media_bench import CM80, GCM, KEY_BYTES, OPUS, VP8, Bench
from tests.support.packets import nack, receiver_report, rtp, rtx, sdes, vp8

STUN = bytes([0, 1, 0, 0]) + bytes(16)
DTLS = bytes([22, 254, 253]) + bytes(20)


def test_video_starts_at_a_keyframe_under_the_slots_own_numbers(bench: Bench) -> None:
    kiosk, seat = bench.client().join(), bench.client().join()
    track, slot = kiosk.track(), seat.slot()
    bench.forwarder.connect(slot, track)
    assert bench.notices() == [(NoticeKind.KEYFRAME_WANTED, track)]
    kiosk.send(*(rtp(10 + n, 3000 * n, payload=vp8(keyframe=n == 2, picture=n), marker=True) for n in range(5)))
    bench.pump(5)
    received = seat.take()
    first = received[0]
    assert [(each.ssrc, each.sequence, each.timestamp) for each in received] == [
        (0x2222, first.sequence + n, (first.timestamp + 3000 * n) % 2**32) for n in range(3)
    ]
    assert first.sequence < 2**15, "a receiver that misses the first packets could not guess the roll-over counter"
    assert all(each.marker and each.payload_type == 96 for each in received)
    assert bench.drops() == {"awaiting_keyframe": 2}
    assert bench.notices() == [
        (NoticeKind.TRACK_STARTED, track),
        (NoticeKind.KEYFRAME_WANTED, track),
        (NoticeKind.KEYFRAME_SEEN, track),
        (NoticeKind.SLOT_STARTED, slot),
    ]


def test_a_keyframe_is_wanted_as_long_as_a_slot_waits_for_one(bench: Bench) -> None:
    """The first packet of a keyframe that comes late does not open the slot: without another wish it would stay black."""
    kiosk, seat = bench.client().join(), bench.client().join()
    track = kiosk.track()
    bench.forwarder.connect(seat.slot(), track)
    kiosk.send(rtp(2, payload=vp8(begins=False)), rtp(1, payload=vp8(keyframe=True)))
    bench.pump(2)
    bench.notices()
    for sequence in (3, 4):
        kiosk.send(rtp(sequence, payload=vp8()))
        bench.pump(1)
        assert bench.notices() == [(NoticeKind.KEYFRAME_WANTED, track)]
    kiosk.send(rtp(5, payload=vp8(keyframe=True)), rtp(6, payload=vp8()))
    bench.pump(2)
    assert (NoticeKind.KEYFRAME_WANTED, track) not in bench.notices()
    assert len(seat.take()) == 2


@pytest.mark.parametrize("last", ["path", "keys"])
def test_a_keyframe_is_wanted_when_its_receiver_gets_ready(bench: Bench, last: str) -> None:
    kiosk, seat = bench.client().join(), bench.client()
    track = kiosk.track()
    bench.forwarder.connect(seat.slot(), track)
    bench.notices()
    steps = {
        "path": lambda: bench.forwarder.set_path(seat.peer, seat.address),
        "keys": lambda: bench.forwarder.set_keys(seat.peer, seat.profile, seat.sending, seat.receiving),
    }
    ready = steps.pop(last)
    for step in steps.values():
        step()
    assert bench.notices() == []
    ready()
    assert bench.notices() == [(NoticeKind.KEYFRAME_WANTED, track)]


def test_audio_starts_at_once(bench: Bench) -> None:
    kiosk, seat = bench.client().join(), bench.client().join()
    track = kiosk.track(kind=Kind.AUDIO, payloads=OPUS)
    bench.forwarder.connect(seat.slot(kind=Kind.AUDIO, payloads=OPUS), track)
    kiosk.send(rtp(1, payload_type=111, payload=b"opus"))
    bench.pump(1)
    assert [each.payload for each in seat.take()] == [b"opus"]


def test_one_packet_goes_to_every_slot_of_its_track(bench: Bench) -> None:
    kiosk = bench.client().join()
    track = kiosk.track()
    seats = [bench.client().join() for _ in range(5)]
    for seat in seats:
        bench.forwarder.connect(seat.slot(), track)
    kiosk.send(*(rtp(n, payload=vp8(keyframe=n == 0, picture=0, body=bytes([n]) * 900)) for n in range(20)))
    bench.pump(20)
    for seat in seats:
        assert [each.payload[-900:] for each in seat.take()] == [bytes([n]) * 900 for n in range(20)]
    assert bench.count("packets_out") == 100


@pytest.mark.parametrize("receiver", sorted(KEY_BYTES))
@pytest.mark.parametrize("sender", [GCM, CM80])
def test_each_peer_has_its_own_cipher(bench: Bench, sender: int, receiver: int) -> None:
    kiosk, seat = bench.client(sender).join(), bench.client(receiver).join()
    bench.forwarder.connect(seat.slot(), kiosk.track())
    kiosk.send(rtp(1, payload=vp8(keyframe=True)))
    bench.pump(1)
    assert [each.payload for each in seat.take()] == [vp8(keyframe=True)]


def test_both_families_on_one_dual_stack_socket(make_bench: Callable[..., Bench]) -> None:
    if not socket.has_dualstack_ipv6():
        pytest.skip("no IPv6 on this machine")
    bench = make_bench(family=socket.AF_INET6)
    kiosk, seat = bench.client(family=socket.AF_INET).join(), bench.client(family=socket.AF_INET6).join()
    bench.forwarder.connect(seat.slot(), kiosk.track())
    bench.forwarder.connect(kiosk.slot(), seat.track())
    kiosk.send(rtp(1, payload=vp8(keyframe=True, body=b"4 to 6")))
    seat.send(rtp(1, payload=vp8(keyframe=True, body=b"6 to 4")))
    kiosk.send_raw(STUN)
    arrivals = bench.pump(3)
    assert seat.take()[0].payload.endswith(b"4 to 6")
    assert kiosk.take()[0].payload.endswith(b"6 to 4")
    assert arrivals[0].address[:2] == kiosk.address
    assert bench.forwarder.transmit(b"back", arrivals[0].address)
    assert kiosk.datagrams() == [b"back"]


def test_stun_and_dtls_go_up_with_their_address_and_stamp(bench: Bench) -> None:
    kiosk, stranger = bench.client().join(), bench.client()
    before = bench.now_ns()
    stranger.send_raw(STUN)
    kiosk.send_raw(DTLS)
    arrivals = bench.pump(2)
    assert [each[:4] for each in arrivals] == [
        (ArrivalKind.STUN, -1, stranger.address, STUN),
        (ArrivalKind.DTLS, kiosk.peer, kiosk.address, DTLS),
    ]
    assert before <= arrivals[0].received_ns <= arrivals[1].received_ns <= bench.now_ns()


REPORT = b"\x80\xcf\x00\x01" + bytes(4)
"""An extended report (RFC 3611)."""


def test_rtcp_that_is_not_for_the_packet_path_goes_up_decrypted(bench: Bench) -> None:
    kiosk = bench.client().join()
    kiosk.send_rtcp(receiver_report(), sdes(), REPORT)
    kiosk.send_rtcp(receiver_report())
    assert [(each.kind, each.peer, each.data) for each in bench.pump(2)] == [(ArrivalKind.RTCP, kiosk.peer, REPORT)]


def test_a_tray_that_is_full_drops_the_rest(bench: Bench) -> None:
    stranger = bench.client()
    stranger.send_raw(*[STUN] * 300)
    arrivals = bench.forwarder.pump()
    assert len(arrivals) == 256
    assert bench.drops() == {"tray_full": 44}


@pytest.mark.parametrize(
    ("datagram", "reason"),
    [
        (b"", "foreign_protocol"),
        (b"\x80", "foreign_protocol"),
        (bytes([64]) + bytes(20), "foreign_protocol"),
        (bytes(2049), "cut"),
        (bytes([0x80, 96]) + bytes(9), "malformed_rtp"),
        (bytes([0x8F, 96]) + bytes(30), "malformed_rtp"),
        (bytes([0x90, 96]) + bytes(12) + b"\x00\x09", "malformed_rtp"),
        (bytes([0x80, 96]) + bytes(40), "auth_failed"),
        (bytes([0x80, 200]) + bytes(5), "malformed_rtcp"),
        (bytes([0x80, 200]) + bytes(40), "auth_failed"),
    ],
)
def test_what_cannot_be_believed_is_dropped_for_a_reason(bench: Bench, datagram: bytes, reason: str) -> None:
    kiosk = bench.client().join()
    kiosk.track()
    kiosk.send_raw(datagram)
    assert bench.pump(1) == []
    assert bench.drops() == {reason: 1}


def test_nothing_is_taken_from_strangers_or_before_the_handshake(bench: Bench) -> None:
    stranger, early = bench.client(), bench.client()
    bench.forwarder.set_path(early.peer, early.address)
    for client in (stranger, early):
        client.send(rtp(1))
        client.send_rtcp(receiver_report())
    assert bench.pump(4) == []
    assert bench.drops() == {"unknown_address": 2, "no_keys": 2}


def test_a_copied_packet_is_dropped(bench: Bench) -> None:
    kiosk, seat = bench.client().join(), bench.client().join()
    bench.forwarder.connect(seat.slot(), kiosk.track())
    packet = kiosk.outbound.protect(rtp(1, payload=vp8(keyframe=True)))
    kiosk.send_raw(packet, packet)
    bench.pump(2)
    assert len(seat.take()) == 1
    assert bench.drops() == {"replayed": 1}


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (rtp(1, ssrc=0x9999), "unknown_ssrc"),
        (rtp(1, payload_type=50), "unknown_payload_type"),
        (rtp(1, payload=b"\x00", padding=1)[:-1] + b"\x77", "malformed_rtp"),
    ],
)
def test_authentic_packets_that_make_no_sense_are_dropped(bench: Bench, packet: bytes, reason: str) -> None:
    kiosk = bench.client().join()
    kiosk.track()
    kiosk.track(0x1112, payloads=VP8)
    kiosk.send(packet)
    bench.pump(1)
    assert bench.drops() == {reason: 1}


def test_packets_go_nowhere_without_path_or_codec(bench: Bench) -> None:
    kiosk, unready, deaf = bench.client().join(), bench.client(), bench.client().join()
    track = kiosk.track()
    bench.forwarder.connect(unready.slot(), track)
    bench.forwarder.connect(deaf.slot(payloads=OPUS), track)
    kiosk.send(rtp(1, payload=vp8(keyframe=True)))
    bench.pump(1)
    assert bench.drops() == {"no_path": 1, "codec_mismatch": 1}


def test_a_packet_that_would_not_fit_a_datagram_is_dropped(bench: Bench) -> None:
    kiosk, seat = bench.client().join(), bench.client().join()
    bench.forwarder.connect(seat.slot(), kiosk.track())
    largest = os.urandom(1456 - 12 - 5)
    kiosk.send(rtp(1, payload=vp8(keyframe=True, picture=1, body=largest)))
    kiosk.send(rtp(2, payload=vp8(picture=1, body=largest + b"+")))
    bench.pump(2)
    assert [each.payload[-len(largest) :] for each in seat.take()] == [largest]
    assert bench.drops() == {"too_large": 1}


def test_rtp_from_a_new_address_is_taken_and_told_once_in_a_while(bench: Bench) -> None:
    """The carrier gave the kiosk another port: its next packet goes on to the seat, and the control side may ask for proof."""
    kiosk, seat = bench.client().join(), bench.client().join()
    bench.forwarder.connect(seat.slot(), kiosk.track())
    kiosk.send(rtp(1, payload=vp8(keyframe=True)))
    moved = kiosk.open_socket()
    kiosk.send(*(rtp(n, payload=vp8()) for n in range(2, 52)), via=moved)
    arrivals = bench.pump(51)
    assert {(each.kind, each.peer, each.address, each.data) for each in arrivals} == {
        (ArrivalKind.STRAY, kiosk.peer, moved.getsockname(), b"")
    }
    assert len(arrivals) < 50
    assert len(seat.take()) == 51
    kiosk.send_raw(rtp(99) + bytes(16), via=moved)
    assert bench.pump(1) == []
    assert bench.drops() == {"auth_failed": 1}


def test_a_new_address_may_have_been_another_peers(bench: Bench) -> None:
    kiosk, other, seat = bench.client().join(), bench.client().join(), bench.client().join()
    other.track(0x7777)
    bench.forwarder.connect(seat.slot(), kiosk.track())
    kiosk.send(rtp(1, payload=vp8(keyframe=True)), via=other.socket)
    assert [(each.kind, each.peer, each.address) for each in bench.pump(1)] == [
        (ArrivalKind.STRAY, kiosk.peer, other.address)
    ]
    assert len(seat.take()) == 1


def test_the_stay_of_every_forwarded_packet_is_measured(bench: Bench) -> None:
    kiosk, seats = bench.client().join(), [bench.client().join() for _ in range(3)]
    track = kiosk.track()
    for seat in seats:
        bench.forwarder.connect(seat.slot(), track)
    kiosk.send(*(rtp(n, payload=vp8(keyframe=True)) for n in range(10)))
    bench.pump(10)
    bounds, counts = bench.forwarder.residence()
    assert len(counts) == len(bounds) + 1
    assert sum(counts) == 30


def test_the_stay_of_retransmissions_says_nothing_and_is_not_measured(bench: Bench) -> None:
    kiosk, seat = bench.client().join(), bench.client().join()
    bench.forwarder.connect(seat.slot(), kiosk.track(0x1111, 0x4444))
    kiosk.send(rtp(1, payload=vp8(keyframe=True)), rtp(3, payload=vp8()))
    kiosk.send(rtx(rtp(2, payload=vp8()), sequence=1, ssrc=0x4444, payload_type=97))
    bench.pump(3)
    seat.send_rtcp(nack(0x2222, (seat.take()[0].sequence, 0)))
    bench.pump(1)
    assert bench.count("packets_out") == 4
    assert sum(bench.forwarder.residence()[1]) == 2


RED = Payload(20, CodecFamily.RED, 63, -1, 48_000)
REDUNDANT = bytes([0x80 | 111, 960 >> 6, (960 & 0x3F) << 2, 3]) + bytes([111]) + b"old" + b"the primary"
"""RFC 2198: one redundant block of three bytes, and the primary one."""


def test_redundant_audio_goes_on_whole_and_is_narrowed_for_who_takes_only_opus(bench: Bench) -> None:
    kiosk, seat = bench.client().join(), bench.client().join()
    track = kiosk.track(kind=Kind.AUDIO, payloads=[RED, *OPUS])
    plain, whole = (
        seat.slot(0x3333, kind=Kind.AUDIO, payloads=OPUS),
        seat.slot(0x4444, kind=Kind.AUDIO, payloads=[*OPUS, RED]),
    )
    bench.forwarder.connect(plain, track)
    bench.forwarder.connect(whole, track)
    kiosk.send(rtp(1, payload=REDUNDANT, payload_type=63))
    kiosk.send(rtp(2, payload=b"never redundant", payload_type=OPUS[0].payload_type))
    kiosk.send(rtp(3, payload=b"\xff\xff", payload_type=63))
    bench.pump(3)
    received = {(each.ssrc, each.payload_type, bytes(each.payload)) for each in seat.take()}
    assert received == {
        (0x3333, OPUS[0].payload_type, b"the primary"),
        (0x4444, 63, REDUNDANT),
        (0x3333, OPUS[0].payload_type, b"never redundant"),
        (0x4444, OPUS[0].payload_type, b"never redundant"),
        (0x4444, 63, b"\xff\xff"),
    }
    assert bench.drops() == {"codec_mismatch": 1}


def test_what_is_asked_for_again_is_narrowed_too(bench: Bench) -> None:
    kiosk, seat = bench.client().join(), bench.client().join()
    track, slot = kiosk.track(kind=Kind.AUDIO, payloads=[RED, *OPUS]), seat.slot(kind=Kind.AUDIO, payloads=OPUS)
    bench.forwarder.connect(slot, track)
    kiosk.send(rtp(1, payload=REDUNDANT, payload_type=63))
    bench.pump(1)
    (first,) = seat.datagrams()
    sequence = int.from_bytes(first[2:4], "big")
    seat.send_rtcp(nack(0x2222, (sequence, 0)))
    bench.pump(1)
    assert seat.datagrams() == [first], "the same packet under the same number is the same, enciphered too"
    assert len(first) < len(REDUNDANT) + 12 + 16


def test_audio_levels_are_summed_up(bench: Bench) -> None:
    kiosk, seat = bench.client().join(), bench.client().join()
    bench.forwarder.set_extensions(kiosk.peer, {Extension.AUDIO_LEVEL: 1})
    track = kiosk.track(kind=Kind.AUDIO, payloads=OPUS)
    for sequence, level in ((1, 30), (2, 127), (3, 0x80 | 10)):
        kiosk.send(rtp(sequence, payload=b"x", payload_type=OPUS[0].payload_type, extensions={1: bytes([level])}))
    kiosk.send(rtp(4, payload=b"x", payload_type=OPUS[0].payload_type))
    bench.pump(4)
    assert bench.forwarder.loudness(track) == (3, 97 + 0 + 117)
    assert seat.take() == []

"""Whatever an authenticated peer sends, the packet path accepts or drops it for a reason, sends nothing malformed, and the calls of
others go on. What an unauthenticated sender sends is never believed."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pylibsrtp import Error

from relay.sfu.dataplane.compose import recompose
from relay.sfu.dataplane.feedback import condense
from relay.sfu.dataplane.payload import starts_here
from relay.sfu.ports import CodecFamily, Extension
from tests.support.exploration import explore, mutations
from tests.support.media_bench import H264, OPUS, VP8, Bench, Client
from tests.support.packets import (
    fir,
    nack,
    pli,
    read_rtp,
    receiver_report,
    remb,
    rtp,
    rtx,
    sdes,
    sender_report,
    transport_feedback,
    vp8,
)
from tests.support.shared import captured_rtp, corpus

KINDS: dict[int, int] = dict(enumerate(Extension, start=1))
IDS: dict[int, int] = {kind: wire_id for wire_id, kind in KINDS.items()}
SEEDS = [
    rtp(7, 8, payload=vp8(keyframe=True, picture=1, level=2, key=3), extensions={1: b"0", 6: b"\x7f", 8: bytes(8)}),
    rtp(7, 8, payload=vp8(picture=1, wide=False), extensions={6: b"\x7f", 200: bytes(20)}, two_byte=True, padding=4),
    rtp(7, 8, payload_type=102, payload=bytes.fromhex("78 00 02 67 42 00 02 68 ce"), contributors=[1, 2]),
    rtx(rtp(7), sequence=1, ssrc=0x4444, payload_type=97),
]
RTCP_SEEDS = [
    receiver_report() + sdes() + nack(0x2222, (1, 0xFFFF), (40, 1)),
    sender_report(0x1111, 1 << 40, 5) + pli(0x2222) + fir(0x2222, 1),
    receiver_report() + remb(1, 2),
    receiver_report() + transport_feedback() + remb(1, 2),
]


def defend_compose(data: bytes, family: int) -> None:
    try:
        out = recompose(data, kinds=KINDS, ids=IDS, family=family, sequence=1, original=-1)
    except ValueError:
        return
    if out is not None:
        read = read_rtp(out)
        assert len(read.extensions) <= 6
        assert len(out) <= len(data) + 1 + 4 + 8 + 8
    starts_here(family, data)


def defend_condense(data: bytes) -> None:
    _, records, remainder = condense(data)
    assert 4 * len(records) + len(remainder) <= len(data)


def test_packet_seeds() -> None:
    for data in corpus("janus/rtp_fuzzer") + captured_rtp("vp9") + captured_rtp("vp8"):
        for family in CodecFamily:
            defend_compose(data, family)


def test_rtcp_seeds() -> None:
    for data in corpus("janus/rtcp_fuzzer"):
        defend_condense(data[:2048])


@explore
@given(mutations(SEEDS), st.sampled_from(CodecFamily))
def test_packets(data: bytes, family: int) -> None:
    defend_compose(data, family)


@explore
@given(st.one_of(st.binary(max_size=120), mutations(RTCP_SEEDS)))
def test_rtcp(data: bytes) -> None:
    defend_condense(data)


class House:
    """A hostile kiosk whose media a seat gets, and a call of two others."""

    def __init__(self) -> None:
        self.bench = Bench()
        self.hostile, self.seat = self.bench.client().join(), self.bench.client().join()
        for client in (self.hostile, self.seat):
            self.bench.forwarder.set_extensions(client.peer, IDS)
        track = self.hostile.track(0x1111, 0x4444, payloads=[*VP8, *H264, *OPUS])
        self.bench.forwarder.connect(self.seat.slot(0x3333, payloads=[*VP8, *H264, *OPUS]), track)
        self.bench.forwarder.connect(self.hostile.slot(0x2222), track)
        self.caller, self.callee = self.bench.client().join(), self.bench.client().join()
        self.bench.forwarder.connect(self.callee.slot(), self.caller.track())
        self.sequence = 0

    def others_go_on(self) -> None:
        self.sequence += 1
        self.caller.send(rtp(self.sequence, payload=vp8(keyframe=True)))
        self.bench.pump(1)
        assert [each.payload for each in self.callee.take()] == [vp8(keyframe=True)]

    def attack(self, client: Client, datagrams: list[bytes]) -> None:
        client.send_raw(*datagrams)
        self.bench.pump(len(datagrams))
        self.bench.tick(later_ms=50)
        self.seat.take()
        self.hostile.datagrams()
        self.bench.forwarder.notices()


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    house = House()
    yield house
    house.bench.close()


shared_house = settings(explore, suppress_health_check=[*HealthCheck])


@shared_house
@given(
    st.lists(st.one_of(st.binary(min_size=12, max_size=200), mutations(SEEDS)), max_size=8),
    st.lists(st.one_of(st.binary(min_size=8, max_size=200), mutations(RTCP_SEEDS)), max_size=4),
)
def test_authentic_nonsense(house: House, packets: list[bytes], compounds: list[bytes]) -> None:
    datagrams = []
    for protect, plain in [(house.hostile.outbound.protect, packets), (house.hostile.outbound.protect_rtcp, compounds)]:
        for each in plain:
            try:
                datagrams.append(protect(each))
            except Error:
                continue
    house.attack(house.hostile, datagrams)
    house.others_go_on()


@shared_house
@given(st.lists(st.binary(max_size=2100), max_size=10))
def test_nonsense_from_a_peer_and_from_a_stranger(house: House, datagrams: list[bytes]) -> None:
    before = house.bench.count("rtp_in") + house.bench.count("rtcp_in")
    house.attack(house.hostile, datagrams)
    house.attack(house.caller, datagrams)
    assert house.bench.count("rtp_in") + house.bench.count("rtcp_in") == before
    house.others_go_on()


def test_random_bytes_under_every_first_byte(house: House) -> None:
    for first in range(256):
        house.attack(house.hostile, [bytes([first]) + os.urandom(60), bytes([first])])
    house.others_go_on()

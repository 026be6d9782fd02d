import pytest

from relay.config import SfuSettings
from relay.errors import LimitReached, Malformed
from relay.ids import PeerId
from relay.sfu import PeerOffer, SlotRef, SlotStarted, SourceRef, SourceStarted
from relay.sfu.ports import HostCandidate, Notice, NoticeKind, ReceptionReport, SenderInfo
from relay.sfu.session.worker import Worker
from relay.sfu.transport.dtls import Certificate
from relay.sfu.wire import sdp
from relay.sfu.wire.rtcp import compound
from relay.sfu.wire.rtcp.pli import Pli
from relay.sfu.wire.rtcp.rr import ReceiverReport
from relay.sfu.wire.rtcp.sr import SenderReport
from tests.support.memory_forwarder import MemoryForwarder
from tests.support.offers import offer, section

KIOSK, SEAT = PeerId("kiosk"), PeerId("seat")
CERTIFICATE = Certificate.generate(1_700_000_000)
SSRC = "a=ssrc:1111 cname:x\n"


class CountingEntropy:
    """Bytes that differ from call to call and are the same in each run."""

    def __init__(self) -> None:
        self._calls = 0

    def __call__(self, size: int) -> bytes:
        self._calls += 1
        return self._calls.to_bytes(size, "little")


def make(forwarder: MemoryForwarder, **settings: int) -> Worker:
    worker = Worker(SfuSettings(**settings), forwarder, CERTIFICATE, CountingEntropy())
    worker.open((HostCandidate("192.0.2.1", 5000),))
    return worker


def kiosk_offer(ufrag: str = "abcd", extra: tuple[str, ...] = ()) -> PeerOffer:
    text = offer(section("0", extra=SSRC), section("1", "video", "recvonly"), *extra, ufrag=ufrag)
    sources = {"0": "camera"} | ({"2": "screen"} if extra else {})
    return PeerOffer(text, sources, {"1": "camera"})


def answer(worker: Worker, peer: PeerId, peer_offer: PeerOffer) -> sdp.SessionDescription:
    return sdp.parse(worker.answer(peer, peer_offer, 1.0, 1_000_000_000))


def test_a_pick_up_is_a_route_and_a_keyframe_request() -> None:
    forwarder = MemoryForwarder()
    worker = make(forwarder)
    answer(worker, KIOSK, kiosk_offer())
    answer(worker, SEAT, kiosk_offer())
    worker.route(SlotRef(SEAT, "camera"), SourceRef(KIOSK, "camera"), 1.0, 2_000_000_000)

    ((slot, track),) = ((slot, track) for slot, track in forwarder.slots.items() if track is not None)
    assert forwarder.tracks[track] == 1111
    forwarder.waiting = [Notice(NoticeKind.KEYFRAME_WANTED, track, 0), Notice(NoticeKind.TRACK_STARTED, track, 0)]
    assert worker.handle_arrivals([], now=1.0) == [SourceStarted(SourceRef(KIOSK, "camera"))]
    assert [compound.parse(packet) for _, packet in forwarder.rtcp] == [(Pli(1, 1111),)]

    forwarder.waiting = [Notice(NoticeKind.SLOT_STARTED, slot, 2_080_000_000)]
    assert worker.handle_arrivals([], now=1.1) == [SlotStarted(SlotRef(SEAT, "camera"), 80.0)]


def test_a_keyframe_request_is_repeated_until_the_keyframe_is_seen() -> None:
    forwarder = MemoryForwarder()
    worker = make(forwarder)
    answer(worker, KIOSK, kiosk_offer())
    (track,) = forwarder.tracks
    forwarder.waiting = [Notice(NoticeKind.KEYFRAME_WANTED, track, 0)]
    worker.handle_arrivals([], now=1.0)
    worker.handle_timeout(now=1.5)
    assert len(forwarder.rtcp) == 2
    forwarder.waiting = [Notice(NoticeKind.KEYFRAME_SEEN, track, 0)]
    worker.handle_arrivals([], now=1.6)
    worker.handle_timeout(now=2.1)
    assert len(forwarder.rtcp) == 2


def test_renegotiation_keeps_what_flows_and_adds_what_is_new() -> None:
    forwarder = MemoryForwarder()
    worker = make(forwarder)
    first = answer(worker, KIOSK, kiosk_offer())
    before = dict(forwarder.tracks), dict(forwarder.slots)
    second = answer(worker, KIOSK, kiosk_offer(extra=(section("2", extra="a=ssrc:3333 cname:x\n"),)))

    assert before[0].items() <= forwarder.tracks.items()
    assert before[1] == forwarder.slots
    assert sorted(forwarder.tracks.values()) == [1111, 3333]
    assert second.origin.session_id == first.origin.session_id
    assert second.origin.session_version == first.origin.session_version + 1
    assert second.media[0].attributes.value("ice-ufrag") == first.media[0].attributes.value("ice-ufrag")
    assert second.media[1].attributes.value("ssrc") == first.media[1].attributes.value("ssrc")


def test_new_credentials_restart_ice() -> None:
    worker = make(MemoryForwarder())
    first = answer(worker, KIOSK, kiosk_offer())
    second = answer(worker, KIOSK, kiosk_offer(ufrag="wxyz"))
    assert second.media[0].attributes.value("ice-ufrag") != first.media[0].attributes.value("ice-ufrag")


def test_another_certificate_under_the_same_name_is_a_new_client() -> None:
    forwarder = MemoryForwarder()
    worker = make(forwarder)
    answer(worker, KIOSK, kiosk_offer())
    (before,) = forwarder.peers
    reloaded = kiosk_offer()
    answer(worker, KIOSK, PeerOffer(reloaded.sdp.replace("AB:AB", "CD:CD"), reloaded.sources, reloaded.slots))
    (after,) = forwarder.peers
    assert before != after


def test_an_offer_that_cannot_be_answered_leaves_everything_as_it_was() -> None:
    forwarder = MemoryForwarder(max_streams=3)
    worker = make(forwarder)
    answer(worker, KIOSK, kiosk_offer())
    state = dict(forwarder.peers), dict(forwarder.tracks), dict(forwarder.slots)
    with pytest.raises(Malformed):
        answer(worker, SEAT, PeerOffer("v=0\r\n", {}, {}))
    with pytest.raises(LimitReached):
        answer(worker, SEAT, kiosk_offer())
    assert list(forwarder.peers) == list(state[0])
    assert list(worker.peers_by_id) == [KIOSK]


def test_an_offer_whose_fingerprint_or_credentials_are_unusable_creates_nothing() -> None:
    forwarder = MemoryForwarder()
    worker = make(forwarder)
    good = kiosk_offer()
    for bad in (good.sdp.replace("sha-256", "md5"), good.sdp.replace("a=ice-pwd:p", "a=ice-pwd:?")):
        with pytest.raises(Malformed):
            answer(worker, KIOSK, PeerOffer(bad, good.sources, good.slots))
    assert (forwarder.peers, worker.peers_by_id) == ({}, {})


def test_a_peer_that_leaves_disconnects_only_its_own_routes() -> None:
    forwarder = MemoryForwarder()
    worker = make(forwarder)
    for peer in (KIOSK, SEAT, PeerId("third")):
        answer(worker, peer, kiosk_offer())
    worker.route(SlotRef(SEAT, "camera"), SourceRef(KIOSK, "camera"), 1.0, 0)
    worker.route(SlotRef(PeerId("third"), "camera"), SourceRef(SEAT, "camera"), 1.0, 0)
    (closed,) = worker.remove(KIOSK, now=2.0)
    assert closed.peer == KIOSK
    assert worker.remove(KIOSK, now=2.0) == []
    assert len(forwarder.peers) == 2
    assert sum(track is not None for track in forwarder.slots.values()) == 1
    assert worker.stats().closed == {"removed": 1}


def test_reports_describe_each_leg_by_itself() -> None:
    forwarder = MemoryForwarder()
    worker = make(forwarder)
    answer(worker, KIOSK, kiosk_offer())
    (track,), (slot,) = forwarder.tracks, forwarder.slots
    peer = worker._peers.by_id[KIOSK]
    from relay.sfu.session import reports

    assert reports.compose(peer, forwarder, 0) == []
    forwarder.reports[track] = ReceptionReport(1111, 10, 5, 70_000, 90, 0, 0)
    (packet,) = reports.compose(peer, forwarder, 0)
    receiver_report, _ = compound.parse(packet)
    assert isinstance(receiver_report, ReceiverReport)
    assert receiver_report.reports[0].ssrc == 1111
    forwarder.senders[slot] = SenderInfo(77, 1 << 40, 9000, 3, 300)
    (packet,) = reports.compose(peer, forwarder, 0)
    sender_report, _ = compound.parse(packet)
    assert isinstance(sender_report, SenderReport)
    assert (sender_report.ssrc, sender_report.reports[0].cumulative_lost) == (77, 5)

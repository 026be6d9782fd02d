import itertools

import pytest

from relay.errors import Misuse
from relay.sfu.transport import (
    ApplicationData,
    Closed,
    CloseReason,
    Connected,
    DtlsRole,
    IgnoredCheck,
    PathRetired,
    PathSelected,
    PathValidated,
    PeerState,
    PeerTransport,
    Transmit,
    UfragRetired,
)
from relay.sfu.transport.outputs import Output
from relay.sfu.transport.peer import TRANSITIONS, transition
from relay.sfu.wire import stun
from tests.support.checks import CheckSender, Nominates
from tests.support.network import Burst, Conditions, Network
from tests.support.pairs import LEFT_CERTIFICATE, RIGHT_CERTIFICATE, PeerPair, credentials

OUTPUTS: list[type[Output]] = [
    Transmit,
    PathValidated,
    PathRetired,
    PathSelected,
    UfragRetired,
    Connected,
    ApplicationData,
    Closed,
]
HELLO = b"\x16\xfe\xfd" + bytes(40)
SOMEWHERE = ("203.0.113.9", 9)


def lonely() -> PeerTransport:
    fingerprints = [LEFT_CERTIFICATE.fingerprint]
    return PeerTransport(credentials(2), credentials(1), RIGHT_CERTIFICATE, fingerprints, DtlsRole.SERVER)


class TestConnecting:
    def test_in_five_one_way_delays(self) -> None:
        pair = PeerPair(Network(Conditions(delay_s=0.02)))
        pair.run(1.0)
        assert pair.left.transport.state is pair.right.transport.state is PeerState.CONNECTED
        assert pair.right.time_of(Connected) == pytest.approx(0.08)
        assert pair.left.time_of(Connected) == pytest.approx(0.10)
        (left,), (right,) = pair.left.of(Connected), pair.right.of(Connected)
        assert left.keys.send == right.keys.receive

    @pytest.mark.parametrize(
        "conditions",
        [
            Conditions(loss=0.3),
            Conditions(burst=Burst(enter=0.1, leave=0.3)),
            Conditions(reorder=0.3, duplicate=0.3, jitter_s=0.05),
            Conditions(rate_bps=64_000, queue_bytes=3_000),
            Conditions(delay_s=0.6),
        ],
        ids=["loss", "bursts", "disorder", "narrow", "satellite"],
    )
    @pytest.mark.parametrize("seed", range(5))
    def test_in_bad_weather(self, conditions: Conditions, seed: int) -> None:
        pair = PeerPair(Network(conditions, seed=seed))
        pair.run(20.0)
        (left,), (right,) = pair.left.of(Connected), pair.right.of(Connected)
        assert left.keys.send == right.keys.receive
        assert not pair.left.of(Closed)
        assert not pair.right.of(Closed)

    def test_the_same_seed_gives_the_same_history(self) -> None:
        conditions = Conditions(loss=0.2, reorder=0.2, jitter_s=0.03)
        histories = []
        for _ in range(2):
            pair = PeerPair(Network(conditions, seed=7))
            pair.run(10.0)
            histories.append([(time, type(output)) for time, output in pair.left.outputs])
        assert histories[0] == histories[1]

    def test_a_peer_that_never_comes(self) -> None:
        peer = lonely()
        assert peer.deadline() is None
        peer.start(10.0)
        assert peer.deadline() == 40.0
        assert peer.handle_timeout(39.0) == []
        assert peer.handle_timeout(40.0) == [Closed(CloseReason.NEVER_CONNECTED)]
        assert peer.state is PeerState.CLOSED
        assert peer.deadline() is None

    def test_a_peer_that_never_secures_its_path(self) -> None:
        peer = lonely()
        checks = CheckSender(credentials(1), credentials(2))
        for second in range(31):
            outputs = peer.handle_datagram(checks.request(nominate=True), SOMEWHERE, float(second))
            outputs += peer.handle_timeout(float(second))
        assert outputs[-1] == Closed(CloseReason.NEVER_CONNECTED, "handshake timeout")


class TestPath:
    def test_dtls_from_an_address_that_has_not_authenticated_is_not_looked_at(self) -> None:
        peer = lonely()
        assert peer.handle_datagram(HELLO, SOMEWHERE, 0.0) == []
        assert peer.unvalidated_dtls == 1
        assert peer.state is PeerState.NEW

    def test_media_is_not_for_here(self) -> None:
        peer = lonely()
        assert peer.handle_datagram(b"\x80\x60" + bytes(10), SOMEWHERE, 0.0) == []
        assert peer.unvalidated_dtls == 0

    def test_checks_that_do_not_count_are_counted(self) -> None:
        peer = lonely()
        peer.handle_datagram(b"\0\1", SOMEWHERE, 0.0)
        assert peer.ignored_checks == {IgnoredCheck.MALFORMED: 1}

    def test_a_peer_that_roams_keeps_its_keys(self) -> None:
        pair = PeerPair()
        pair.run(5.0)
        pair.left.address = ("203.0.113.7", 4444)
        moved_at = pair.now
        pair.run(2.0)
        time, selected = next(
            (time, output)
            for time, output in pair.right.outputs
            if isinstance(output, PathSelected) and time > moved_at
        )
        assert selected.address == pair.left.address
        assert time - moved_at <= pair.left.checks.interval_s + 0.02
        assert pair.right.transport.selected == pair.left.address
        assert len(pair.right.of(Connected)) == 1
        pair.send(pair.right, pair.right.transport.send_application(b"still here"))
        pair.run(0.1)
        assert pair.left.of(ApplicationData) == [ApplicationData(b"still here")]

    def test_a_peer_behind_a_nat_that_forgot_it(self) -> None:
        pair = PeerPair(nominates=Nominates.ONCE)
        pair.left.checks.interval_s = 5.0
        pair.run(12.0)
        pair.left.address = ("203.0.113.7", 4444)
        pair.run(5.0)
        assert pair.right.transport.selected == pair.left.address

    def test_media_from_a_new_address_moves_the_path_once_the_peer_has_answered_from_there(self) -> None:
        pair = PeerPair()
        pair.run(2.0)
        right, before = pair.right.transport, pair.right.transport.selected
        (asked,) = right.validate_path(SOMEWHERE, b"unpredictabl", pair.now)
        assert isinstance(asked, Transmit)
        assert asked.address == SOMEWHERE
        answer = stun.Message(stun.BINDING, stun.MessageClass.SUCCESS, b"unpredictabl", xor_mapped_address=SOMEWHERE)
        authentic = answer.serialise(credentials(1).password.encode())
        assert right.handle_datagram(authentic, ("203.0.113.66", 6), pair.now) == []
        assert right.handle_datagram(answer.serialise(b"a guess"), SOMEWHERE, pair.now) == []
        assert right.selected == before
        outputs = right.handle_datagram(authentic, SOMEWHERE, pair.now)
        assert outputs == [PathValidated(SOMEWHERE), PathSelected(SOMEWHERE)]
        assert right.validate_path(SOMEWHERE, b"unpredictab2", pair.now) == []

    def test_nobody_is_asked_to_prove_an_address_before_the_handshake(self) -> None:
        assert lonely().validate_path(SOMEWHERE, b"unpredictabl", 0.0) == []

    def test_an_outage_shorter_than_consent_is_survived(self) -> None:
        pair = PeerPair()
        pair.run(3.0)
        for link in pair.network.links:
            link.conditions = Conditions(loss=1.0)
        pair.run(25.0)
        for link in pair.network.links:
            link.conditions = Conditions()
        pair.run(3.0)
        assert pair.left.transport.state is pair.right.transport.state is PeerState.CONNECTED

    def test_without_consent_it_falls_silent(self) -> None:
        pair = PeerPair()
        pair.run(3.0)
        pair.left.checks.is_quiet = pair.right.checks.is_quiet = True
        pair.run(1.0)
        sent_before = pair.network.back.sent
        pair.run(60.0)
        assert pair.right.of(Closed) == [Closed(CloseReason.CONSENT_EXPIRED)]
        assert pair.network.back.sent == sent_before
        late = pair.left.checks.request(nominate=True)
        assert pair.right.transport.handle_datagram(late, pair.left.address, pair.now) == []

    def test_ice_restart_keeps_the_keys(self) -> None:
        pair = PeerPair()
        pair.run(2.0)
        ours, theirs = credentials(11), credentials(12)
        assert pair.right.transport.restart_ice(theirs, ours, pair.now) == []
        pair.left.checks.local, pair.left.checks.remote = ours, theirs
        pair.run(2.0)
        assert pair.right.of(UfragRetired) == [UfragRetired(credentials(2).ufrag)]
        assert pair.right.transport.state is PeerState.CONNECTED

    def test_the_peers_credentials_may_come_later(self) -> None:
        fingerprints = [LEFT_CERTIFICATE.fingerprint]
        peer = PeerTransport(credentials(2), None, RIGHT_CERTIFICATE, fingerprints, DtlsRole.SERVER)
        peer.set_remote(credentials(3))
        stranger = CheckSender(credentials(1), credentials(2))
        peer.handle_datagram(stranger.request(nominate=True), SOMEWHERE, 0.0)
        assert peer.ignored_checks == {IgnoredCheck.UNAUTHENTICATED: 1}


class TestEnd:
    def test_goodbye(self) -> None:
        pair = PeerPair()
        pair.run(2.0)
        pair.send(pair.left, pair.left.transport.close(pair.now))
        pair.run(1.0)
        assert pair.left.of(Closed) == [Closed(CloseReason.LOCAL)]
        assert pair.right.of(Closed) == [Closed(CloseReason.REMOTE)]
        assert pair.left.transport.close(pair.now) == []
        assert pair.left.transport.handle_timeout(pair.now) == []

    def test_before_there_is_a_path(self) -> None:
        peer = lonely()
        assert peer.close(0.0) == [Closed(CloseReason.LOCAL)]
        assert peer.handle_datagram(HELLO, SOMEWHERE, 0.0) == []

    def test_application_data_needs_a_handshake(self) -> None:
        with pytest.raises(Misuse):
            lonely().send_application(b"x")


@pytest.mark.parametrize(("state", "output"), list(itertools.product(PeerState, OUTPUTS)))
def test_every_pair_is_either_listed_or_misuse(state: PeerState, output: type[Output]) -> None:
    if (state, output) in TRANSITIONS:
        assert transition(state, output) is TRANSITIONS[state, output]
    else:
        with pytest.raises(Misuse, match=f"{state.value}.*{output.__name__}"):
            transition(state, output)

import itertools
from typing import Any

import pytest

from relay.errors import Malformed, Misuse
from relay.sfu.transport import (
    ConsentExpired,
    IceCredentials,
    IceLite,
    IceState,
    IgnoredCheck,
    PathRetired,
    PathSelected,
    PathValidated,
    Transmit,
    UfragRetired,
)
from relay.sfu.transport.ice import MAX_PATHS, TRANSITIONS, IceEvent, transition
from relay.sfu.wire import stun
from relay.sfu.wire.stun import Message, MessageClass
from tests.support.checks import CheckSender
from tests.support.pairs import credentials

OURS, THEIRS = credentials(1), credentials(2)
HOME, MOVED, OTHER = ("192.0.2.1", 1000), ("192.0.2.1", 2000), ("2001:db8::1", 3000)
PEER = CheckSender(THEIRS, OURS)


def checked(ice: IceLite, address: tuple[str, int], now: float, *, nominate: bool = False) -> list[Any]:
    """What the agent puts out for an authentic check, its answer left away."""
    answer, *rest = ice.handle_datagram(PEER.request(nominate=nominate), address, now)
    assert isinstance(answer, Transmit)
    assert answer.address == address
    return rest


def connected() -> IceLite:
    ice = IceLite(OURS, THEIRS)
    checked(ice, HOME, 0.0, nominate=True)
    return ice


def answer_to(ice: IceLite, request: Message, key: bytes | None, address: tuple[str, int] = HOME) -> Message:
    (output,) = ice.handle_datagram(request.serialise(key), address, 0.0)
    assert isinstance(output, Transmit)
    return stun.parse(output.data)


def request(username: str | None = f"{OURS.ufrag}:{THEIRS.ufrag}", **fields: Any) -> Message:
    return Message(stun.BINDING, MessageClass.REQUEST, b"transaction!", username=username, **fields)


KEY = OURS.password.encode()


class TestAnswers:
    def test_a_check_is_answered_with_the_address_it_came_from(self) -> None:
        ice = IceLite(OURS, THEIRS)
        sent = PEER.request(nominate=True)
        output = ice.handle_datagram(sent, OTHER, 0.0)[0]
        assert isinstance(output, Transmit)
        answer = stun.parse(output.data)
        assert answer.cls is MessageClass.SUCCESS
        assert answer.transaction_id == stun.parse(sent).transaction_id
        assert answer.xor_mapped_address == OTHER
        assert answer.verify_integrity(KEY)
        assert answer.has_fingerprint

    def test_without_integrity_or_username_it_is_a_bad_request(self) -> None:
        ice = IceLite(OURS, THEIRS)
        for bad, key in ((request(), None), (request(username=None), KEY)):
            answer = answer_to(ice, bad, key)
            assert answer.error is not None
            assert answer.error.code == 400
            assert not answer.integrity
        assert ice.ignored[IgnoredCheck.BAD_REQUEST] == 2
        assert ice.state is IceState.NEW

    @pytest.mark.parametrize(
        ("username", "key"),
        [
            (f"{OURS.ufrag}:{THEIRS.ufrag}", b"wrong password"),
            (f"{THEIRS.ufrag}:{OURS.ufrag}", KEY),
            (f"{OURS.ufrag}:else", KEY),
            (f"else:{THEIRS.ufrag}", KEY),
            (OURS.ufrag, KEY),
            ("", KEY),
        ],
    )
    def test_wrong_user_or_password_is_unauthenticated(self, username: str, key: bytes) -> None:
        ice = IceLite(OURS, THEIRS)
        answer = answer_to(ice, request(username=username, use_candidate=True), key)
        assert answer.error is not None
        assert answer.error.code == 401
        assert not answer.integrity
        assert ice.ignored == {IgnoredCheck.UNAUTHENTICATED: 1}
        assert not ice.is_valid(HOME)

    def test_an_attribute_that_must_be_understood_is_named(self) -> None:
        ice = IceLite(OURS, THEIRS)
        answer = answer_to(ice, request(others=((0x7F01, b""), (0xC057, b"1234"))), KEY)
        assert answer.error is not None
        assert answer.error.code == 420
        assert answer.unknown_attributes == (0x7F01,)
        assert answer.verify_integrity(KEY)

    def test_a_peer_that_believes_to_be_controlled_is_told_to_switch(self) -> None:
        ice = IceLite(OURS, THEIRS)
        answer = answer_to(ice, request(ice_controlled=0), KEY)
        assert answer.error is not None
        assert answer.error.code == 487
        assert answer.verify_integrity(KEY)
        assert ice.state is IceState.NEW

    def test_an_answer_is_no_larger_than_its_question(self) -> None:
        """Nobody can use the port to amplify traffic towards a third party."""
        ice = IceLite(OURS, THEIRS)
        for question in (request().serialise(b"wrong"), request().serialise(None)):
            (answer,) = ice.handle_datagram(question, HOME, 0.0)
            assert isinstance(answer, Transmit)
            assert len(answer.data) <= len(question)

    @pytest.mark.parametrize(
        ("data", "why"),
        [
            (b"\0\1", IgnoredCheck.MALFORMED),
            (request().serialise(KEY)[:-4] + b"\0\0\0\0", IgnoredCheck.MALFORMED),
            (Message(stun.BINDING, MessageClass.INDICATION, bytes(12)).serialise(), IgnoredCheck.NOT_A_REQUEST),
            (Message(stun.BINDING, MessageClass.SUCCESS, bytes(12)).serialise(KEY), IgnoredCheck.NOT_A_REQUEST),
            (Message(0x003, MessageClass.REQUEST, bytes(12)).serialise(KEY), IgnoredCheck.NOT_A_REQUEST),
        ],
    )
    def test_the_rest_is_dropped_and_counted(self, data: bytes, why: IgnoredCheck) -> None:
        ice = IceLite(OURS, THEIRS)
        assert ice.handle_datagram(data, HOME, 0.0) == []
        assert ice.ignored == {why: 1}

    def test_until_the_peer_is_known_any_fragment_of_its_will_do(self) -> None:
        ice = IceLite(OURS)
        checked(ice, HOME, 0.0)
        ice.set_remote(credentials(3))
        answer = answer_to(ice, request(), KEY)
        assert answer.error is not None
        assert answer.error.code == 401


class TestSelection:
    def test_the_first_address_is_selected_before_nomination(self) -> None:
        ice = IceLite(OURS, THEIRS)
        assert ice.selected is None
        assert checked(ice, HOME, 0.0) == [PathValidated(HOME), PathSelected(HOME)]
        assert (ice.state, ice.selected) == (IceState.CONNECTED, HOME)

    def test_nomination_completes(self) -> None:
        ice = connected()
        assert (ice.state, ice.selected) == (IceState.COMPLETED, HOME)
        assert checked(ice, HOME, 1.0, nominate=True) == []

    def test_a_peer_that_roams_and_nominates_moves_at_once(self) -> None:
        ice = connected()
        assert checked(ice, MOVED, 0.1, nominate=True) == [PathValidated(MOVED), PathSelected(MOVED)]
        assert checked(ice, HOME, 0.2, nominate=True) == [PathSelected(HOME)]

    def test_a_check_without_nomination_from_elsewhere_does_not_move(self) -> None:
        ice = connected()
        assert checked(ice, MOVED, 0.1) == [PathValidated(MOVED)]
        assert ice.selected == HOME

    @pytest.mark.parametrize(
        ("nominates", "silent_s", "moves"),
        [(False, 3.1, True), (False, 2.9, False), (True, 9.9, False), (True, 10.1, True)],
    )
    def test_a_rebound_nat_moves_after_silence(self, nominates: bool, silent_s: float, moves: bool) -> None:
        ice = connected()
        checked(ice, HOME, 5.0, nominate=nominates)
        outputs = checked(ice, MOVED, 5.0 + silent_s)
        assert (PathSelected(MOVED) in outputs) is moves

    def test_at_most_eight_addresses_are_remembered(self) -> None:
        ice = connected()
        others = [("198.51.100.1", port) for port in range(1, MAX_PATHS + 3)]
        retired = [
            output.address
            for number, address in enumerate(others, start=1)
            for output in checked(ice, address, float(number))
            if isinstance(output, PathRetired)
        ]
        assert retired == others[:3]
        assert ice.is_valid(HOME)
        assert sum(map(ice.is_valid, [HOME, *others])) == MAX_PATHS


class TestConsent:
    def test_every_check_renews_it(self) -> None:
        ice = connected()
        assert ice.deadline() == 30.0
        checked(ice, HOME, 20.0)
        assert ice.deadline() == 50.0
        assert ice.handle_timeout(49.9) == []

    def test_without_any_it_expires(self) -> None:
        ice = connected()
        assert ice.handle_timeout(30.0) == [PathRetired(HOME), ConsentExpired(heard=True)]
        assert ice.state is IceState.EXPIRED
        assert ice.deadline() is None

    def test_what_has_expired_stays_silent(self) -> None:
        ice = connected()
        ice.handle_timeout(30.0)
        assert ice.handle_datagram(PEER.request(nominate=True), HOME, 31.0) == []
        assert ice.handle_timeout(99.0) == []

    def test_a_check_that_does_not_authenticate_renews_nothing(self) -> None:
        ice = connected()
        ice.handle_datagram(request().serialise(b"wrong"), HOME, 29.0)
        assert ice.deadline() == 30.0

    def test_a_peer_that_never_comes(self) -> None:
        ice = IceLite(OURS, THEIRS, consent_s=15.0)
        assert ice.deadline() is None
        ice.start(5.0)
        ice.start(9.0)
        assert ice.deadline() == 20.0
        assert ice.handle_timeout(19.0) == []
        assert ice.handle_timeout(20.0) == [ConsentExpired(heard=False)]

    def test_when_the_selected_address_dies_the_freshest_of_the_others_is_taken(self) -> None:
        ice = connected()
        checked(ice, MOVED, 5.0)
        checked(ice, OTHER, 6.0)
        assert ice.handle_timeout(30.0) == [PathSelected(OTHER), PathRetired(HOME)]
        assert ice.state is IceState.COMPLETED
        assert not ice.is_valid(HOME)
        assert ice.deadline() == 35.0

    def test_an_address_that_dies_in_the_background_is_forgotten(self) -> None:
        ice = connected()
        checked(ice, MOVED, 1.0)
        checked(ice, HOME, 25.0, nominate=True)
        assert ice.handle_timeout(31.0) == [PathRetired(MOVED)]
        assert ice.selected == HOME


class TestRestart:
    NEW_OURS, NEW_THEIRS = credentials(11), credentials(12)
    NEW_PEER = CheckSender(NEW_THEIRS, NEW_OURS)

    def restarted(self) -> IceLite:
        ice = connected()
        assert ice.restart(self.NEW_OURS, self.NEW_THEIRS) == []
        return ice

    def test_old_checks_are_good_until_a_new_one_nominates(self) -> None:
        ice = self.restarted()
        checked(ice, HOME, 1.0, nominate=True)
        assert ice.handle_datagram(self.NEW_PEER.request(nominate=False), MOVED, 1.1)[1:] == [PathValidated(MOVED)]
        checked(ice, HOME, 1.2, nominate=True)
        assert ice.selected == HOME
        outputs = ice.handle_datagram(self.NEW_PEER.request(nominate=True), MOVED, 1.3)
        assert outputs[1:] == [PathSelected(MOVED), UfragRetired(OURS.ufrag)]
        answer = answer_to(ice, request(), KEY)
        assert answer.error is not None
        assert answer.error.code == 401

    def test_answers_are_signed_with_the_password_the_check_used(self) -> None:
        ice = self.restarted()
        output = ice.handle_datagram(self.NEW_PEER.request(nominate=False), HOME, 1.0)[0]
        assert isinstance(output, Transmit)
        assert stun.parse(output.data).verify_integrity(self.NEW_OURS.password.encode())

    def test_an_old_check_that_comes_late_does_not_move_back(self) -> None:
        ice = self.restarted()
        checked(ice, OTHER, 1.0)
        ice.handle_datagram(self.NEW_PEER.request(nominate=False), HOME, 1.1)
        assert checked(ice, OTHER, 1.2, nominate=True) == []
        assert ice.selected == HOME

    def test_a_second_restart_replaces_the_first_and_keeps_the_original(self) -> None:
        ice = self.restarted()
        assert ice.restart(credentials(21), credentials(22)) == [UfragRetired(self.NEW_OURS.ufrag)]
        checked(ice, HOME, 1.0)
        newest = CheckSender(credentials(22), credentials(21))
        outputs = ice.handle_datagram(newest.request(nominate=True), HOME, 1.1)
        assert outputs[1:] == [UfragRetired(OURS.ufrag)]


class TestCredentials:
    def test_made_of_entropy(self) -> None:
        made = IceCredentials.from_entropy(bytes(range(24)))
        assert (len(made.ufrag), len(made.password)) == (8, 24)
        assert made != IceCredentials.from_entropy(bytes(24))
        with pytest.raises(Misuse):
            IceCredentials.from_entropy(bytes(23))

    @pytest.mark.parametrize(
        ("ufrag", "password"),
        [("abc", "p" * 22), ("abcd", "p" * 21), ("a:cd", "p" * 22), ("a" * 257, "p" * 22), ("abcd", "pässword" * 3)],
    )
    def test_the_grammar_is_checked(self, ufrag: str, password: str) -> None:
        with pytest.raises(Malformed, match="ice-"):
            IceCredentials(ufrag, password)

    def test_the_password_stays_out_of_repr(self) -> None:
        assert OURS.password not in repr(OURS)


@pytest.mark.parametrize(("state", "event"), list(itertools.product(IceState, IceEvent)))
def test_every_pair_is_either_listed_or_misuse(state: IceState, event: IceEvent) -> None:
    if (state, event) in TRANSITIONS:
        assert transition(state, event) is TRANSITIONS[state, event]
    else:
        with pytest.raises(Misuse, match=f"{state.value}.*{event.value}"):
            transition(state, event)

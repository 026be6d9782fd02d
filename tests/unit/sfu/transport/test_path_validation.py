from relay.sfu.transport.ice import IceCredentials
from relay.sfu.transport.outputs import PathRetired, Transmit
from relay.sfu.transport.path_validation import MAX_PENDING, PathValidation
from relay.sfu.wire import stun

LOCAL, REMOTE = IceCredentials("local", "l" * 22), IceCredentials("remote", "r" * 22)
NEW_ADDRESS, ELSEWHERE = ("192.0.2.9", 4000), ("203.0.113.5", 4000)
ID = b"unpredictabl"


def asked(validation: PathValidation) -> stun.Message:
    (transmit,) = validation.ask(NEW_ADDRESS, ID, now=0.0)
    assert isinstance(transmit, Transmit)
    return stun.parse(transmit.data)


def response(key: str = REMOTE.password, *, transaction_id: bytes = ID, error: bool = False) -> stun.Message:
    cls = stun.MessageClass.ERROR if error else stun.MessageClass.SUCCESS
    message = stun.Message(stun.BINDING, cls, transaction_id, xor_mapped_address=NEW_ADDRESS)
    return stun.parse(message.serialise(key.encode()))


def test_a_check_carries_what_the_peer_needs_to_believe_it() -> None:
    request = asked(PathValidation(LOCAL, REMOTE))
    assert request.username == "remote:local"
    assert request.verify_integrity(REMOTE.password.encode())
    assert request.ice_controlled is not None


def test_only_the_answer_to_the_check_from_where_it_went_confirms() -> None:
    validation = PathValidation(LOCAL, REMOTE)
    asked(validation)
    assert not validation.confirms(response(), ELSEWHERE)
    assert not validation.confirms(response(transaction_id=b"a_guess_at_i"), NEW_ADDRESS)
    assert not validation.confirms(response(key="x" * 22), NEW_ADDRESS)
    assert not validation.confirms(response(error=True), NEW_ADDRESS)
    assert validation.confirms(response(), NEW_ADDRESS)
    assert not validation.confirms(response(), NEW_ADDRESS)


def test_checks_are_spaced_and_repeated() -> None:
    validation = PathValidation(LOCAL, REMOTE)
    sent = [bool(validation.ask(NEW_ADDRESS, ID, now)) for now in (0.0, 0.05, 0.125, 0.2, 0.25)]
    assert sent == [True, False, True, False, True]


def test_of_too_many_addresses_the_oldest_is_given_up() -> None:
    validation = PathValidation(LOCAL, REMOTE)
    for port in range(MAX_PENDING):
        assert len(validation.ask(("192.0.2.1", port), ID, now=float(port))) == 1
    outputs = validation.ask(("192.0.2.1", MAX_PENDING), ID, now=9.0)
    assert outputs[0] == PathRetired(("192.0.2.1", 0))
    assert not validation.confirms(response(), ("192.0.2.1", 0))

"""Whatever arrives, STUN is parsed or refused as Malformed, a peek never raises, and an agent without the password learns
nothing from it."""

from hypothesis import given
from hypothesis import strategies as st

from relay.errors import Malformed
from relay.sfu.transport import IceLite, IceState, Transmit
from relay.sfu.wire import stun
from tests.support.checks import CheckSender
from tests.support.exploration import explore, mutations
from tests.support.pairs import credentials
from tests.support.shared import browser_stun, vectors

OURS, THEIRS = credentials(1), credentials(2)
SOMEWHERE = ("192.0.2.1", 1000)
CHECK = CheckSender(THEIRS, OURS).request(nominate=True)


def defend(data: bytes) -> None:
    stun.peek_username(data)
    stun.is_response(data)
    try:
        message = stun.parse(data)
    except Malformed:
        return
    assert stun.parse(message.serialise(fingerprint=False)) == message


def defend_agent(data: bytes) -> None:
    ice = IceLite(OURS, THEIRS)
    outputs = ice.handle_datagram(data, SOMEWHERE, 0.0)
    if ice.state is IceState.NEW:
        assert all(isinstance(output, Transmit) for output in outputs)
        assert not ice.is_valid(SOMEWHERE)
    else:
        assert stun.parse(data).verify_integrity(OURS.password.encode())


def test_seeds() -> None:
    for data in [each for _, each in browser_stun()]:
        defend(data)
        defend_agent(data)
    for vector in vectors("stun_rfc5769.json")["messages"]:
        defend(bytes.fromhex(vector["hex"]))


@explore
@given(st.binary(max_size=200) | mutations([CHECK]))
def test_exploration(data: bytes) -> None:
    defend(data)
    defend_agent(data)

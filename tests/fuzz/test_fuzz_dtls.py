"""Whatever arrives in whatever order, a DTLS association raises nothing, sends no datagram larger than the MTU, and never
connects to a peer that cannot show the promised certificate."""

from hypothesis import given
from hypothesis import strategies as st

from relay.sfu.transport import Connected, Dtls, DtlsRole, DtlsState
from relay.sfu.transport.dtls import MTU
from relay.sfu.transport.outputs import DtlsOutput
from relay.sfu.wire.sdp import Fingerprint
from tests.support.exploration import explore, mutations
from tests.support.pairs import LEFT_CERTIFICATE, RIGHT_CERTIFICATE


def datagrams_of_a_handshake() -> tuple[list[bytes], list[bytes]]:
    """What a client and a server send each other."""
    client = Dtls(LEFT_CERTIFICATE, [RIGHT_CERTIFICATE.fingerprint], DtlsRole.CLIENT)
    server = Dtls(RIGHT_CERTIFICATE, [LEFT_CERTIFICATE.fingerprint], DtlsRole.SERVER)
    server.start(0.0)
    sent: tuple[list[bytes], list[bytes]] = ([], [])
    outputs: list[DtlsOutput] = client.start(0.0)
    for sender, receiver in ((0, server), (1, client), (0, server), (1, client)):
        datagrams = [output for output in outputs if isinstance(output, bytes)]
        sent[sender].extend(datagrams)
        outputs = [output for datagram in datagrams for output in receiver.handle_datagram(datagram, 0.0)]
    return sent


FROM_CLIENT, FROM_SERVER = datagrams_of_a_handshake()


def defend(machine: Dtls, arrivals: list[bytes]) -> None:
    outputs = machine.start(0.0)
    for number, data in enumerate(arrivals):
        outputs += machine.handle_datagram(data, float(number))
        outputs += machine.handle_timeout(float(number))
    outputs += machine.close()
    assert machine.state is DtlsState.CLOSED
    assert not any(isinstance(output, Connected) for output in outputs)
    assert all(len(output) <= MTU for output in outputs if isinstance(output, bytes))


def strangers(role: DtlsRole) -> Dtls:
    """One that waits for a certificate which nobody has."""
    return Dtls(RIGHT_CERTIFICATE, [Fingerprint("sha-256", bytes(32))], role)


def test_seeds() -> None:
    for role in DtlsRole:
        defend(strangers(role), FROM_CLIENT + FROM_SERVER)
        defend(strangers(role), FROM_SERVER + FROM_CLIENT)


@explore
@given(st.sampled_from(DtlsRole), st.lists(st.binary(max_size=100) | mutations(FROM_CLIENT + FROM_SERVER), max_size=6))
def test_exploration(role: DtlsRole, arrivals: list[bytes]) -> None:
    defend(strangers(role), arrivals)

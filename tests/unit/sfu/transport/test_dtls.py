import contextlib
import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL

from relay.errors import Malformed, Misuse
from relay.sfu.transport import (
    ApplicationData,
    Certificate,
    Closed,
    CloseReason,
    Connected,
    Dtls,
    DtlsRole,
    DtlsState,
    SrtpProfile,
)
from relay.sfu.transport.dtls import HANDSHAKE_TIMEOUT_S, MAX_APPLICATION_BYTES, MTU, TRANSITIONS, DtlsEvent, transition
from relay.sfu.transport.outputs import DtlsOutput
from relay.sfu.wire.sdp import Fingerprint
from tests.support.pairs import LEFT_CERTIFICATE, RIGHT_CERTIFICATE

STRANGER = Fingerprint("sha-256", bytes(32))


@dataclass
class Association:
    """A client and a server on a wire that loses nothing."""

    client: Dtls
    server: Dtls
    outputs: dict[DtlsRole, list[DtlsOutput]]
    datagram_bytes: list[int] = field(default_factory=list)

    def carry(self, sender: DtlsRole, outputs: list[DtlsOutput], now: float = 0.0) -> None:
        """Deliver datagrams, and those they cause, until nobody has more to say."""
        self.outputs[sender] += [output for output in outputs if not isinstance(output, bytes)]
        role, receiver = (DtlsRole.SERVER, self.server) if sender is DtlsRole.CLIENT else (DtlsRole.CLIENT, self.client)
        for datagram in outputs:
            if isinstance(datagram, bytes):
                self.datagram_bytes.append(len(datagram))
                self.carry(role, receiver.handle_datagram(datagram, now), now)


def association(
    client_expects: Fingerprint = RIGHT_CERTIFICATE.fingerprint,
    server_expects: Fingerprint = LEFT_CERTIFICATE.fingerprint,
) -> Association:
    client = Dtls(LEFT_CERTIFICATE, [client_expects], DtlsRole.CLIENT)
    server = Dtls(RIGHT_CERTIFICATE, [server_expects], DtlsRole.SERVER)
    return Association(client, server, {DtlsRole.CLIENT: [], DtlsRole.SERVER: []})


def connected() -> Association:
    pair = association()
    assert pair.server.start(0.0) == []
    pair.carry(DtlsRole.CLIENT, pair.client.start(0.0))
    assert pair.client.state is pair.server.state is DtlsState.CONNECTED
    return pair


def closed(outputs: list[DtlsOutput]) -> list[CloseReason]:
    return [output.reason for output in outputs if isinstance(output, Closed)]


def self_signed(name: str = "") -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """A certificate as large as `name`, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    parts = [name[at : at + 60] for at in range(0, len(name), 60)]
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, part) for part in parts])
    start = datetime(2024, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), 1, start, start.replace(year=2034))
    return builder.sign(key, hashes.SHA256()), key


def client_without_srtp() -> tuple[SSL.Connection, Fingerprint]:
    """A DTLS client that does not know of use_srtp, and its certificate's fingerprint."""
    certificate, key = self_signed()
    context = SSL.Context(SSL.DTLS_METHOD)
    context.use_certificate(certificate)
    context.use_privatekey(key)
    connection = SSL.Connection(context, None)
    connection.set_ciphertext_mtu(MTU)
    connection.set_connect_state()
    return connection, Fingerprint("sha-256", certificate.fingerprint(hashes.SHA256()))


class TestHandshake:
    def test_both_sides_get_the_same_keys(self) -> None:
        pair = connected()
        (client,), (server,) = pair.outputs[DtlsRole.CLIENT], pair.outputs[DtlsRole.SERVER]
        assert isinstance(client, Connected)
        assert isinstance(server, Connected)
        assert client.keys.profile is server.keys.profile is SrtpProfile.AEAD_AES_128_GCM
        assert client.keys.send == server.keys.receive
        assert client.keys.receive == server.keys.send
        assert client.keys.send != client.keys.receive

    def test_associations_of_one_certificate_have_different_keys(self) -> None:
        keys = [connected().outputs[DtlsRole.CLIENT][0] for _ in range(2)]
        assert keys[0] != keys[1]

    def test_no_datagram_exceeds_the_mtu(self) -> None:
        large = Certificate(*self_signed("x" * 15_000))
        pair = association(server_expects=large.fingerprint)
        pair.client = Dtls(large, [RIGHT_CERTIFICATE.fingerprint], DtlsRole.CLIENT)
        pair.server.start(0.0)
        pair.carry(DtlsRole.CLIENT, pair.client.start(0.0))
        assert pair.server.state is DtlsState.CONNECTED
        assert MTU - 200 < max(pair.datagram_bytes) <= MTU
        assert len(pair.datagram_bytes) > 30

    def test_application_data_may_come_with_the_end_of_the_handshake(self) -> None:
        pair = association()
        pair.server.start(0.0)
        (hello,) = pair.client.start(0.0)
        assert isinstance(hello, bytes)
        (server_hello,) = pair.server.handle_datagram(hello, 0.0)
        assert isinstance(server_hello, bytes)
        (finished,) = pair.client.handle_datagram(server_hello, 0.0)
        assert isinstance(finished, bytes)
        server_finished = pair.server.handle_datagram(finished, 0.0)[0]
        (record,) = pair.server.send_application(b"at once")
        assert isinstance(server_finished, bytes)
        assert isinstance(record, bytes)
        outputs = pair.client.handle_datagram(server_finished + record, 0.0)
        assert isinstance(outputs[0], Connected)
        assert outputs[1:] == [ApplicationData(b"at once")]

    def test_the_certificate_must_be_the_promised_one_for_the_server(self) -> None:
        pair = association(server_expects=STRANGER)
        pair.server.start(0.0)
        pair.carry(DtlsRole.CLIENT, pair.client.start(0.0))
        assert closed(pair.outputs[DtlsRole.SERVER]) == [CloseReason.FINGERPRINT_MISMATCH]
        assert closed(pair.outputs[DtlsRole.CLIENT]) == [CloseReason.DTLS_ALERT]

    def test_the_certificate_must_be_the_promised_one_for_the_client(self) -> None:
        pair = association(client_expects=STRANGER)
        pair.server.start(0.0)
        pair.carry(DtlsRole.CLIENT, pair.client.start(0.0))
        assert closed(pair.outputs[DtlsRole.CLIENT]) == [CloseReason.FINGERPRINT_MISMATCH]
        assert closed(pair.outputs[DtlsRole.SERVER]) == [CloseReason.DTLS_ALERT]

    @pytest.mark.parametrize(
        ("fingerprints", "reason"),
        [
            ([LEFT_CERTIFICATE.fingerprint, STRANGER], None),
            ([STRANGER, LEFT_CERTIFICATE.fingerprint], None),
            ([Fingerprint("sha-1", bytes(20)), LEFT_CERTIFICATE.fingerprint], None),
            # The strongest hash function on offer decides, so that a weaker one cannot be slipped in (RFC 8122 §5).
            ([LEFT_CERTIFICATE.fingerprint, Fingerprint("sha-512", bytes(64))], CloseReason.FINGERPRINT_MISMATCH),
            ([Fingerprint("sha-256", LEFT_CERTIFICATE.fingerprint.digest[:16])], CloseReason.FINGERPRINT_MISMATCH),
        ],
    )
    def test_several_fingerprints(self, fingerprints: list[Fingerprint], reason: CloseReason | None) -> None:
        pair = association()
        pair.server = Dtls(RIGHT_CERTIFICATE, fingerprints, DtlsRole.SERVER)
        pair.server.start(0.0)
        pair.carry(DtlsRole.CLIENT, pair.client.start(0.0))
        assert closed(pair.outputs[DtlsRole.SERVER]) == ([reason] if reason else [])

    @pytest.mark.parametrize("fingerprints", [[], [Fingerprint("sha-1", bytes(20))]])
    def test_a_promise_by_a_weak_hash_is_none(self, fingerprints: list[Fingerprint]) -> None:
        with pytest.raises(Malformed, match="fingerprint"):
            Dtls(LEFT_CERTIFICATE, fingerprints, DtlsRole.SERVER)

    def test_a_peer_without_srtp_is_refused(self) -> None:
        plain, fingerprint = client_without_srtp()
        server = Dtls(RIGHT_CERTIFICATE, [fingerprint], DtlsRole.SERVER)
        server.start(0.0)
        outputs: list[DtlsOutput] = []
        while server.state is DtlsState.HANDSHAKING:
            with contextlib.suppress(SSL.WantReadError):
                plain.do_handshake()
            outputs = server.handle_datagram(plain.bio_read(4096), 0.0)
            for output in outputs:
                if isinstance(output, bytes):
                    plain.bio_write(output)
        assert closed(outputs) == [CloseReason.NO_SRTP_PROFILE]


class TestLoss:
    def test_the_last_flight_is_sent_again_at_growing_intervals(self) -> None:
        client = association().client
        hello = client.start(0.0)
        times = []
        while len(times) < 6:
            now = client.deadline()
            assert now is not None
            assert client.handle_timeout(now - 0.001) == []
            assert client.handle_timeout(now) == hello
            times.append(round(now, 3))
        assert times == [0.1, 0.3, 0.7, 1.5, 2.3, 3.1]

    def test_the_server_has_nothing_to_repeat_before_it_is_spoken_to(self) -> None:
        server = association().server
        server.start(5.0)
        assert server.deadline() == 5.0 + HANDSHAKE_TIMEOUT_S
        assert server.handle_timeout(6.0) == []

    def test_a_handshake_that_hangs_is_given_up(self) -> None:
        client = association().client
        client.start(0.0)
        outputs = client.handle_timeout(HANDSHAKE_TIMEOUT_S)
        assert closed(outputs) == [CloseReason.NEVER_CONNECTED]
        assert client.deadline() is None
        assert client.handle_timeout(99.0) == []

    def test_each_flight_may_be_lost_once(self) -> None:
        pair = association()
        pair.server.start(0.0)
        lost = pair.client.start(0.0)
        (hello,) = pair.client.handle_timeout(1.0)
        assert lost == [hello]
        assert isinstance(hello, bytes)
        assert pair.server.handle_datagram(hello, 1.0)
        (server_hello,) = pair.server.handle_timeout(2.0)
        assert isinstance(server_hello, bytes)
        assert pair.client.handle_datagram(server_hello, 2.0)
        (finished,) = pair.client.handle_timeout(3.0)
        assert isinstance(finished, bytes)
        lost_last, *rest = pair.server.handle_datagram(finished, 3.0)
        assert isinstance(rest[0], Connected)
        # The server is done and has no timer; the client's repetition makes it repeat its last flight.
        assert pair.server.deadline() is None
        (again,) = pair.client.handle_timeout(4.0)
        assert again == finished
        assert pair.server.handle_datagram(finished, 4.0) == [lost_last]
        assert isinstance(lost_last, bytes)
        assert isinstance(pair.client.handle_datagram(lost_last, 4.0)[0], Connected)

    def test_a_connected_server_repeats_itself_a_bounded_number_of_times(self) -> None:
        pair = association()
        pair.server.start(0.0)
        finished = pair.client.handle_datagram(pair.server.handle_datagram(pair.client.start(0.0)[0], 0.0)[0], 0.0)[0]  # type: ignore[arg-type]
        assert isinstance(finished, bytes)
        pair.server.handle_datagram(finished, 0.0)
        repeats = [pair.server.handle_datagram(finished, 1.0) for _ in range(40)]
        assert 0 < sum(map(bool, repeats)) < 40


class TestApplicationData:
    def test_both_ways(self) -> None:
        pair = connected()
        pair.carry(DtlsRole.CLIENT, pair.client.send_application(b"from the kiosk"))
        pair.carry(DtlsRole.SERVER, pair.server.send_application(bytes(MAX_APPLICATION_BYTES)))
        assert pair.outputs[DtlsRole.SERVER][1:] == [ApplicationData(b"from the kiosk")]
        assert pair.outputs[DtlsRole.CLIENT][1:] == [ApplicationData(bytes(MAX_APPLICATION_BYTES))]

    def test_a_replayed_or_broken_record_is_dropped(self) -> None:
        pair = connected()
        (record,) = pair.client.send_application(b"once")
        assert isinstance(record, bytes)
        assert pair.server.handle_datagram(record[:-1] + b"\0", 0.0) == []
        assert pair.server.handle_datagram(record, 0.0) == [ApplicationData(b"once")]
        assert pair.server.handle_datagram(record, 0.0) == []
        assert pair.server.state is DtlsState.CONNECTED

    def test_misuse(self) -> None:
        with pytest.raises(Misuse, match="new"):
            association().client.send_application(b"x")
        for data in (b"", bytes(MAX_APPLICATION_BYTES + 1)):
            with pytest.raises(Misuse, match="does not fit"):
                connected().client.send_application(data)


class TestEnd:
    def test_goodbye(self) -> None:
        pair = connected()
        pair.carry(DtlsRole.CLIENT, pair.client.close())
        assert closed(pair.outputs[DtlsRole.CLIENT]) == [CloseReason.LOCAL]
        assert closed(pair.outputs[DtlsRole.SERVER]) == [CloseReason.REMOTE]
        assert pair.client.close() == []
        assert pair.client.handle_datagram(b"\x16", 0.0) == []

    def test_before_the_start_there_is_no_one_to_tell(self) -> None:
        assert association().client.close() == [Closed(CloseReason.LOCAL)]

    @pytest.mark.parametrize("data", [b"", b"\x16", b"\x16\xfe\xfd" + bytes(60), bytes(70_000), b"\x17" * 1200])
    def test_garbage_changes_nothing(self, data: bytes) -> None:
        fresh = association().server
        assert fresh.handle_datagram(data, 0.0) == []
        fresh.start(0.0)
        assert fresh.handle_datagram(data, 0.0) == []
        assert fresh.state is DtlsState.HANDSHAKING
        pair = connected()
        # What looks like a repeated handshake makes the server repeat its last flight, and no more.
        assert all(isinstance(output, bytes) for output in pair.server.handle_datagram(data, 0.0))
        pair.carry(DtlsRole.CLIENT, pair.client.send_application(b"unimpressed"))
        assert pair.outputs[DtlsRole.SERVER][1:] == [ApplicationData(b"unimpressed")]

    def test_starting_twice_is_misuse(self) -> None:
        server = association().server
        server.start(0.0)
        with pytest.raises(Misuse):
            server.start(0.0)


@pytest.mark.parametrize(("state", "event"), list(itertools.product(DtlsState, DtlsEvent)))
def test_every_pair_is_either_listed_or_misuse(state: DtlsState, event: DtlsEvent) -> None:
    if (state, event) in TRANSITIONS:
        assert transition(state, event) is TRANSITIONS[state, event]
    else:
        with pytest.raises(Misuse, match=f"{state.value}.*{event.value}"):
            transition(state, event)

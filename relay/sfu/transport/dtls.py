"""One DTLS 1.2 association over OpenSSL's memory BIOs (RFC 6347, RFC 5764): datagrams in, datagrams out.

- Both sides show a certificate; the peer's must have a fingerprint that its session description promised (RFC 8122 §5).
- OpenSSL concatenates the records of a flight; they are cut at record boundaries into datagrams of at most `MTU`.
- Retransmission: OpenSSL's own timer starts at one second, too slow for a call set up over a lossy radio link, and reads
  the machine's clock: the one impurity here. So our own timer, on the `now` that we are given, sends the last flight
  again, byte for byte: to the peer that is a duplicate made by the network, which fills in what it missed and is otherwise
  dropped. OpenSSL's timer is still asked each time, as only it can renew records that the peer has seen.
- The last flight of a handshake is the server's. If it is lost the client repeats its own; OpenSSL answers renewed records,
  and we answer identical ones, a bounded number of times.
"""

import contextlib
import hmac
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Final

from OpenSSL import SSL
from OpenSSL.crypto import X509

from relay.errors import Malformed, Misuse
from relay.sfu.transport import keys
from relay.sfu.transport.certificate import HASHES, Certificate
from relay.sfu.transport.outputs import ApplicationData, Closed, CloseReason, Connected, DtlsOutput
from relay.sfu.wire.sdp import Fingerprint

__all__ = [
    "HANDSHAKE_TIMEOUT_S",
    "MAX_APPLICATION_BYTES",
    "MTU",
    "TRANSITIONS",
    "Certificate",
    "Dtls",
    "DtlsEvent",
    "DtlsRole",
    "DtlsState",
    "transition",
]

MTU: Final = 1200
"""Bytes of UDP payload that every path is taken to carry, as all browsers do."""
MAX_APPLICATION_BYTES: Final = 1 << 14
"""One DTLS record (RFC 6347 §4.1)."""
HANDSHAKE_TIMEOUT_S: Final = 30.0

_FIRST_RETRANSMIT_S: Final = 0.1
_LAST_RETRANSMIT_S: Final = 0.8
_MAX_DATAGRAM_BYTES: Final = MAX_APPLICATION_BYTES + 512
_MAX_FINAL_REPEATS: Final = 16
_RECORD_HEADER_BYTES: Final = 13
_HANDSHAKE_RECORDS: Final = (20, 22)
"""change_cipher_spec and handshake."""


class DtlsRole(Enum):
    """Who speaks first; the value is the `a=setup` of this side (RFC 8842 §5)."""

    CLIENT = "active"
    SERVER = "passive"


class DtlsState(Enum):
    """Where the association stands. The value is for logs and metrics."""

    NEW = "new"
    HANDSHAKING = "handshaking"
    CONNECTED = "connected"
    CLOSED = "closed"


class DtlsEvent(Enum):
    """What moves the state."""

    STARTED = "started"
    VERIFIED = "verified"
    """The handshake is complete, and with it the check of the certificate."""
    ENDED = "ended"


TRANSITIONS: Final[dict[tuple[DtlsState, DtlsEvent], DtlsState]] = {
    (DtlsState.NEW, DtlsEvent.STARTED): DtlsState.HANDSHAKING,
    (DtlsState.NEW, DtlsEvent.ENDED): DtlsState.CLOSED,
    (DtlsState.HANDSHAKING, DtlsEvent.VERIFIED): DtlsState.CONNECTED,
    (DtlsState.HANDSHAKING, DtlsEvent.ENDED): DtlsState.CLOSED,
    (DtlsState.CONNECTED, DtlsEvent.ENDED): DtlsState.CLOSED,
}


def transition(state: DtlsState, event: DtlsEvent) -> DtlsState:
    """The state after `event`. Misuse if the pair is not in TRANSITIONS."""
    if (state, event) not in TRANSITIONS:
        raise Misuse(f"DTLS is {state.value}: {event.value} cannot happen")
    return TRANSITIONS[state, event]


class Dtls:
    """One association.

    given: certificate, role, the fingerprints of which one must match. owned: OpenSSL's connection, the last flight and its
    timer. Raises Malformed if no fingerprint uses a hash function that we accept.
    """

    def __init__(self, certificate: Certificate, remote_fingerprints: Sequence[Fingerprint], role: DtlsRole) -> None:
        self._promised = _strongest(remote_fingerprints)
        self._role = role
        self._state = DtlsState.NEW
        self._is_promised = True
        """False once a certificate was shown that nobody promised."""
        self._connection = SSL.Connection(certificate.context, None)
        self._connection.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, self._verify)
        self._flight: list[bytes] = []
        self._repeats_left = _MAX_FINAL_REPEATS
        self._interval_s = _FIRST_RETRANSMIT_S
        self._retransmit_at = 0.0
        self._give_up_at = 0.0

    @property
    def state(self) -> DtlsState:
        """Where the association stands."""
        return self._state

    def start(self, now: float) -> list[DtlsOutput]:
        """Begin the handshake: the client speaks, the server may be spoken to. Misuse if it has begun."""
        self._state = transition(self._state, DtlsEvent.STARTED)
        self._give_up_at = now + HANDSHAKE_TIMEOUT_S
        self._connection.set_ciphertext_mtu(MTU)
        if self._role is DtlsRole.SERVER:
            self._connection.set_accept_state()
            return []
        self._connection.set_connect_state()
        return self._advance(now)

    def handle_datagram(self, data: bytes, now: float) -> list[DtlsOutput]:
        """Take a datagram from an address that ICE has validated. Before `start` and after the end it is dropped."""
        if self._state in (DtlsState.NEW, DtlsState.CLOSED) or not 0 < len(data) <= _MAX_DATAGRAM_BYTES:
            return []
        was_connected = self._state is DtlsState.CONNECTED
        self._connection.bio_write(data)
        outputs = self._advance(now)
        if was_connected and not outputs and data[0] in _HANDSHAKE_RECORDS:
            return self._repeat_final_flight()
        return outputs

    def handle_timeout(self, now: float) -> list[DtlsOutput]:
        """Send the last flight again if the handshake hangs; give up if it hangs too long."""
        if self._state is not DtlsState.HANDSHAKING:
            return []
        if now >= self._give_up_at:
            return self._end(CloseReason.NEVER_CONNECTED, "handshake timeout")
        if not self._flight or now < self._retransmit_at:
            return []
        self._interval_s = min(2 * self._interval_s, _LAST_RETRANSMIT_S)
        self._retransmit_at = now + self._interval_s
        return self._guarded(self._renew_flight)

    def deadline(self) -> float | None:
        """When `handle_timeout` has something to do, in the unit of `now`; None if never."""
        if self._state is not DtlsState.HANDSHAKING:
            return None
        return min(self._retransmit_at, self._give_up_at) if self._flight else self._give_up_at

    def send_application(self, data: bytes) -> list[DtlsOutput]:
        """Encrypt one message. Misuse before the handshake is complete, or if it does not fit a record."""
        if self._state is not DtlsState.CONNECTED:
            raise Misuse(f"DTLS is {self._state.value}: no application data can be sent")
        if not 0 < len(data) <= MAX_APPLICATION_BYTES:
            raise Misuse(f"application data of {len(data)} bytes does not fit a DTLS record")

        def send() -> list[DtlsOutput]:
            self._connection.send(data)
            return [*self._datagrams()]

        return self._guarded(send)

    def close(self) -> list[DtlsOutput]:
        """Say goodbye (close_notify) and end. Nothing if already ended."""
        return [] if self._state is DtlsState.CLOSED else self._end(CloseReason.LOCAL)

    def _advance(self, now: float) -> list[DtlsOutput]:
        """Let OpenSSL work on what it has been given."""
        if self._state is DtlsState.CONNECTED:
            return self._guarded(self._receive)
        outputs = self._guarded(self._handshake)
        flight = [output for output in outputs if isinstance(output, bytes)]
        if flight:
            self._flight = flight
            self._interval_s = _FIRST_RETRANSMIT_S
            self._retransmit_at = now + self._interval_s
        return outputs

    def _guarded(self, step: Callable[[], list[DtlsOutput]]) -> list[DtlsOutput]:
        """`step`, with OpenSSL's exceptions turned into the end of the association."""
        try:
            return step()
        except SSL.ZeroReturnError:
            return self._end(CloseReason.REMOTE)
        except SSL.Error as error:
            reason = CloseReason.DTLS_ALERT if self._is_promised else CloseReason.FINGERPRINT_MISMATCH
            return self._end(reason, _reason(error))

    def _handshake(self) -> list[DtlsOutput]:
        try:
            self._connection.do_handshake()
        except SSL.WantReadError:
            return [*self._datagrams()]
        datagrams = self._datagrams()
        profile_name = self._connection.get_selected_srtp_profile().decode("ascii")
        if not profile_name:
            return [*datagrams, *self._end(CloseReason.NO_SRTP_PROFILE)]
        self._state = transition(self._state, DtlsEvent.VERIFIED)
        # The rest of the datagram may hold application data already.
        return [*datagrams, Connected(self._export(profile_name)), *self._receive()]

    def _receive(self) -> list[DtlsOutput]:
        outputs: list[DtlsOutput] = []
        try:
            while True:
                outputs.append(ApplicationData(self._connection.recv(MAX_APPLICATION_BYTES)))
        except SSL.WantReadError:
            return [*outputs, *self._datagrams()]
        except SSL.ZeroReturnError:
            return [*outputs, *self._end(CloseReason.REMOTE)]

    def _renew_flight(self) -> list[DtlsOutput]:
        self._connection.DTLSv1_handle_timeout()
        return [*(self._datagrams() or self._flight)]

    def _repeat_final_flight(self) -> list[DtlsOutput]:
        if self._role is DtlsRole.CLIENT or not self._repeats_left:
            return []
        self._repeats_left -= 1
        return [*self._flight]

    def _export(self, profile_name: str) -> keys.SrtpKeys:
        profile = keys.SrtpProfile.named(profile_name)
        material = self._connection.export_keying_material(keys.EXPORTER_LABEL, profile.exported_bytes)
        return keys.split(profile, material, is_client=self._role is DtlsRole.CLIENT)

    def _verify(self, _connection: SSL.Connection, shown: X509, *_chain_verdict: int) -> bool:
        """Whether the peer's certificate is a promised one. Called by OpenSSL, which refuses the handshake if not."""
        digest = shown.to_cryptography().fingerprint(HASHES[self._promised[0].algorithm])
        matches = [hmac.compare_digest(digest, fingerprint.digest) for fingerprint in self._promised]
        self._is_promised = any(matches)
        return self._is_promised

    def _end(self, reason: CloseReason, detail: str = "") -> list[DtlsOutput]:
        self._state = transition(self._state, DtlsEvent.ENDED)
        self._flight = []
        # Before the handshake is complete, or after a fatal alert, there is no one to say goodbye to.
        with contextlib.suppress(SSL.Error):
            self._connection.shutdown()
        return [*self._datagrams(), Closed(reason, detail)]

    def _datagrams(self) -> list[bytes]:
        """What OpenSSL wants to send, records packed into datagrams."""
        datagrams: list[bytes] = []
        for record in _records(self._pending_bytes()):
            if datagrams and len(datagrams[-1]) + len(record) <= MTU:
                datagrams[-1] += record
            else:
                datagrams.append(record)
        return datagrams

    def _pending_bytes(self) -> bytes:
        parts = []
        try:
            while True:
                parts.append(self._connection.bio_read(1 << 16))
        except SSL.WantReadError:
            return b"".join(parts)


def _records(data: bytes) -> list[bytes]:
    """`data` cut into DTLS records (RFC 6347 §4.1: the length is the last two bytes of a 13-byte header)."""
    records = []
    offset = 0
    while offset < len(data):
        length = int.from_bytes(data[offset + _RECORD_HEADER_BYTES - 2 : offset + _RECORD_HEADER_BYTES], "big")
        end = offset + _RECORD_HEADER_BYTES + length
        records.append(data[offset:end])
        offset = end
    return records


def _strongest(fingerprints: Sequence[Fingerprint]) -> list[Fingerprint]:
    """Those that use the strongest hash function on offer: any of them may match (RFC 8122 §5)."""
    for algorithm in reversed(HASHES):
        chosen = [fingerprint for fingerprint in fingerprints if fingerprint.algorithm == algorithm]
        if chosen:
            return chosen
    raise Malformed(f"no fingerprint uses one of {', '.join(HASHES)}")


def _reason(error: SSL.Error) -> str:
    """OpenSSL's own words for the first error in its queue."""
    queue = error.args[0] if error.args else ()
    return str(queue[0][-1]) if isinstance(queue, (list, tuple)) and queue else type(error).__name__

"""skeleton"""

from enum import Enum, auto

from relay.sfu.transport.outputs import DtlsOutput
from relay.sfu.wire.sdp import Fingerprint


class DtlsRole(Enum):
    """Who speaks first (RFC 5763: `a=setup:active` is the client)."""

    CLIENT = "active"
    SERVER = "passive"


class Certificate:
    """A self-signed ECDSA P-256 certificate with its key, shared by every peer of a worker."""

    @classmethod
    def generate(cls, now_wall_s: float) -> "Certificate":
        """A fresh one, valid from a day before `now_wall_s` (Unix time) for a year."""
        raise NotImplementedError

    @property
    def fingerprint_sha256(self) -> str:
        """`AB:CD:…`, for `a=fingerprint:sha-256`."""
        raise NotImplementedError


class DtlsState(Enum):
    """Where the handshake stands."""

    NEW = auto()
    HANDSHAKING = auto()
    CONNECTED = auto()
    CLOSED = auto()


class Dtls:
    """One DTLS 1.2 association."""

    def __init__(self, certificate: Certificate, remote_fingerprints: tuple[Fingerprint, ...], role: DtlsRole) -> None:
        raise NotImplementedError

    @property
    def state(self) -> DtlsState: ...
    def start(self, now: float) -> list[DtlsOutput]: ...
    def handle_datagram(self, data: bytes, now: float) -> list[DtlsOutput]: ...
    def handle_timeout(self, now: float) -> list[DtlsOutput]: ...
    def deadline(self) -> float | None: ...
    def send_application(self, data: bytes) -> list[DtlsOutput]: ...
    def close(self) -> list[DtlsOutput]: ...

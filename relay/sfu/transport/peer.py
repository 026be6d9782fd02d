"""skeleton"""

from collections.abc import Sequence
from enum import Enum, auto

from relay.sfu.transport.dtls import Certificate, DtlsRole
from relay.sfu.transport.ice import IceCredentials
from relay.sfu.transport.outputs import Output
from relay.sfu.wire.address import Address
from relay.sfu.wire.sdp import Fingerprint


class PeerState(Enum):
    """How far a peer's transport has come."""

    NEW = auto()
    SECURING = auto()
    CONNECTED = auto()
    CLOSED = auto()


class PeerTransport:
    """One peer's path: ICE, then DTLS, then keys."""

    def __init__(
        self,
        local: IceCredentials,
        remote: IceCredentials | None,
        certificate: Certificate,
        remote_fingerprints: Sequence[Fingerprint],
        dtls_role: DtlsRole,
    ) -> None:
        raise NotImplementedError

    @property
    def state(self) -> PeerState: ...
    @property
    def selected(self) -> Address | None: ...
    def start(self, now: float) -> None: ...
    def set_remote(self, remote: IceCredentials) -> None: ...
    def restart_ice(self, local: IceCredentials, remote: IceCredentials | None, now: float) -> None: ...
    def handle_datagram(self, data: bytes, address: Address, now: float) -> list[Output]: ...
    def handle_timeout(self, now: float) -> list[Output]: ...
    def deadline(self) -> float | None: ...
    def send_application(self, data: bytes, now: float) -> list[Output]: ...
    def close(self, now: float) -> list[Output]: ...

"""What the transport machines ask of, and tell, whoever runs them."""

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from relay.sfu.transport.keys import SrtpKeys
from relay.sfu.wire.address import Address


class CloseReason(Enum):
    """Why a transport ended. The value is the metrics label."""

    LOCAL = "local"
    """`close` was called."""
    REMOTE = "remote"
    """The peer sent close_notify."""
    CONSENT_EXPIRED = "consent_expired"
    """The peer stopped its authenticated checks (RFC 7675)."""
    NEVER_CONNECTED = "never_connected"
    """No authenticated check, or no handshake, within the allowed time."""
    FINGERPRINT_MISMATCH = "fingerprint_mismatch"
    """The peer's certificate is not the one its session description promised (RFC 8122)."""
    NO_SRTP_PROFILE = "no_srtp_profile"
    """The handshake agreed on no SRTP protection profile."""
    DTLS_ALERT = "dtls_alert"
    """The handshake broke, or a fatal alert was sent or received."""


@dataclass(frozen=True, slots=True)
class Transmit:
    """Send this datagram to this address."""

    data: bytes
    address: Address


@dataclass(frozen=True, slots=True)
class PathValidated:
    """Datagrams from this address are this peer's: an authenticated check came from it."""

    address: Address


@dataclass(frozen=True, slots=True)
class PathRetired:
    """Datagrams from this address are no longer this peer's."""

    address: Address


@dataclass(frozen=True, slots=True)
class PathSelected:
    """Send everything for this peer to this address from now on. It was validated before."""

    address: Address


@dataclass(frozen=True, slots=True)
class UfragRetired:
    """Checks for this local username fragment are no longer this peer's (an ICE restart completed)."""

    ufrag: str


@dataclass(frozen=True, slots=True)
class ConsentExpired:
    """The peer stopped proving that it wants our traffic: stop sending at once (RFC 7675 §5.1)."""

    heard: bool
    """False if the peer never sent an authenticated check."""


@dataclass(frozen=True, slots=True)
class Connected:
    """The handshake is complete and the peer is who its session description says."""

    keys: SrtpKeys


@dataclass(frozen=True, slots=True)
class ApplicationData:
    """The peer sent this inside DTLS (SCTP packets of data channels)."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Closed:
    """The transport has ended and gives no more outputs."""

    reason: CloseReason
    detail: str = ""


IceOutput: TypeAlias = Transmit | PathValidated | PathRetired | PathSelected | UfragRetired | ConsentExpired
"""What `IceLite` returns."""

DtlsOutput: TypeAlias = bytes | Connected | ApplicationData | Closed
"""What `Dtls` returns; bytes are a datagram for the selected path."""

Output: TypeAlias = (
    Transmit | PathValidated | PathRetired | PathSelected | UfragRetired | Connected | ApplicationData | Closed
)
"""What `PeerTransport` returns."""

"""The machines of one peer's path: ICE-lite, DTLS, SRTP keys, and `PeerTransport`, which joins them. No I/O."""

from relay.sfu.transport.certificate import Certificate
from relay.sfu.transport.demux import Kind, Router, Unrouted, classify
from relay.sfu.transport.dtls import Dtls, DtlsRole, DtlsState
from relay.sfu.transport.ice import IceCredentials, IceLite, IceState, IgnoredCheck
from relay.sfu.transport.keys import SrtpKeys, SrtpProfile
from relay.sfu.transport.outputs import (
    ApplicationData,
    Closed,
    CloseReason,
    Connected,
    ConsentExpired,
    Output,
    PathRetired,
    PathSelected,
    PathValidated,
    Transmit,
    UfragRetired,
)
from relay.sfu.transport.peer import PeerState, PeerTransport

__all__ = [
    "ApplicationData",
    "Certificate",
    "CloseReason",
    "Closed",
    "Connected",
    "ConsentExpired",
    "Dtls",
    "DtlsRole",
    "DtlsState",
    "IceCredentials",
    "IceLite",
    "IceState",
    "IgnoredCheck",
    "Kind",
    "Output",
    "PathRetired",
    "PathSelected",
    "PathValidated",
    "PeerState",
    "PeerTransport",
    "Router",
    "SrtpKeys",
    "SrtpProfile",
    "Transmit",
    "UfragRetired",
    "Unrouted",
    "classify",
]

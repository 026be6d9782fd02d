"""skeleton"""

import base64
from dataclasses import dataclass, field
from enum import Enum, auto
from relay.sfu.transport.outputs import IceOutput
from relay.sfu.wire.address import Address


@dataclass(frozen=True, slots=True)
class IceCredentials:
    """A username fragment and its password (RFC 8445 §5.3)."""

    ufrag: str
    password: str = field(repr=False)

    @classmethod
    def from_entropy(cls, entropy: bytes) -> "IceCredentials":
        """Credentials made of 24 random bytes: 48 bits of fragment, 144 of password (RFC 8445 §5.3 asks 24 and 128)."""
        raise NotImplementedError


class IceState(Enum):
    """What is known of the path to the peer."""

    NEW = auto()
    CONNECTED = auto()
    COMPLETED = auto()
    EXPIRED = auto()


class IceLite:
    """The ICE-lite agent of one peer."""

    def __init__(self, local: IceCredentials, remote: IceCredentials | None = None, *, consent_s: float = 30.0) -> None:
        raise NotImplementedError

    @property
    def state(self) -> IceState: ...
    @property
    def selected(self) -> Address | None: ...
    def is_valid(self, address: Address) -> bool: ...
    def set_remote(self, remote: IceCredentials) -> None: ...
    def restart(self, local: IceCredentials, remote: IceCredentials | None, now: float) -> None: ...
    def handle_datagram(self, data: bytes, address: Address, now: float) -> list[IceOutput]: ...
    def handle_timeout(self, now: float) -> list[IceOutput]: ...
    def deadline(self) -> float | None: ...

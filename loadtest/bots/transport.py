"""One bot's path to a server: ICE, then DTLS over it, then keys for SRTP. Sans-IO: `now` is monotonic seconds."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from loadtest.bots import ice, sdp
from loadtest.bots.ice import Address, Send
from relay.sfu.transport.dtls import Certificate, Dtls, DtlsRole
from relay.sfu.transport.outputs import ApplicationData, Closed, Connected, DtlsOutput

_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


@dataclass(frozen=True, slots=True)
class Ready:
    """Media can flow to `path`: protection profile (RFC 5764), and master key + salt of both directions."""

    path: Address
    profile: int
    send_key: bytes = field(repr=False)
    receive_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Moved:
    """After an ICE restart: media flows to `path` under the same keys."""

    path: Address


@dataclass(frozen=True, slots=True)
class Broken:
    """It is over, and gives no more outputs."""

    reason: str


Output = Send | Ready | Moved | Broken


class Transport:
    """given: a certificate (bots share one), entropy. owned: the ICE agent and the DTLS association."""

    def __init__(self, certificate: Certificate, entropy: Callable[[int], bytes]) -> None:
        self.credentials = ice.Credentials(_text(entropy(8)), _text(entropy(24)))
        self.fingerprint = certificate.fingerprint
        self._certificate = certificate
        self._ice = ice.ControllingAgent(self.credentials, entropy)
        self._dtls: Dtls | None = None
        self._remote: sdp.Remote | None = None
        self._broken = False
        self._connected = False

    def accept(self, remote: sdp.Remote, now: float) -> list[Output]:
        """Begin to connect. Raises `Malformed` for a fingerprint of a hash function that nobody should use."""
        if self._dtls is None:
            role = DtlsRole.SERVER if remote.opens_dtls else DtlsRole.CLIENT
            self._dtls = Dtls(self._certificate, remote.fingerprints, role)
        self._remote = remote
        return self._from_ice(self._ice.start(remote.credentials, remote.candidates, now), now)

    def handle_datagram(self, data: bytes, address: Address, now: float) -> list[Output]:
        """STUN or DTLS (RFC 7983)."""
        if self._broken or not data:
            return []
        if data[0] < 4:
            return self._from_ice(self._ice.handle_datagram(data, address, now), now)
        if 20 <= data[0] <= 63 and self._dtls is not None and self._ice.path is not None:
            return self._from_dtls(self._dtls.handle_datagram(data, now))
        return []

    def handle_timeout(self, now: float) -> list[Output]:
        """What is due by `deadline`."""
        if self._broken:
            return []
        outputs = self._from_ice(self._ice.handle_timeout(now), now)
        if self._dtls is not None and not self._broken:
            outputs += self._from_dtls(self._dtls.handle_timeout(now))
        return outputs

    def handle_move(self, now: float) -> list[Output]:
        """Our own address has changed: let an authenticated check tell the server."""
        return [] if self._broken else self._from_ice(self._ice.check_now(now), now)

    def deadline(self) -> float | None:
        """When to call `handle_timeout`."""
        if self._broken:
            return None
        times = (self._ice.deadline(), self._dtls.deadline() if self._dtls is not None else None)
        return min((time for time in times if time is not None), default=None)

    def close(self) -> list[Output]:
        """Say goodbye."""
        if self._broken or self._dtls is None:
            return []
        goodbye = self._from_dtls(self._dtls.close()) if self._connected else []
        self._broken = True
        return [each for each in goodbye if isinstance(each, Send)]

    def _from_ice(self, outputs: list[ice.IceOutput], now: float) -> list[Output]:
        found: list[Output] = []
        for each in outputs:
            if isinstance(each, ice.Selected):
                found += self._path_found(each.address, now)
            elif isinstance(each, ice.Failed):
                found.append(self._break(f"ICE: {each.reason}"))
            else:
                found.append(each)
        return found

    def _path_found(self, address: Address, now: float) -> list[Output]:
        if self._connected:
            return [Moved(address)]
        return [] if self._dtls is None else self._from_dtls(self._dtls.start(now))

    def _from_dtls(self, outputs: list[DtlsOutput]) -> list[Output]:
        found: list[Output] = []
        path = self._ice.path
        for each in outputs:
            if isinstance(each, Connected) and path is not None:
                self._connected = True
                found.append(Ready(path, each.keys.profile.number, each.keys.send, each.keys.receive))
            elif isinstance(each, Closed):
                found.append(self._break(f"DTLS: {each.reason.value} {each.detail}".strip()))
            elif isinstance(each, bytes) and path is not None:
                found.append(Send(each, path))
            elif isinstance(each, ApplicationData):
                continue
        return found

    def _break(self, reason: str) -> Broken:
        self._broken = True
        return Broken(reason)


def _text(random: bytes) -> str:
    """Characters that ICE allows (RFC 8839 §5.4), one a byte."""
    return "".join(_LETTERS[byte % len(_LETTERS)] for byte in random)

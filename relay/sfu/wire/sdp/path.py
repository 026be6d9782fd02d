"""Attributes about the path: ICE candidates, the DTLS role, the certificate's fingerprint."""

import re
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar, Final

from relay.errors import Malformed
from relay.sfu.wire.sdp import grammar

_HEX_PAIRS: Final = re.compile(r"[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2})*")


class Setup(Enum):
    """Who opens the DTLS association (RFC 4145 §4, RFC 8842 §5)."""

    ACTIVE = "active"
    PASSIVE = "passive"
    ACTPASS = "actpass"
    HOLDCONN = "holdconn"

    NAME: ClassVar[str]

    @classmethod
    def parse(cls, value: str) -> "Setup":
        """From the attribute's value."""
        try:
            return cls(value.strip().lower())
        except ValueError:
            raise Malformed(f"unknown setup role {value[:20]!r}") from None

    def serialise(self) -> str:
        """The attribute's value."""
        return str(self.value)


Setup.NAME = "setup"


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """`a=fingerprint:sha-256 AB:CD:…` (RFC 8122 §5)."""

    NAME: ClassVar[str] = "fingerprint"

    algorithm: str
    """Lower case: `sha-256`, `sha-384`, `sha-512`, …"""
    digest: bytes

    @classmethod
    def parse(cls, value: str) -> "Fingerprint":
        """From the attribute's value."""
        algorithm, digest = grammar.fields(value, cls.NAME, 2, maxsplit=1)
        digest = digest.strip()
        if len(digest) > 200 or not _HEX_PAIRS.fullmatch(digest):
            raise Malformed("fingerprint is not colon-separated hex")
        return cls(grammar.token(algorithm, "hash").lower(), bytes.fromhex(digest.replace(":", "")))

    def serialise(self) -> str:
        """The attribute's value."""
        return f"{self.algorithm} {self.digest.hex(':').upper()}"


@dataclass(frozen=True, slots=True)
class Candidate:
    """`a=candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host` (RFC 8839 §5.1)."""

    NAME: ClassVar[str] = "candidate"

    foundation: str
    component: int
    transport: str
    """As written: `udp`, `UDP`, `tcp`."""
    priority: int
    host: str
    """An IP address, or a name (mDNS)."""
    port: int
    kind: str
    """`host`, `srflx`, `prflx`, `relay`."""
    extensions: tuple[tuple[str, str], ...] = ()
    """What follows the type, in order: (`raddr`, …), (`rport`, …), (`tcptype`, …), (`generation`, …)."""

    @classmethod
    def parse(cls, value: str) -> "Candidate":
        """From the attribute's value, also as `candidate:…` in a trickled candidate."""
        fields = grammar.fields(value.removeprefix("candidate:"), cls.NAME, 8)
        if fields[6] != "typ":
            raise Malformed("candidate has no type")
        rest = fields[8:]
        return cls(
            foundation=fields[0],
            component=grammar.integer(fields[1], "component", maximum=256),
            transport=fields[2],
            priority=grammar.integer(fields[3], "priority", maximum=2**32 - 1),
            host=fields[4],
            port=grammar.integer(fields[5], "port", maximum=65535),
            kind=fields[7],
            extensions=tuple(zip(rest[::2], rest[1::2], strict=False)),
        )

    def serialise(self) -> str:
        """The attribute's value."""
        fixed = f"{self.foundation} {self.component} {self.transport} {self.priority} {self.host} {self.port}"
        return " ".join([fixed, "typ", self.kind, *(word for pair in self.extensions for word in pair)])

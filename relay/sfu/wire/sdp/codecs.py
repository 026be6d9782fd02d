"""Attributes about formats: rtpmap, fmtp, rtcp-fb, extmap."""

from dataclasses import dataclass
from typing import ClassVar

from relay.errors import Malformed
from relay.sfu.wire.sdp import grammar
from relay.sfu.wire.sdp.grammar import Direction


@dataclass(frozen=True, slots=True)
class RtpMap:
    """`a=rtpmap:96 VP8/90000` (RFC 8866 §6.6)."""

    NAME: ClassVar[str] = "rtpmap"

    payload_type: int
    encoding: str
    clock_rate: int
    channels: int = 1

    @classmethod
    def parse(cls, value: str) -> "RtpMap":
        """From the attribute's value."""
        payload_type, encoding = grammar.fields(value, cls.NAME, 2, maxsplit=1)
        parts = encoding.strip().split("/")
        if len(parts) not in (2, 3):
            raise Malformed(f"rtpmap encoding is not name/rate[/channels]: {encoding[:40]!r}")
        channels = grammar.integer(parts[2], "channels", maximum=255) if len(parts) == 3 else 1
        return cls(
            grammar.payload_type(payload_type),
            grammar.token(parts[0], "encoding"),
            grammar.integer(parts[1], "rate", maximum=2**31),
            channels,
        )

    def serialise(self) -> str:
        """The attribute's value; one channel is left unsaid."""
        channels = f"/{self.channels}" if self.channels != 1 else ""
        return f"{self.payload_type} {self.encoding}/{self.clock_rate}{channels}"


@dataclass(frozen=True, slots=True)
class Fmtp:
    """`a=fmtp:111 minptime=10;useinbandfec=1` (RFC 8866 §6.15)."""

    NAME: ClassVar[str] = "fmtp"

    payload_type: int
    text: str
    """The parameters as written; their shape is the codec's (`0-15`, `111/111`, `a=b;c=d`)."""

    @classmethod
    def parse(cls, value: str) -> "Fmtp":
        """From the attribute's value."""
        payload_type, text = grammar.fields(value, cls.NAME, 2, maxsplit=1)
        return cls(grammar.payload_type(payload_type), text.strip())

    def serialise(self) -> str:
        """The attribute's value."""
        return f"{self.payload_type} {self.text}"

    def parameters(self) -> dict[str, str]:
        """`key=value;…` as a dictionary, keys in lower case; a part without `=` gets an empty value."""
        pairs = (part.partition("=") for part in self.text.split(";"))
        return {key.strip().lower(): value.strip() for key, _, value in pairs if key.strip()}


@dataclass(frozen=True, slots=True)
class RtcpFeedback:
    """`a=rtcp-fb:96 nack pli` (RFC 4585 §4.2)."""

    NAME: ClassVar[str] = "rtcp-fb"

    payload_type: int | None
    """None for `*`: every payload type of the section."""
    kind: str
    parameter: str = ""

    @classmethod
    def parse(cls, value: str) -> "RtcpFeedback":
        """From the attribute's value."""
        fields = grammar.fields(value, cls.NAME, 2, maxsplit=2)
        payload_type = None if fields[0] == "*" else grammar.payload_type(fields[0])
        return cls(payload_type, fields[1], fields[2].strip() if len(fields) == 3 else "")

    def serialise(self) -> str:
        """The attribute's value."""
        payload_type = "*" if self.payload_type is None else self.payload_type
        return f"{payload_type} {self.kind} {self.parameter}".rstrip()


@dataclass(frozen=True, slots=True)
class ExtMap:
    """`a=extmap:3/sendonly urn:ietf:params:rtp-hdrext:sdes:mid` (RFC 8285 §8)."""

    NAME: ClassVar[str] = "extmap"

    id: int
    uri: str
    direction: Direction | None = None
    parameters: str = ""

    @classmethod
    def parse(cls, value: str) -> "ExtMap":
        """From the attribute's value."""
        fields = grammar.fields(value, cls.NAME, 2, maxsplit=2)
        number, slash, direction = fields[0].partition("/")
        try:
            parsed = Direction(direction) if slash else None
        except ValueError:
            raise Malformed(f"unknown extmap direction {direction[:20]!r}") from None
        identifier = grammar.integer(number, "extmap id", maximum=4351)
        if identifier == 0:
            raise Malformed("extmap id 0 is padding")
        return cls(identifier, fields[1], parsed, fields[2].strip() if len(fields) == 3 else "")

    def serialise(self) -> str:
        """The attribute's value."""
        direction = f"/{self.direction.value}" if self.direction else ""
        return f"{self.id}{direction} {self.uri} {self.parameters}".rstrip()

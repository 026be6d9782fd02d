"""Attributes about what is sent, and in which streams: ssrc, ssrc-group, msid, rid, simulcast, group."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from relay.errors import Malformed
from relay.sfu.wire.sdp import grammar

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Ssrc:
    """`a=ssrc:314159 cname:kiosk` (RFC 5576 §4.1)."""

    NAME: ClassVar[str] = "ssrc"

    ssrc: int
    attribute: str
    value: str | None = None

    @classmethod
    def parse(cls, value: str) -> "Ssrc":
        """From the attribute's value."""
        ssrc, rest = grammar.fields(value, cls.NAME, 2, maxsplit=1)
        attribute, colon, text = rest.strip().partition(":")
        return cls(grammar.ssrc(ssrc), attribute, text if colon else None)

    def serialise(self) -> str:
        """The attribute's value."""
        return f"{self.ssrc} {self.attribute}" + ("" if self.value is None else f":{self.value}")


@dataclass(frozen=True, slots=True)
class SsrcGroup:
    """`a=ssrc-group:FID 1 2` (RFC 5576 §4.2)."""

    NAME: ClassVar[str] = "ssrc-group"

    semantics: str
    ssrcs: tuple[int, ...]

    @classmethod
    def parse(cls, value: str) -> "SsrcGroup":
        """From the attribute's value."""
        semantics, *ssrcs = grammar.fields(value, cls.NAME, 1)
        return cls(semantics, tuple(grammar.ssrc(ssrc) for ssrc in ssrcs))

    def serialise(self) -> str:
        """The attribute's value."""
        return " ".join([self.semantics, *map(str, self.ssrcs)])


@dataclass(frozen=True, slots=True)
class Msid:
    """`a=msid:stream track` (RFC 8830 §2)."""

    NAME: ClassVar[str] = "msid"

    stream: str
    track: str | None = None

    @classmethod
    def parse(cls, value: str) -> "Msid":
        """From the attribute's value."""
        fields = grammar.fields(value, cls.NAME, 1)
        return cls(fields[0], fields[1] if len(fields) > 1 else None)

    def serialise(self) -> str:
        """The attribute's value."""
        return self.stream if self.track is None else f"{self.stream} {self.track}"


@dataclass(frozen=True, slots=True)
class Group:
    """`a=group:BUNDLE 0 1 2` (RFC 5888 §5, RFC 9143)."""

    NAME: ClassVar[str] = "group"

    semantics: str
    mids: tuple[str, ...]

    @classmethod
    def parse(cls, value: str) -> "Group":
        """From the attribute's value."""
        semantics, *mids = grammar.fields(value, cls.NAME, 1)
        return cls(semantics, tuple(mids))

    def serialise(self) -> str:
        """The attribute's value."""
        return " ".join([self.semantics, *self.mids])


@dataclass(frozen=True, slots=True)
class Rid:
    """`a=rid:h send pt=96;max-width=1280` (RFC 8851 §4)."""

    NAME: ClassVar[str] = "rid"

    id: str
    direction: str
    """`send` or `recv`."""
    restrictions: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, value: str) -> "Rid":
        """From the attribute's value."""
        fields = grammar.fields(value, cls.NAME, 2, maxsplit=2)
        if fields[1] not in ("send", "recv"):
            raise Malformed(f"rid direction is neither send nor recv: {fields[1][:20]!r}")
        pairs = (part.partition("=") for part in fields[2].strip().split(";")) if len(fields) == 3 else ()
        return cls(rid_id(fields[0]), fields[1], tuple((key.strip(), text.strip()) for key, _, text in pairs))

    def serialise(self) -> str:
        """The attribute's value."""
        restrictions = ";".join(f"{key}={text}" if text else key for key, text in self.restrictions)
        return f"{self.id} {self.direction} {restrictions}".rstrip()


def rid_id(text: str) -> str:
    """A restriction identifier: letters, digits, `-` and `_` (RFC 8851 §10, RFC 8852 narrows it; browsers use all)."""
    if not re.fullmatch(r"[0-9A-Za-z_-]{1,255}", text):
        raise Malformed(f"not a rid: {text[:40]!r}")
    return text


@dataclass(frozen=True, slots=True)
class SimulcastStream:
    """One alternative of a simulcast stream; `~` marks it as initially paused."""

    rid: str
    paused: bool = False

    @classmethod
    def parse(cls, text: str) -> "SimulcastStream":
        """From `rid` or `~rid`."""
        return cls(rid_id(text.removeprefix("~")), text.startswith("~"))

    def serialise(self) -> str:
        """`rid` or `~rid`."""
        return f"~{self.rid}" if self.paused else self.rid


@dataclass(frozen=True, slots=True)
class Simulcast:
    """`a=simulcast:send h;m;l recv x,y` (RFC 8853 §5.1): per direction, streams; per stream, alternatives."""

    NAME: ClassVar[str] = "simulcast"

    send: tuple[tuple[SimulcastStream, ...], ...] = ()
    receive: tuple[tuple[SimulcastStream, ...], ...] = ()

    @classmethod
    def parse(cls, value: str) -> "Simulcast":
        """From the attribute's value."""
        words = grammar.fields(value, cls.NAME, 2)
        streams: dict[str, tuple[tuple[SimulcastStream, ...], ...]] = {}
        for direction, text in zip(words[::2], words[1::2], strict=False):
            if direction not in ("send", "recv") or direction in streams:
                raise Malformed(f"simulcast direction is not send or recv, once each: {direction[:20]!r}")
            streams[direction] = _each(text, ";", lambda item: _each(item, ",", SimulcastStream.parse))
        return cls(streams.get("send", ()), streams.get("recv", ()))

    def serialise(self) -> str:
        """The attribute's value."""
        directions = (("send", self.send), ("recv", self.receive))
        return " ".join(f"{word} {_streams(streams)}" for word, streams in directions if streams)


def _streams(streams: tuple[tuple[SimulcastStream, ...], ...]) -> str:
    return ";".join(",".join(stream.serialise() for stream in alternatives) for alternatives in streams)


def _each(items: str, separator: str, parse: Callable[[str], _T]) -> tuple[_T, ...]:
    return tuple(parse(item) for item in items.split(separator))

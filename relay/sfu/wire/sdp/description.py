"""Session descriptions: text ⇄ structure (RFC 8866). Syntax only; `negotiation` gives it meaning.

A section (the session, or one media description) is some fixed fields, its remaining lines in RFC order, and its
attributes in the order written. Unknown attributes are kept. Typed attributes are parsed when they are asked for, so
that one that nobody needs cannot break a call:

    offer = sdp.parse(text)
    for media in offer.media:
        codecs = media.attributes.all(sdp.RtpMap)
        ufrag = media.attributes.value("ice-ufrag") or offer.attributes.value("ice-ufrag")
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple, TypeVar

from relay.errors import Malformed, Misuse
from relay.sfu.wire.sdp.grammar import Direction, TypedAttribute, integer
from relay.sfu.wire.sdp.sources import Group

MAX_BYTES: Final = 64 * 1024
MAX_LINES: Final = 4096
MAX_MEDIA: Final = 64

# RFC 8866 §5. The lines about time (t, r, z) refer to each other by position and keep their order.
_SESSION_ORDER: Final = {"i": 0, "u": 1, "e": 2, "p": 3, "c": 4, "b": 5, "t": 6, "r": 6, "z": 6, "k": 7}
_MEDIA_ORDER: Final = {"i": 0, "c": 1, "b": 2, "k": 3}

_MEMORABLE: Final = 200
"""Characters of a value worth remembering; so the memory of what strangers wrote stays small."""

_Typed = TypeVar("_Typed", bound=TypedAttribute)


class Line(NamedTuple):
    """One `type=value` line."""

    type: str
    value: str

    def row(self) -> str:
        """The text of the line."""
        return f"{self.type}={self.value}"


class Attribute(NamedTuple):
    """One `a=name` or `a=name:value` line."""

    name: str
    value: str | None = None

    @classmethod
    def of(cls, typed: TypedAttribute) -> "Attribute":
        """The line of a typed attribute."""
        return cls(typed.NAME, typed.serialise())

    @classmethod
    def parse(cls, text: str) -> "Attribute":
        """From what follows `a=`."""
        name, colon, value = text.partition(":")
        if not name:
            raise Malformed("attribute without a name")
        return cls(name, value if colon else None)

    def row(self) -> str:
        """The text of the line."""
        return f"a={self.name}" if self.value is None else f"a={self.name}:{self.value}"


@dataclass(frozen=True, slots=True)
class Attributes:
    """The attributes of one section, in the order written."""

    items: tuple[Attribute, ...] = ()
    _by_name: dict[str, list[str | None]] = field(default_factory=dict, init=False, repr=False, compare=False)
    """Filled at the first look: what is composed is never looked at."""

    def __iter__(self) -> Iterator[Attribute]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def has(self, name: str) -> bool:
        """Whether the attribute is present, with or without a value (`rtcp-mux`, `rtcp-rsize`, `end-of-candidates`)."""
        return bool(self.values(name))

    def value(self, name: str) -> str | None:
        """The first value of `name` (`mid`, `ice-ufrag`, `ice-pwd`, `ice-options`), or None."""
        return next((value for value in self.values(name) if value is not None), None)

    def integer(self, name: str) -> int | None:
        """The first value of `name` (`sctp-port`, `max-message-size`) as a number. Raises Malformed."""
        value = self.value(name)
        return None if value is None else integer(value.strip(), name, maximum=2**63 - 1)

    def first(self, kind: type[_Typed]) -> _Typed | None:
        """The first attribute of this class, or None. Raises Malformed."""
        value = self.value(kind.NAME)
        return None if value is None else _typed(kind, value)

    def all(self, kind: type[_Typed]) -> tuple[_Typed, ...]:
        """Every attribute of this class. Raises Malformed."""
        return tuple(_typed(kind, value or "") for value in self.values(kind.NAME))

    def values(self, name: str) -> list[str | None]:
        """Every value of `name`; None where it is written without one."""
        if not self._by_name:
            for item in self.items:
                self._by_name.setdefault(item.name, []).append(item.value)
        return self._by_name.get(name, [])

    def direction(self) -> Direction | None:
        """The direction of the section, or None if it does not say (the session's, else sendrecv, applies)."""
        return next((_DIRECTIONS[item.name] for item in self.items if item.name in _DIRECTIONS), None)

    @classmethod
    def of(cls, items: Iterable["Attribute | TypedAttribute | Direction | str"]) -> "Attributes":
        """Attributes from typed ones, directions, ready lines, and bare names for flags."""
        return cls(tuple(_as_attribute(item) for item in items))


def _typed(kind: type[_Typed], value: str) -> _Typed:
    return _remembered(kind, value) if len(value) <= _MEMORABLE else kind.parse(value)


@lru_cache(maxsize=4096)
def _remembered(kind: type[_Typed], value: str) -> _Typed:
    """The sections of one offer, and the offers of one browser, repeat each other's lines."""
    return kind.parse(value)


_DIRECTIONS: Final = {direction.value: direction for direction in Direction}


def _as_attribute(item: "Attribute | TypedAttribute | Direction | str") -> Attribute:
    if isinstance(item, Attribute):
        return item
    if isinstance(item, Direction):
        return Attribute(item.value)
    return Attribute(item) if isinstance(item, str) else Attribute.of(item)


@dataclass(frozen=True, slots=True)
class Origin:
    """The `o=` line (RFC 8866 §5.2)."""

    username: str = "-"
    session_id: int = 0
    session_version: int = 0
    network: str = "IN IP4 127.0.0.1"
    """Network type, address type and address; WebRTC gives them no meaning."""

    @classmethod
    def parse(cls, value: str) -> "Origin":
        """From what follows `o=`."""
        fields = value.split(None, 3)
        if len(fields) != 4:
            raise Malformed("origin needs a user, an id, a version and an address")
        number = {"maximum": 2**64 - 1}
        return cls(
            fields[0], integer(fields[1], "session id", **number), integer(fields[2], "version", **number), fields[3]
        )

    def serialise(self) -> str:
        """What follows `o=`."""
        return f"{self.username} {self.session_id} {self.session_version} {self.network}"


@dataclass(frozen=True, slots=True)
class MediaDescription:
    """One `m=` section."""

    kind: str
    """`audio`, `video`, `application`."""
    port: int
    """0 rejects the section; WebRTC gives other values no meaning."""
    protocol: str
    """`UDP/TLS/RTP/SAVPF`, `UDP/DTLS/SCTP`."""
    formats: tuple[str, ...]
    """Payload types, or `webrtc-datachannel`."""
    attributes: Attributes = field(default_factory=Attributes)
    lines: tuple[Line, ...] = (Line("c", "IN IP4 0.0.0.0"),)
    port_count: int = 1

    @property
    def mid(self) -> str | None:
        """The section's identification tag (RFC 5888), or None."""
        return self.attributes.value("mid")

    @property
    def payload_types(self) -> tuple[int, ...]:
        """The formats as payload types. Raises Malformed."""
        return tuple(integer(text, "payload type", maximum=127) for text in self.formats)

    def rows(self) -> list[str]:
        """The section's lines."""
        port = f"{self.port}/{self.port_count}" if self.port_count != 1 else str(self.port)
        head = Line("m", " ".join([self.kind, port, self.protocol, *self.formats]))
        return [head.row(), *_tail(self.lines, self.attributes, _MEDIA_ORDER)]


@dataclass(frozen=True, slots=True)
class SessionDescription:
    """A whole description."""

    origin: Origin
    media: tuple[MediaDescription, ...] = ()
    attributes: Attributes = field(default_factory=Attributes)
    name: str = "-"
    lines: tuple[Line, ...] = (Line("t", "0 0"),)

    @property
    def bundle(self) -> tuple[str, ...]:
        """The MIDs of the first BUNDLE group (RFC 9143), or none. Raises Malformed."""
        groups = self.attributes.all(Group)
        return next((group.mids for group in groups if group.semantics == "BUNDLE"), ())

    def serialise(self) -> str:
        """The text, lines ended by CRLF. Misuse if a field contains a line break."""
        head = Line("v", "0"), Line("o", self.origin.serialise()), Line("s", self.name)
        rows = [line.row() for line in head]
        rows += _tail(self.lines, self.attributes, _SESSION_ORDER)
        for media in self.media:
            rows += media.rows()
        rows.append("")
        text = "\r\n".join(rows)
        if "\0" in text or not text.count("\n") == text.count("\r") == len(rows) - 1:
            broken = next(row for row in rows if any(character in row for character in "\r\n\0"))
            raise Misuse(f"a line break inside an SDP {broken[:1]}= line")
        return text


def _tail(lines: tuple[Line, ...], attributes: Attributes, order: dict[str, int]) -> list[str]:
    unknown = [line.type for line in lines if line.type not in order]
    if unknown:
        raise Misuse(f"{unknown[0]}= is not a line of this section")
    in_order = sorted(lines, key=lambda line: order[line.type])
    return [line.row() for line in in_order] + [item.row() for item in attributes.items]


def parse(
    text: str | bytes, *, max_bytes: int = MAX_BYTES, max_lines: int = MAX_LINES, max_media: int = MAX_MEDIA
) -> SessionDescription:
    """A session description. Raises Malformed with the number of the line, counted from 1.

    CRLF and bare LF are both taken; lines of a section may come in any order and are put into the RFC's.
    """
    rows = _split(text, max_bytes, max_lines)
    starts = [index for index, row in enumerate(rows) if row[0] == "m"]
    if len(starts) > max_media:
        raise Malformed(f"more than {max_media} media descriptions", starts[max_media] + 1)
    bounds = [*starts, len(rows)]
    media = tuple(_media(rows[start:end], start + 1) for start, end in pairwise(bounds))
    return _session(rows[: bounds[0]], media)


def _split(text: str | bytes, max_bytes: int, max_lines: int) -> list[str]:
    """The lines, each of them `type=value`."""
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if len(data) > max_bytes:
        raise Malformed(f"more than {max_bytes} bytes")
    try:
        decoded = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed("not UTF-8", error.start) from None
    rows = decoded.rstrip("\r\n").replace("\r\n", "\n").split("\n")
    if len(rows) > max_lines:
        raise Malformed(f"more than {max_lines} lines")
    for number, row in enumerate(rows, start=1):
        if row[1:2] != "=":
            raise Malformed("not a type=value line", number)
        if "\r" in row or "\0" in row:
            raise Malformed("a control character inside a line", number)
    return rows


def _session(rows: list[str], media: tuple[MediaDescription, ...]) -> SessionDescription:
    if [row[0] for row in rows[:3]] != ["v", "o", "s"] or rows[0][2:].strip() != "0":
        raise Malformed("a description begins with v=0, o= and s=", 1)
    rest, attributes = _section(rows[3:], 4, _SESSION_ORDER)
    return SessionDescription(Origin.parse(rows[1][2:]), media, attributes, rows[2][2:], rest)


def _media(rows: list[str], number: int) -> MediaDescription:
    fields = rows[0][2:].split()
    if len(fields) < 4:
        raise Malformed("m= needs a kind, a port, a protocol and a format", number)
    port, slash, count = fields[1].partition("/")
    rest, attributes = _section(rows[1:], number + 1, _MEDIA_ORDER)
    return MediaDescription(
        kind=fields[0],
        port=integer(port, "port", maximum=65535),
        protocol=fields[2],
        formats=tuple(fields[3:]),
        attributes=attributes,
        lines=rest,
        port_count=integer(count, "port count", maximum=65535) if slash else 1,
    )


def _section(rows: list[str], number: int, order: dict[str, int]) -> tuple[tuple[Line, ...], Attributes]:
    rest: list[Line] = []
    attributes: list[Attribute] = []
    for offset, row in enumerate(rows):
        if row[0] == "a":
            attributes.append(Attribute.parse(row[2:]))
        elif row[0] in order:
            rest.append(Line(row[0], row[2:]))
        else:
            raise Malformed(f"{row[0]}= does not belong here", number + offset)
    rest.sort(key=lambda line: order[line.type])
    return tuple(rest), Attributes(tuple(attributes))

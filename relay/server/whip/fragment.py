"""ICE credentials and candidates on their own: `application/trickle-ice-sdpfrag` (RFC 8840 §9)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from relay.errors import Malformed
from relay.sfu.wire import sdp
from relay.sfu.wire.sdp import Attribute, Attributes, Candidate, MediaDescription, SessionDescription

MEDIA_TYPE: Final = "application/trickle-ice-sdpfrag"
MAX_CANDIDATES: Final = 64
_HEAD: Final = "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\n"
_HEAD_LINES: Final = 3
# RFC 8839 §5.4: ice-char, with the least and greatest length of each.
_UFRAG: Final = re.compile(r"[A-Za-z0-9+/]{4,256}")
_PASSWORD: Final = re.compile(r"[A-Za-z0-9+/]{22,256}")
_CREDENTIALS: Final = ("ice-ufrag", "ice-pwd")
_OF_ONE_PATH: Final = {*_CREDENTIALS, "candidate", "end-of-candidates"}


@dataclass(frozen=True, slots=True)
class Credentials:
    """What ICE authenticates by."""

    ufrag: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Fragment:
    """What a client trickled."""

    credentials: Credentials | None
    """None: it does not name them, so that it means the present ones."""
    mids: tuple[str, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    complete: bool = False
    """No candidates will follow."""


def parse(text: str | bytes, max_bytes: int) -> Fragment:
    """A fragment. Raises `Malformed` for anything that RFC 8839 or RFC 8840 does not allow, and for too many candidates."""
    data = text.encode() if isinstance(text, str) else bytes(text)
    if len(data) > max_bytes:
        raise Malformed(f"more than {max_bytes} bytes")
    try:
        # A fragment is a description without its first lines.
        description = sdp.parse(_HEAD.encode() + data, max_bytes=max_bytes + len(_HEAD))
    except Malformed as error:
        raise Malformed(error.what, None if error.offset is None else max(0, error.offset - _HEAD_LINES)) from error
    sections = (description.attributes, *(media.attributes for media in description.media))
    candidates = tuple(each for attributes in sections for each in _candidates(attributes))
    if len(candidates) > MAX_CANDIDATES:
        raise Malformed(f"more than {MAX_CANDIDATES} candidates")
    return Fragment(
        _credentials(sections),
        tuple(media.mid or "" for media in description.media),
        candidates,
        any(attributes.has("end-of-candidates") for attributes in sections),
    )


def of_answer(answer: str) -> str:
    """The path of an answer as a fragment: what a client that restarted ICE has to know."""
    description = sdp.parse(answer)
    carrying = next(media for media in description.media if media.port != 0)
    kept = [item for item in carrying.attributes if item.name in _OF_ONE_PATH]
    session: list[Attribute] = [item for item in description.attributes if item.name in {"ice-lite", "group"}]
    section = MediaDescription(
        carrying.kind,
        9,
        carrying.protocol,
        carrying.formats[:1],
        Attributes((Attribute("mid", carrying.mid), *kept)),
        (),
    )
    rows = [item.row() for item in session] + section.rows()
    return "".join(f"{row}\r\n" for row in rows)


def credentials_of(description: SessionDescription) -> Credentials:
    """Those of a whole description, from its first section that has them. Raises `Malformed` without any."""
    found = _credentials((description.attributes, *(media.attributes for media in description.media if media.port)))
    if found is None:
        raise Malformed("there are no ICE credentials")
    return found


def with_credentials(text: str, credentials: Credentials) -> str:
    """An offer with other credentials: what its author would offer to restart ICE."""
    description = sdp.parse(text)
    fresh = dict(zip(_CREDENTIALS, (credentials.ufrag, credentials.password), strict=True))

    def renewed(attributes: Attributes) -> Attributes:
        kept = (item for item in attributes if item.name != "candidate")
        return Attributes(tuple(Attribute(item.name, fresh.get(item.name, item.value)) for item in kept))

    media = tuple(
        MediaDescription(
            each.kind, each.port, each.protocol, each.formats, renewed(each.attributes), each.lines, each.port_count
        )
        for each in description.media
    )
    renewed_session = renewed(description.attributes)
    return SessionDescription(
        description.origin, media, renewed_session, description.name, description.lines
    ).serialise()


def _credentials(sections: Iterable[Attributes]) -> Credentials | None:
    found = {pair for attributes in sections if (pair := tuple(map(attributes.value, _CREDENTIALS))) != (None, None)}
    if not found:
        return None
    if len(found) > 1:
        raise Malformed("the sections of one bundle have different ICE credentials")
    ufrag, password = found.pop()
    if ufrag is None or password is None:
        raise Malformed("ice-ufrag and ice-pwd go together")
    if not _UFRAG.fullmatch(ufrag) or not _PASSWORD.fullmatch(password):
        raise Malformed("ICE credentials have a wrong length or character")
    return Credentials(ufrag, password)


def _candidates(attributes: Attributes) -> tuple[Candidate, ...]:
    found = attributes.all(Candidate)
    for each in found:
        if each.transport.lower() not in {"udp", "tcp"}:
            raise Malformed(f"a candidate by {each.transport[:20]!r}")
    return found

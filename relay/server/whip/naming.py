"""Which media section is which source or slot, when the client says nothing that only a relay understands. Pure.

A publisher's first audio section is its `microphone`; its video sections are `camera`, `screen` and `document` in their
order, but one marked `a=content:slides` (RFC 4796) is the screen. A watcher's audio and video sections are slots that are
filled in their order. The query of the URL may choose otherwise: `?video=screen` publishes the picture as the screen,
`?video=document,camera` watches these.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from relay.errors import Malformed
from relay.ids import PeerId
from relay.service.wiring import slot_name
from relay.sfu.session.events import SlotRef, SourceRef
from relay.sfu.wire.sdp import MediaDescription

KINDS: Final[Mapping[str, str]] = {
    "microphone": "audio",
    "camera": "video",
    "screen": "video",
    "document": "video",
}
"""Source → kind of its section, in the order in which sections are named."""
MAX_CHOICES: Final = 16
_SLIDES: Final = "slides"


@dataclass(frozen=True, slots=True)
class Choices:
    """The names that a URL chooses, by kind; empty: the usual ones in their order."""

    audio: tuple[str, ...] = ()
    video: tuple[str, ...] = ()

    def of(self, kind: str) -> tuple[str, ...]:
        """Those for `audio` or `video`."""
        return {"audio": self.audio, "video": self.video}.get(kind, ())


def choices(query: Mapping[str, str]) -> Choices:
    """What a URL's query chooses: `audio` and `video`, names with commas between. Raises `Malformed` for other names."""
    return Choices(*(_names(query.get(kind, ""), kind) for kind in ("audio", "video")))


def sources(media: Sequence[MediaDescription], chosen: Choices) -> dict[str, str]:
    """MID → source, for the sections that a publisher sends; one for which there is no name is left out."""
    free = {kind: list(chosen.of(kind)) or _usual(kind) for kind in ("audio", "video")}
    named: dict[str, str] = {}
    for section in media:
        names = free.get(section.kind, [])
        if not names or not _sends(section):
            continue
        wanted = "screen" if section.attributes.value("content") == _SLIDES and not chosen.video else names[0]
        named[section.mid or ""] = names.pop(names.index(wanted) if wanted in names else 0)
    return named


def slots(media: Sequence[MediaDescription]) -> dict[str, str]:
    """MID → slot, for the sections in which a watcher receives: `microphone`, `microphone-2`, …, `camera`, `camera-2`, …"""
    first = {"audio": "microphone", "video": "camera"}
    places = dict.fromkeys(first, 0)
    named: dict[str, str] = {}
    for section in media:
        if section.kind in places and _receives(section):
            places[section.kind] += 1
            named[section.mid or ""] = slot_name(first[section.kind], places[section.kind])
    return named


def feeds(
    watcher: PeerId, negotiated: Iterable[str], offered: Mapping[str, SourceRef], chosen: Choices
) -> dict[SlotRef, SourceRef]:
    """What feeds each slot of a watcher. `offered` is what there is, by name (`camera-2`: the second party's)."""
    wanted = {kind: chosen.of(kind) or tuple(_in_order(offered, kind)) for kind in ("audio", "video")}
    fed: dict[SlotRef, SourceRef] = {}
    for slot in negotiated:
        source, place = _parts(slot)
        names = wanted[KINDS[source]]
        if place <= len(names) and names[place - 1] in offered:
            fed[SlotRef(watcher, slot)] = offered[names[place - 1]]
    return fed


def _in_order(offered: Iterable[str], kind: str) -> list[str]:
    order = _usual(kind)
    of_kind = [name for name in offered if KINDS.get(_parts(name)[0]) == kind]
    return sorted(of_kind, key=lambda name: (order.index(_parts(name)[0]), _parts(name)[1]))


def _usual(kind: str) -> list[str]:
    return [source for source, its_kind in KINDS.items() if its_kind == kind]


def _parts(name: str) -> tuple[str, int]:
    source, _, place = name.partition("-")
    return source, int(place or 1)


def _names(text: str, kind: str) -> tuple[str, ...]:
    names = tuple(text.split(",")) if text else ()
    if len(names) > MAX_CHOICES or len(set(names)) != len(names):
        raise Malformed(f"{kind} names too many sources, or one twice")
    for name in names:
        source, dash, place = name.partition("-")
        if KINDS.get(source) != kind or (dash and place not in _PLACES):
            raise Malformed(f"{name[:40]!r} is no {kind} source; those are {', '.join(_usual(kind))}")
    return names


_PLACES: Final = frozenset("2345678")


def _sends(section: MediaDescription) -> bool:
    direction = section.attributes.direction()
    return direction is None or direction.sends


def _receives(section: MediaDescription) -> bool:
    direction = section.attributes.direction()
    return direction is None or direction.receives

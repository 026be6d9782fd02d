"""Simulcast in an offer and its answer (RFC 8851, RFC 8853): which encodings of a source the relay takes.

Of alternatives the first is taken; what the offer lists beyond the relay's number of encodings is left out. The order of the
offer is a preference, not a size: `ascending` finds the sizes where the offer tells them, and else knows the names in use.
"""

from collections.abc import Sequence
from typing import Final

from relay.sfu.wire.sdp import Attribute, MediaDescription, Rid, Simulcast, SimulcastStream

MAX_ENCODINGS: Final = 4
MAX_RID_BYTES: Final = 32
_SIZES: Final = ("max-width", "max-height", "max-fs", "max-br")
_BEST_NAMES: Final = frozenset({"f", "h", "hi", "high", "full"})
"""Of browsers and SFUs: a list that begins with one of them (of `q;h;f` and `l;m;h` it is the last) names the best first."""


def encodings(media: MediaDescription) -> tuple[str, ...]:
    """The RIDs of the encodings to receive, as offered; empty: the source is one stream."""
    simulcast = media.attributes.first(Simulcast)
    if simulcast is None:
        return ()
    rids_sent = (rid.id for rid in media.attributes.all(Rid) if rid.direction == "send")
    declared = {rid for rid in rids_sent if len(rid) <= MAX_RID_BYTES}
    chosen = (next((each.rid for each in stream if each.rid in declared), None) for stream in simulcast.send)
    rids = tuple(dict.fromkeys(rid for rid in chosen if rid is not None))[:MAX_ENCODINGS]
    return rids if len(rids) > 1 else ()


def ascending(rids: Sequence[str], media: MediaDescription) -> tuple[str, ...]:
    """The RIDs from the smallest picture to the largest."""
    limits = {rid.id: dict(rid.restrictions) for rid in media.attributes.all(Rid)}
    for size in _SIZES:
        values = [limits[rid].get(size, "") for rid in rids]
        if all(value.isascii() and value.isdecimal() for value in values):
            return tuple(rid for _, rid in sorted(zip(map(int, values), rids, strict=True), key=lambda pair: pair[0]))
    return tuple(reversed(rids)) if rids and rids[0] in _BEST_NAMES else tuple(rids)


def accepted(rids: Sequence[str]) -> list[Attribute]:
    """The lines of the answer."""
    if not rids:
        return []
    streams = tuple((SimulcastStream(rid),) for rid in rids)
    return [*(Attribute.of(Rid(rid, "recv")) for rid in rids), Attribute.of(Simulcast(receive=streams))]

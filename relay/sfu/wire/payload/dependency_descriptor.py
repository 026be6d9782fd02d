"""The dependency descriptor header extension (RTP Payload Format For AV1, v1.0.0, Appendix A): layers without the payload.

It works for any codec and for end-to-end encrypted media. A frame names a template; the templates come with key frames in a
structure that the reader must keep, so parsing the rest of a descriptor needs the structure in force.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from relay.errors import Malformed
from relay.sfu.wire.payload.cursor import BitCursor

MANDATORY_BYTES: Final = 3
_WHAT: Final = "dependency descriptor"
_MAX_TEMPLATES: Final = 64
_TEMPLATE_IDS: Final = 64
_NEXT_TEMPORAL, _NEXT_SPATIAL, _LAST_TEMPLATE = 1, 2, 3


class Indication(IntEnum):
    """What a frame is to a decode target."""

    NOT_PRESENT = 0
    DISCARDABLE = 1
    SWITCH = 2
    REQUIRED = 3


@dataclass(frozen=True, slots=True)
class Template:
    """Properties that frames share."""

    spatial_id: int
    temporal_id: int
    indications: tuple[Indication, ...] = ()
    """One per decode target."""
    frame_distances: tuple[int, ...] = ()
    chain_distances: tuple[int, ...] = ()
    """One per chain."""


@dataclass(frozen=True, slots=True)
class Structure:
    """What all frames of a coded video sequence have in common."""

    template_id_offset: int
    decode_targets: int
    templates: tuple[Template, ...]
    protected_by: tuple[int, ...] = ()
    """For each decode target the chain that protects it; empty without chains."""
    resolutions: tuple[tuple[int, int], ...] = ()
    """(width, height) per spatial layer; empty if not sent."""

    def template(self, template_id: int) -> Template:
        """The template that a frame names. Raises Malformed."""
        index = (template_id - self.template_id_offset) % _TEMPLATE_IDS
        if index >= len(self.templates):
            raise Malformed("dependency descriptor names a template that is not there")
        return self.templates[index]


@dataclass(frozen=True, slots=True)
class DependencyDescriptor:
    """One frame's part of the extension."""

    start_of_frame: bool
    end_of_frame: bool
    template_id: int
    frame_number: int
    """16 bits."""
    structure: Structure | None = None
    """A new structure: this is a key frame."""
    active_decode_targets: int | None = None
    """A bit per decode target, the first one lowest; None: as before."""


def parse(data: bytes, in_force: Structure | None = None) -> DependencyDescriptor:
    """The mandatory fields, and the structure or the active decode targets if they are sent. Raises Malformed.

    `in_force` is the latest structure of the stream; without one a descriptor that refers to it is Malformed. A frame's own
    indications and distances, where it does not use its template's, are not read.
    """
    cursor = BitCursor(data, _WHAT)
    start, end = cursor.flag(), cursor.flag()
    template_id, frame_number = cursor.bits(6), cursor.bits(16)
    if len(data) <= MANDATORY_BYTES:
        return DependencyDescriptor(start, end, template_id, frame_number)
    has_structure, has_targets = cursor.flag(), cursor.flag()
    cursor.bits(3)  # whether the frame has indications, distances and chains of its own
    structure = _pull_structure(cursor) if has_structure else None
    targets = _pull_targets(cursor, structure or in_force) if has_targets else None
    if structure and targets is None:
        targets = (1 << structure.decode_targets) - 1
    return DependencyDescriptor(start, end, template_id, frame_number, structure, targets)


def _pull_targets(cursor: BitCursor, structure: Structure | None) -> int:
    if structure is None:
        raise Malformed("dependency descriptor refers to a structure that has not come")
    return cursor.bits(structure.decode_targets)


def _pull_structure(cursor: BitCursor) -> Structure:
    template_id_offset = cursor.bits(6)
    targets = cursor.bits(5) + 1
    layers = _pull_layers(cursor)
    indications = [tuple(Indication(cursor.bits(2)) for _ in range(targets)) for _ in layers]
    frame_distances = [_pull_distances(cursor) for _ in layers]
    chains = cursor.non_symmetric(targets + 1)
    protected_by = tuple(cursor.non_symmetric(chains) for _ in range(targets)) if chains else ()
    chain_distances = [tuple(cursor.bits(4) for _ in range(chains)) for _ in layers]
    templates = tuple(
        Template(spatial_id, temporal_id, indications[index], frame_distances[index], chain_distances[index])
        for index, (spatial_id, temporal_id) in enumerate(layers)
    )
    spatial_layers = layers[-1][0] + 1
    sizes = tuple((cursor.bits(16) + 1, cursor.bits(16) + 1) for _ in range(spatial_layers if cursor.flag() else 0))
    return Structure(template_id_offset, targets, templates, protected_by, sizes)


def _pull_layers(cursor: BitCursor) -> list[tuple[int, int]]:
    """(spatial id, temporal id) of each template: the same as the one before, one up in time, or one up in space."""
    spatial_id = temporal_id = 0
    layers = [(spatial_id, temporal_id)]
    while (step := cursor.bits(2)) != _LAST_TEMPLATE:
        if len(layers) == _MAX_TEMPLATES:
            raise Malformed("dependency descriptor has more than 64 templates")
        if step == _NEXT_TEMPORAL:
            temporal_id += 1
        elif step == _NEXT_SPATIAL:
            spatial_id, temporal_id = spatial_id + 1, 0
        layers.append((spatial_id, temporal_id))
    return layers


def _pull_distances(cursor: BitCursor) -> tuple[int, ...]:
    distances = []
    while cursor.flag():
        distances.append(cursor.bits(4) + 1)
    return tuple(distances)

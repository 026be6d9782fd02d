import pytest

from relay.errors import Malformed
from relay.sfu.wire.payload import dependency_descriptor
from relay.sfu.wire.payload.dependency_descriptor import DependencyDescriptor, Indication, Structure, Template

NOT_PRESENT, DISCARDABLE, SWITCH, REQUIRED = Indication


def bits(*fields: tuple[int, int]) -> bytes:
    """(value, width) of each field, padded with zeros to whole bytes."""
    text = "".join(f"{value:0{width}b}" if width else "" for value, width in fields)
    text += "0" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big")


MANDATORY = ((1, 1), (0, 1), (5, 6), (0x1234, 16))
WITH_STRUCTURE = ((1, 1), (0, 1), (0, 3))
TWO_TEMPORAL_LAYERS = (
    (5, 6),  # template id offset
    (1, 5),  # two decode targets
    *((1, 2), (0, 2), (3, 2)),  # T0; T1; T1 again; the last
    *((2, 2), (2, 2), (0, 2), (1, 2), (0, 2), (3, 2)),  # indications, a row a template
    *((0, 1), (1, 1), (0, 4), (0, 1), (1, 1), (1, 4), (1, 1), (0, 4), (0, 1)),  # frame distances: none; 1; 2 and 1
    (2, 2),  # one chain: ns(3) of 1 is 10
)


def test_mandatory_fields() -> None:
    parsed = dependency_descriptor.parse(bits(*MANDATORY))
    assert parsed == DependencyDescriptor(True, False, 5, 0x1234)


def test_a_structure() -> None:
    chains = ((0, 0), (0, 0), (0, 4), (1, 4), (1, 4))  # ns(1) takes no bits; a distance a template
    fields = (*MANDATORY, *WITH_STRUCTURE, *TWO_TEMPORAL_LAYERS, *chains, (1, 1), (1279, 16), (719, 16))
    parsed = dependency_descriptor.parse(bits(*fields))
    assert parsed.structure == Structure(
        template_id_offset=5,
        decode_targets=2,
        templates=(
            Template(0, 0, (SWITCH, SWITCH), (), (0,)),
            Template(0, 1, (NOT_PRESENT, DISCARDABLE), (1,), (1,)),
            Template(0, 1, (NOT_PRESENT, REQUIRED), (2, 1), (1,)),
        ),
        protected_by=(0, 0),
        resolutions=((1280, 720),),
    )
    assert parsed.active_decode_targets == 0b11


def test_spatial_layers_without_chains_or_resolutions() -> None:
    fields = (
        *MANDATORY,
        *WITH_STRUCTURE,
        *((62, 6), (0, 5)),  # one decode target
        *((2, 2), (3, 2)),  # S0; S1; the last
        *((3, 2), (2, 2)),
        *((0, 1), (0, 1)),
        (0, 1),  # no chains: ns(2) of 0
        (0, 1),  # no resolutions
    )
    structure = dependency_descriptor.parse(bits(*fields)).structure
    assert structure is not None
    assert [(each.spatial_id, each.temporal_id) for each in structure.templates] == [(0, 0), (1, 0)]
    assert structure.template(62).spatial_id == 0
    assert structure.template(63).spatial_id == 1
    with pytest.raises(Malformed, match="not there"):
        structure.template(0)


def test_template_ids_wrap() -> None:
    structure = Structure(63, 1, (Template(0, 0), Template(0, 1)))
    assert structure.template(0) == Template(0, 1)


def test_active_decode_targets_need_the_structure_in_force() -> None:
    data = bits(*MANDATORY, (0, 1), (1, 1), (0, 3), (0b101, 3))
    structure = Structure(0, 3, (Template(0, 0),))
    assert dependency_descriptor.parse(data, structure).active_decode_targets == 0b101
    with pytest.raises(Malformed, match="has not come"):
        dependency_descriptor.parse(data)


def test_what_is_cut_short_or_endless() -> None:
    full = bits(*MANDATORY, *WITH_STRUCTURE, *TWO_TEMPORAL_LAYERS)
    for size in (0, 1, 2, 4, 5, 7):
        with pytest.raises(Malformed, match="cut short"):
            dependency_descriptor.parse(full[:size])
    with pytest.raises(Malformed, match="more than 64 templates"):
        dependency_descriptor.parse(bits(*MANDATORY, *WITH_STRUCTURE, (0, 6), (0, 5)) + bytes(40))

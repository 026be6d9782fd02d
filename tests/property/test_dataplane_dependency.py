"""Dependency descriptors: compiled against plain, and what is broken does no harm."""

from hypothesis import given
from hypothesis import strategies as st

from relay.errors import Malformed
from relay.sfu.dataplane.dependency import DependencyReader
from relay.sfu.wire.payload import dependency_descriptor


@given(st.lists(st.binary(max_size=80), max_size=6))
def test_whatever_comes_is_read_within_its_bounds(descriptors: list[bytes]) -> None:
    reader = DependencyReader()
    for data in descriptors:
        found = reader.read(data)
        assert found is None or (found[0] < 4 and found[1] < 4)


@given(st.binary(min_size=4, max_size=120))
def test_a_structure_is_read_as_the_plain_parser_reads_it(tail: bytes) -> None:
    """Structure present, nothing else of the frame's own."""
    data = bytes([0xC0 | tail[0] & 0x3F, 0, 1, 0x80 | tail[1] & 0x07]) + tail[2:]
    try:
        structure = dependency_descriptor.parse(data).structure
        assert structure is not None
        template = structure.template(data[0] & 0x3F)
    except Malformed:
        assert DependencyReader().read(data) is None
        return
    needed = sum(1 << target for target, indication in enumerate(template.indications) if indication)
    switching = sum(1 << target for target, indication in enumerate(template.indications) if indication == 2)
    expected = min(template.spatial_id, 3), min(template.temporal_id, 3), needed, switching
    assert DependencyReader().read(data) == expected

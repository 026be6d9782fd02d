"""Division codes as a tree."""

import pytest

from relay.scheduler import regions
from relay.scheduler.errors import UnknownRegion
from relay.scheduler.model import Reach


@pytest.mark.parametrize(
    ("code", "chain"),
    [
        ("000000", ("000000",)),
        ("330000", ("330000", "000000")),
        ("330200", ("330200", "330000", "000000")),
        ("330203", ("330203", "330200", "330000", "000000")),
        ("330203001", ("330203001", "330203", "330200", "330000", "000000")),
        ("330203001002", ("330203001002", "330203001", "330203", "330200", "330000", "000000")),
    ],
)
def test_chain(code: str, chain: tuple[str, ...]) -> None:
    assert regions.chain(code) == chain


@pytest.mark.parametrize(
    "code", ["", "33", "990000", "33020", "3302030", "33020a", "330003", "330200001", "３３０２０３"]
)
def test_what_is_no_code(code: str) -> None:
    with pytest.raises(UnknownRegion):
        regions.chain(code)


@pytest.mark.parametrize(
    ("code", "reach", "scope"),
    [
        ("330203", Reach.TOWN, "330203"),
        ("330203", Reach.COUNTY, "330203"),
        ("330203", Reach.CITY, "330200"),
        ("330203001", Reach.TOWN, "330203001"),
        ("330203001", Reach.COUNTY, "330203"),
        ("330203001", Reach.COUNTRY, "000000"),
        ("330000", Reach.CITY, "330000"),
        ("330000", Reach.COUNTRY, "000000"),
    ],
)
def test_scope(code: str, reach: Reach, scope: str) -> None:
    assert regions.scope(code, reach) == scope


def test_encloses() -> None:
    assert regions.encloses("330000", "330203001")
    assert not regions.encloses("330204", "330203")

import pytest

from relay.catalogue import Catalogue, Directory, KioskProfile, Region, SeatProfile, ServiceItem, stems_of
from relay.demo_catalogue import DEMO_CATALOGUE
from relay.errors import Misuse, NotFound


def test_stems_go_from_the_code_to_everything():
    assert stems_of("a.b.c") == ["a.b.c", "a.b", "a", "*"]


def test_a_directory_finds_and_names_what_is_missing():
    directory = Directory(DEMO_CATALOGUE)
    assert directory.item("housing.title.transfer").department == "housing"
    assert directory.item_or_code("gone.item").name_en == "gone.item"
    assert directory.department("unnamed").name_zh == "unnamed"
    assert directory.seat("nobody") is None
    with pytest.raises(NotFound, match=r"no\.such"):
        directory.item("no.such")
    with pytest.raises(NotFound, match="990000"):
        directory.region("990000")


def test_items_of_skills_are_those_beneath_their_codes():
    directory = Directory(DEMO_CATALOGUE)
    assert {item.department for item in directory.items_of(["market"])} == {"market"}
    assert [item.code for item in directory.items_of(["housing.title.transfer"])] == ["housing.title.transfer"]
    assert len(directory.items_of(["*"])) == len(DEMO_CATALOGUE.items)
    assert directory.items_of(["hous"]) == []


@pytest.mark.parametrize(
    "make",
    [
        lambda: ServiceItem("a b", "", ""),
        lambda: Region("", "", ""),
        lambda: SeatProfile("s", "S", "330203", {"a": 0}),
        lambda: SeatProfile("s", "S", "330203", {"a": 11}),
        lambda: SeatProfile("s", "S", "330203", {"a b": 1}),
        lambda: SeatProfile("s", "S", "330203", {}, capacity=0),
        lambda: Catalogue(items=(ServiceItem("a", "", ""), ServiceItem("a", "", ""))),
        lambda: Catalogue(kiosks=(KioskProfile("k", "K", "330203"),)),
    ],
)
def test_a_catalogue_that_contradicts_itself_is_refused(make):
    with pytest.raises(Misuse):
        make()

import pytest

from relay.catalogue import Catalogue, Region, SeatProfile, ServiceItem
from relay.scheduler import commands, model
from relay.scheduler.settings import SchedulerSettings
from relay.service.profiles import NoProfile, definitions, highest_priority, seat_profile

LISTED = SeatProfile("s1", "王静", "330203", {"housing": 8}, ("330200",), ("zh", "en"), capacity=2)


def test_the_operators_word_holds():
    profile = seat_profile(LISTED, "", "", None, ())
    assert profile == model.SeatProfile(
        (model.Skill("housing", 8),), ("330203", "330200"), ("zh", "en"), capacity=2, name="王静"
    )


def test_a_token_overrides_it():
    profile = seat_profile(LISTED, "新人", "330226", {"market": 2}, ("zh",))
    assert profile.skills == (model.Skill("market", 2),)
    assert profile.regions == ("330226", "330200")
    assert (profile.name, profile.languages) == ("新人", ("zh",))


@pytest.mark.parametrize(("region", "skills"), [("", {"market": 2}), ("330203", None), ("330203", {})])
def test_a_seat_that_nobody_described_is_refused(region, skills):
    with pytest.raises(NoProfile):
        seat_profile(None, "x", region, skills, ())


def test_a_catalogue_is_defined_once_for_items_and_regions():
    catalogue = Catalogue(
        items=(ServiceItem("a.b", "甲", "A", reach="city", min_level=3),), regions=(Region("330203", "海曙", "H"),)
    )
    items, regions = definitions(catalogue)
    assert items == commands.DefineItems((model.ServiceItem("a.b", "甲", model.Reach.CITY, 3),))
    assert regions == commands.DefineRegions(("330203",))
    assert list(definitions(Catalogue())) == []


def test_the_weightiest_class_counts_and_an_unknown_one_is_left_to_the_scheduler():
    settings = SchedulerSettings()
    assert highest_priority([], settings) == "normal"
    assert highest_priority(["elderly", "urgent"], settings) == "urgent"
    assert highest_priority(["elderly", "vip"], settings) == "vip"

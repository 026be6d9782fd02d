"""Networks by name and from scenario files."""

import pytest

from loadtest.impair import PROFILES, GilbertElliott, Profile, profile_of
from relay.errors import Misuse


@pytest.mark.parametrize("name", PROFILES)
def test_every_named_network_makes_links(name: str) -> None:
    for link in profile_of(name).links(seed=3, started=10.0):
        link.handle_datagram(1200, 10.0)


def test_a_table_starts_from_a_named_network() -> None:
    profile = profile_of({"like": "5g", "uplink": {"rate_bps": 2_000_000, "burst": {"enter": 0.01, "leave": 0.1}}})
    assert profile.uplink.rate_bps == 2_000_000
    assert profile.uplink.burst == GilbertElliott(0.01, 0.1)
    assert profile.uplink.delay_ms == PROFILES["5g"].uplink.delay_ms
    assert profile.downlink == PROFILES["5g"].downlink


@pytest.mark.parametrize(
    "wrong",
    ["6g", {"like": "6g"}, {"speed": 1}, {"uplink": {"speed": 1}}, {"uplink": {"loss": 2}}, {"trace": "nowhere"}],
)
def test_what_is_wrong_is_named(wrong: object) -> None:
    with pytest.raises(Misuse):
        profile_of(wrong)  # type: ignore[arg-type]


def test_only_the_perfect_network_is_perfect() -> None:
    assert [name for name, profile in PROFILES.items() if profile.is_perfect] == ["perfect"]
    assert Profile().is_perfect


def test_participants_begin_at_places_of_their_own() -> None:
    profile = PROFILES["trace-5g-handover"]
    delays = {profile.links(seed, 0.0)[0].handle_datagram(100, 0.0).arrivals for seed in range(10)}
    assert len(delays) > 3

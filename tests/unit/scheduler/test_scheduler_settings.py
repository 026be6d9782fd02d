"""Settings from TOML, and what contradicts itself."""

import tomllib

import pytest

from relay.scheduler.errors import BadSettings
from relay.scheduler.model import Reach
from relay.scheduler.priority import head_starts_ms
from relay.scheduler.settings import PriorityClass, SchedulerSettings, from_mapping


def test_everything_can_be_said_in_toml() -> None:
    text = """
    ring_timeout_ms = 15000
    strategy = ["nearest", "longest_idle"]
    [[rings]]
    after_ms = 0
    reach = "city"
    [[queue_caps]]
    waiting = 20
    item = "hrss"
    [[priorities]]
    name = "normal"
    [[priorities]]
    name = "appointment"
    weight = 4
    [[priorities]]
    name = "urgent"
    weight = 9
    [[calendars]]
    name = "week"
    [[calendars.spans]]
    days = [1, 2]
    start = "09:00"
    end = "17:00"
    [[hours]]
    calendar = "week"
    [appointments]
    lookahead_share = 0.2
    """
    settings = from_mapping(tomllib.loads(text))
    assert settings.rings[0].reach is Reach.CITY
    assert settings.appointments.lookahead_share == 0.2
    assert settings.queue_caps[0].waiting == 20


@pytest.mark.parametrize(
    "table",
    [
        {"ring_timeout_ms": 0},
        {"backoff_ms": -1},
        {"no_such_field": 1},
        {"ageing_per_minute": 0},
        {"rings": []},
        {"rings": [{"after_ms": 5, "reach": "city"}]},
        {"rings": [{"after_ms": 0, "reach": "city"}, {"after_ms": 5, "reach": "county"}]},
        {"rings": [{"after_ms": 0, "reach": "city"}, {"after_ms": 0, "reach": "country"}]},
        {"strategy": ["fastest"]},
        {"default_priority": "vip"},
        {"priorities": [{"name": "normal"}, {"name": "normal"}]},
        {"hours": [{"calendar": "none"}]},
        {"queue_caps": [{"waiting": 1, "overflow_ring": 9}]},
        {"appointments": {"lookahead_share": 1.5}},
    ],
)
def test_contradictions_are_named(table: dict[str, object]) -> None:
    with pytest.raises(BadSettings, match=r"\w"):
        from_mapping(table)


def test_a_head_start_is_weight_over_ageing() -> None:
    settings = SchedulerSettings(
        ageing_per_minute=2.0,
        priorities=(PriorityClass("normal"), PriorityClass("appointment", 1.0), PriorityClass("urgent", 4.0)),
    )
    assert head_starts_ms(settings) == {"normal": 0, "appointment": 30_000, "urgent": 120_000}

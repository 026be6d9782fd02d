"""Counters and the residence histogram."""

from relay.sfu.dataplane import DROPS, TOTALS, Drop, Forwarder, Total


def test_every_reason_and_every_total_has_a_meaning() -> None:
    assert set(DROPS) == set(Drop) - {Drop.KEPT, Drop.DROP_COUNT}
    assert set(TOTALS) == set(Total) - {Total.TOTAL_COUNT}
    assert all(DROPS.values())
    assert all(TOTALS.values())
    assert len({*DROPS.values(), *TOTALS.values()}) == len(DROPS) + len(TOTALS)


def test_counters_are_named_after_the_tables() -> None:
    counters = Forwarder(max_peers=1, max_tracks=1, max_slots=1).counters()
    assert list(counters) == [
        *(total.name.lower() for total in TOTALS),
        *(f"drop_{drop.name.lower()}" for drop in DROPS),
    ]
    assert not any(counters.values())


def test_the_histogram_is_log_linear_from_ten_microseconds_to_one_second() -> None:
    bounds, counts = Forwarder(max_peers=1, max_tracks=1, max_slots=1).residence()
    assert bounds[:10] == [n / 100_000 for n in range(1, 11)]
    assert bounds[-10:] == [n / 10 for n in range(1, 11)]
    assert bounds == sorted(bounds)
    assert counts == [0] * (len(bounds) + 1)

"""Congestion control over the real packet path, in virtual time: the start, a drop, a noisy link."""

import random
from itertools import pairwise

import pytest

from loadtest.impair import Conditions, Link
from loadtest.traces import Sample, Trace
from relay.sfu.media.layers import Layer
from tests.support.downlink_calls import CAMERA, DELAY_S, DOCUMENT, ELASTIC, LAYERED, DownlinkCall


def constant(rate_bps: float) -> Link:
    return Link(Conditions(rate_bps=rate_bps, delay_ms=DELAY_S * 1000), 1)


def stepwise(*steps: tuple[float, float]) -> Link:
    """(From this second on, bit/s)."""
    samples = tuple(Sample(at_s, rate_bps, rate_bps, None, None) for at_s, rate_bps in (*steps, (1e6, steps[-1][1])))
    return Link(Conditions(delay_ms=DELAY_S * 1000), 1, Trace("steps", samples))


def waits_ms(call: DownlinkCall, since_s: float, until_s: float = 1e9) -> list[float]:
    return sorted(wait * 1000 for at_s, wait in call.log.queue_s if since_s <= at_s < until_s)


def p95(values: list[float]) -> float:
    return values[int(0.95 * len(values))]


@pytest.mark.parametrize("encodings", [ELASTIC, LAYERED])
def test_a_call_that_begins_on_a_slow_link_does_not_fill_its_buffer(encodings: dict[bytes, int]) -> None:
    call = DownlinkCall(constant(250_000), encodings)
    call.run(8.0)
    assert waits_ms(call, 0.0)[-1] < 500
    assert p95(waits_ms(call, 3.0)) < 120
    assert call.log.sound[1] > 0.98 * call.log.sound[0]


def test_a_good_link_is_known_before_the_second_frame_group() -> None:
    call = DownlinkCall(constant(6e6), LAYERED)
    call.run(3.0)
    assert next(at_s for at_s, estimate_bps, _ in call.log.estimates if estimate_bps > 2e6) < 0.5
    assert call.log.layers == []
    assert len(call.receiver.streams[CAMERA].decoded) > 85
    assert waits_ms(call, 0.0)[-1] < 100


def test_a_single_encoding_follows_its_link_and_is_never_paused() -> None:
    call = DownlinkCall(stepwise((0, 2e6), (5, 5e5), (12, 2e6)), ELASTIC)
    call.run(20.0)
    assert call.log.layers == []
    assert p95(waits_ms(call, 6.0, 12.0)) < 80
    for since_s, least_bps in ((2.0, 1.4e6), (7.0, 3.5e5), (15.0, 1.4e6)):
        bits = 8 * sum(size for at_s, size in call.log.media if since_s <= at_s < since_s + 3)
        assert bits / 3 > least_bps
    gaps = [later - earlier for earlier, later in pairwise(call.receiver.streams[CAMERA].decoded)]
    assert max(gaps) < 1.0


def test_the_document_outlives_the_face() -> None:
    call = DownlinkCall(stepwise((0, 4e6), (4, 5e5)), LAYERED)
    call.run(14.0)
    document, face = (call.receiver.streams[what].decoded for what in (DOCUMENT, CAMERA))
    assert sum(at_s > 7 for at_s in document) > 0.9 * 7 * 30
    assert all(slot == CAMERA for _, slot, layer in call.log.layers if layer == Layer(-1, 0))
    assert face


def test_a_noisy_link_does_not_make_the_picture_flap() -> None:
    dice = random.Random(7)
    call = DownlinkCall(stepwise(*((n * 0.2, dice.uniform(0.7e6, 1.5e6)) for n in range(300))), LAYERED)
    call.run(60.0)
    switches = [at_s for at_s, slot, _ in call.log.layers if slot == CAMERA]
    assert len(switches) <= 12, f"a change each {60 / len(switches):.0f} s"
    assert not [at_s for at_s, slot, _ in call.log.layers if slot == DOCUMENT]


def test_the_same_call_gives_the_same_figures() -> None:
    calls = []
    for _ in range(2):
        call = DownlinkCall(stepwise((0, 2e6), (1, 5e5)), ELASTIC)
        call.run(3.0)
        calls.append((call.log.queue_s, call.log.media, call.log.estimates))
    assert calls[0] == calls[1]

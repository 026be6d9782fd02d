"""The packet path hands out values of the shapes that the port defines."""

import inspect

import pytest

from relay.sfu import ports
from relay.sfu.dataplane import Forwarder, records
from tests.support.media_bench import Bench
from tests.support.packets import rtp, vp8


@pytest.mark.parametrize(
    "name",
    [
        "Arrival",
        "ArrivalGroup",
        "Downlink",
        "Feedback",
        "Notice",
        "ProbeArrivals",
        "ReceptionReport",
        "SenderInfo",
        "SlotStats",
        "TrackStats",
    ],
)
def test_records_have_the_fields_of_the_port(name: str) -> None:
    ours, theirs = getattr(records, name), getattr(ports, name)
    assert ours._fields == theirs._fields


def test_the_forwarder_has_the_methods_of_the_port() -> None:
    wanted = {name: method for name, method in vars(ports.Forwarder).items() if not name.startswith("_")}
    for name, method in wanted.items():
        assert callable(getattr(Forwarder, name)), name
        parameters = list(inspect.signature(method).parameters)
        assert list(inspect.signature(getattr(Forwarder, name)).parameters) == parameters, name


def test_what_the_forwarder_returns_is_made_of_the_types_of_the_port(bench: Bench) -> None:
    kiosk, seat = bench.client().join(), bench.client().join()
    track, slot = kiosk.track(), seat.slot()
    bench.forwarder.connect(slot, track)
    kiosk.send(rtp(1, payload=vp8(keyframe=True)))
    bench.pump(1)
    for record in (
        bench.forwarder.track_stats(track),
        bench.forwarder.slot_stats(slot),
        bench.forwarder.reception_report(track, 0),
        bench.forwarder.notices()[0],
    ):
        expected = getattr(ports, type(record).__name__).__annotations__
        assert {field: type(value) for field, value in record._asdict().items()} == expected

import re

from prometheus_client.parser import text_string_to_metric_families

from relay.errors import InvariantError
from relay.metrics.catalogue import CATALOGUE, SECTIONS, MetricKind, as_markdown
from relay.metrics.histogram import Histogram
from relay.metrics.shell.exposition import Exposition
from relay.metrics.snapshot import Snapshot

UNITS = ("_seconds", "_ratio", "_bytes", "_erlangs", "_slots", "_info", "_total")


def test_names_follow_the_practices():
    assert sum(map(len, SECTIONS.values())) == len(CATALOGUE), "a name twice"
    for metric in CATALOGUE.values():
        assert re.fullmatch(r"relay_[a-z0-9_]+", metric.name)
        assert metric.name.endswith("_total") == (metric.kind is MetricKind.COUNTER)
        assert metric.meaning.endswith(".") or metric.name.endswith("_info")
        assert not {"call", "call_id", "seat", "kiosk", "citizen", "peer"} & set(metric.labels)
        if metric.kind is MetricKind.HISTOGRAM:
            assert metric.name.endswith(UNITS)


def test_the_page_has_every_metric():
    page = as_markdown("")
    assert all(f"`{name}`" in page for name in CATALOGUE)


def test_a_snapshot_takes_only_what_the_catalogue_has():
    snapshot = Snapshot()
    for name, labels in (("relay_nonsense_total", ()), ("relay_seats", ()), ("relay_seats", ("a", "b"))):
        try:
            snapshot.put(name, 1.0, *labels)
        except InvariantError:
            continue
        raise AssertionError(name)


def test_exposition_is_readable_in_both_formats():
    snapshot = Snapshot()
    snapshot.put("relay_calls_waiting", 3, "housing")
    snapshot.put("relay_offers_total", 5, "accepted")
    snapshot.put("relay_wait_duration_seconds", Histogram((15.0, 30.0), [2, 1, 1], 80.0), "housing", "answered")
    exposition = Exposition(lambda: snapshot)
    body, content_type = exposition.render("")
    assert content_type.startswith("text/plain")
    samples = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }
    assert samples[("relay_calls_waiting", ("queue", "housing"))] == 3
    assert samples[("relay_offers_total", ("outcome", "accepted"))] == 5
    wait = [("outcome", "answered"), ("queue", "housing")]
    assert samples[("relay_wait_duration_seconds_bucket", ("le", "15.0"), *wait)] == 2
    assert samples[("relay_wait_duration_seconds_bucket", ("le", "+Inf"), *wait)] == 4
    assert samples[("relay_wait_duration_seconds_sum", *wait)] == 80
    assert any(name == "process_resident_memory_bytes" for name, *_ in samples)
    assert "openmetrics" in exposition.render("application/openmetrics-text; version=1.0.0")[1]

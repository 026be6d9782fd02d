"""Prometheus exposition: a collector that reads a snapshot when it is scraped; nobody pushes."""

from collections.abc import Callable, Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from relay.metrics import catalogue
from relay.metrics.catalogue import MetricKind
from relay.metrics.snapshot import Buckets, Sample, Snapshot


class SnapshotCollector(Collector):
    """Turns snapshots into metric families."""

    def __init__(self, read: Callable[[], Snapshot]) -> None:
        self._read = read

    def collect(self) -> Iterator[Metric]:
        """One family per metric of the snapshot."""
        for metric, samples in self._read():
            yield _family(metric, samples)


class Exposition:
    """The text of `/metrics`: the relay's own metrics and those of its process."""

    def __init__(self, read: Callable[[], Snapshot]) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(SnapshotCollector(read))
        ProcessCollector(registry=self._registry)

    def render(self, accept: str) -> tuple[bytes, str]:
        """Body and content type, in the format that an `Accept` header asks for."""
        encoder, content_type = choose_encoder(accept)
        return encoder(self._registry), content_type


def _family(metric: catalogue.Metric, samples: list[Sample]) -> Metric:
    if metric.kind is MetricKind.HISTOGRAM:
        histogram = HistogramMetricFamily(metric.name, metric.meaning, labels=metric.labels)
        for sample in samples:
            if not isinstance(sample.value, float | int):
                histogram.add_metric(sample.labels, _cumulative(sample.value), sample.value.sum)
        return histogram
    kind = CounterMetricFamily if metric.kind is MetricKind.COUNTER else GaugeMetricFamily
    family = kind(metric.name, metric.meaning, labels=metric.labels)
    for sample in samples:
        if isinstance(sample.value, float | int):
            family.add_metric(sample.labels, sample.value)
    return family


def _cumulative(buckets: Buckets) -> list[tuple[str, float]]:
    bounds = [*(str(float(bound)) for bound in buckets.bounds), "+Inf"]
    return list(zip(bounds, accumulate(buckets.counts), strict=True))

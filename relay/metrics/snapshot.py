"""All metrics at one moment: samples by metric name, checked against the catalogue as they are put in. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from relay.errors import InvariantError
from relay.metrics.catalogue import CATALOGUE, Metric


class Buckets(Protocol):
    """A histogram: `counts` per bucket, not cumulative, one more than `bounds`."""

    @property
    def bounds(self) -> tuple[float, ...]:
        """Upper bounds, rising."""

    @property
    def counts(self) -> list[int]:
        """Values per bucket; the last are beyond every bound."""

    @property
    def sum(self) -> float:
        """Of all values."""


Value = float | Buckets


@dataclass(frozen=True, slots=True)
class Sample:
    """One value; label values in the order of the catalogue."""

    labels: tuple[str, ...]
    value: Value


class Snapshot:
    """What a scrape is answered with."""

    def __init__(self) -> None:
        self._samples: dict[str, list[Sample]] = {}

    def put(self, name: str, value: Value, *labels: str) -> None:
        """Add one sample; raises `InvariantError` for a metric or labels that the catalogue does not have."""
        metric = CATALOGUE.get(name)
        if metric is None or len(metric.labels) != len(labels):
            raise InvariantError(f"{name}{labels} is not in the catalogue of metrics")
        self._samples.setdefault(name, []).append(Sample(labels, value))

    def put_all(self, name: str, values: Mapping[str, Value]) -> None:
        """Add a sample per value of the one label."""
        for label, value in values.items():
            self.put(name, value, label)

    def __iter__(self) -> Iterator[tuple[Metric, list[Sample]]]:
        for name, samples in self._samples.items():
            yield CATALOGUE[name], samples

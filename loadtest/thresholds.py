"""Limits that decide the exit code: `residence_p99_ms>10` fails the run when the metric is above 10."""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from relay.errors import Misuse

_COMPARE: Final[Mapping[str, Callable[[float, float], bool]]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_FORM = re.compile(r"\s*(?P<metric>[a-z][a-z0-9_]*)\s*(?P<sign>>=|<=|>|<)\s*(?P<limit>-?\d+(?:\.\d+)?)\s*")


@dataclass(frozen=True, slots=True)
class Threshold:
    """A run fails when the metric compares so with the limit."""

    metric: str
    sign: str
    limit: float

    def __str__(self) -> str:
        return f"{self.metric}{self.sign}{self.limit:g}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A threshold and what was measured."""

    threshold: Threshold
    value: float | None
    """None: the run did not measure it, which fails too: a check that cannot fail is none."""

    @property
    def failed(self) -> bool:
        """Whether the run is to fail for it."""
        return self.value is None or _COMPARE[self.threshold.sign](self.value, self.threshold.limit)

    def __str__(self) -> str:
        return f"{self.threshold}: {'not measured' if self.value is None else format(self.value, '.6g')}"


def parse_threshold(text: str) -> Threshold:
    """Read `metric>number`, with `>`, `>=`, `<` or `<=`; raises `Misuse`."""
    match = _FORM.fullmatch(text)
    if match is None:
        raise Misuse(f"{text!r} is no threshold; write for instance residence_p99_ms>10")
    return Threshold(match["metric"], match["sign"], float(match["limit"]))


def judge(thresholds: tuple[Threshold, ...], metrics: Mapping[str, float]) -> tuple[Verdict, ...]:
    """One verdict each."""
    return tuple(Verdict(each, metrics.get(each.metric)) for each in thresholds)

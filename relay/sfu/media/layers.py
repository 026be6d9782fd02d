"""Which simulcast or SVC layer a slot should have.

Two things, each small: how fast every layer of a source runs (`LayerRates`), and in which order layers are preferred for what is
shown (`ladder`). The way from the layer that is forwarded to the one that is wanted is the packet path's.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Final, NamedTuple

_WEIGHT: Final = 0.3
_SILENT_S: Final = 2.0


class Layer(NamedTuple):
    """Spatial layer or simulcast encoding, and temporal layer; 0 is the least."""

    spatial: int
    temporal: int


class Content(Enum):
    """What a picture is for."""

    MOTION = "motion"
    """A face: fluent first; resolution follows."""
    DETAIL = "detail"
    """Text: sharp first; it may move slowly."""


class LayerRates:
    """How fast each layer of a source runs, with all that it depends on. owned: smoothed rates, when each was last heard."""

    def __init__(self) -> None:
        self._rates: dict[Layer, tuple[float, float]] = {}

    def handle_rate(self, layer: Layer, bitrate_bps: float, now: float) -> None:
        """The mean since the last call; 0: the layer is silent, its last rate is kept for when it is resumed."""
        if bitrate_bps <= 0:
            return
        known, heard_s = self._rates.get(layer, (bitrate_bps, now))
        # A layer that comes back is another picture: what it was before says little.
        weight = _WEIGHT if now - heard_s < _SILENT_S else 1.0
        self._rates[layer] = known + weight * (bitrate_bps - known), now

    def active(self, now: float) -> frozenset[Layer]:
        """The layers that the source sends now."""
        return frozenset(layer for layer, (_, heard_s) in self._rates.items() if now - heard_s < _SILENT_S)

    def rates_bps(self) -> Mapping[Layer, int]:
        """All that were ever heard."""
        return {layer: int(rate) for layer, (rate, _) in self._rates.items()}


def ladder(rates_bps: Mapping[Layer, int], content: Content) -> list[tuple[Layer, int]]:
    """(Layer, rate) from least to best; each step costs more than the one before it, whatever was measured.

    A better layer that costs no more takes the place of the worse ones.
    """
    steps: list[tuple[Layer, int]] = []
    for layer in sorted(rates_bps):
        if content is Content.MOTION and _is_halting(layer, rates_bps):
            continue
        rate_bps = rates_bps[layer]
        while steps and steps[-1][1] >= rate_bps:
            steps.pop()
        steps.append((layer, rate_bps))
    return steps


def _is_halting(layer: Layer, rates_bps: Mapping[Layer, int]) -> bool:
    """A large picture at a quarter of its frames or less, where there is a smaller one."""
    top = max(other.temporal for other in rates_bps if other.spatial == layer.spatial)
    smallest = min(other.spatial for other in rates_bps)
    return layer.spatial > smallest and layer.temporal < top - 1

"""Which simulcast or SVC layer a slot forwards.

Three things, each small: how fast every layer of a source runs (`LayerRates`), in which order layers are preferred for what
is shown (`ladder`), and the way from the layer that is forwarded to the one that is wanted (`LayerSelection`).

A switch that needs a keyframe waits for it, and meanwhile asks. Simulcast encodings are independent of each other, so every
change between them needs one; in SVC only the way up does. Temporal layers come and go at once.
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


class Change(NamedTuple):
    """What the packet path is to do."""

    forward: Layer | None
    """From now on; None: nothing."""
    await_keyframe_of: int | None
    """Spatial layer whose keyframe to ask for, and to switch at."""


class LayerSelection:
    """given: whether the source is simulcast. owned: the layer that is forwarded, the one that is wanted."""

    def __init__(self, *, simulcast: bool) -> None:
        self.forwarded: Layer | None = None
        self.wanted: Layer | None = None
        self._simulcast = simulcast

    def want(self, layer: Layer | None) -> Change:
        """Go there."""
        self.wanted = layer
        if layer is None:
            self.forwarded = None
        elif self.forwarded is not None and not self._needs_keyframe(self.forwarded, layer):
            self.forwarded = layer
        elif self.forwarded is not None and layer < self.forwarded:
            # Until the keyframe of the smaller picture comes, the larger one is at least thinned out.
            self.forwarded = Layer(self.forwarded.spatial, 0)
        return self.change()

    def handle_keyframe(self, spatial: int) -> Change:
        """A keyframe of a spatial layer begins: switch, if it is the wanted one or a step towards it."""
        wanted = self.wanted
        if wanted is not None and self._is_step(spatial, wanted):
            self.forwarded = Layer(spatial, wanted.temporal)
        return self.change()

    def change(self) -> Change:
        """What holds now."""
        wanted, forwarded = self.wanted, self.forwarded
        missing = wanted is not None and (forwarded is None or self._needs_keyframe(forwarded, wanted))
        return Change(forwarded, wanted.spatial if wanted is not None and missing else None)

    def _needs_keyframe(self, forwarded: Layer, wanted: Layer) -> bool:
        if self._simulcast:
            return wanted.spatial != forwarded.spatial
        return wanted.spatial > forwarded.spatial

    def _is_step(self, spatial: int, wanted: Layer) -> bool:
        """Never beyond what is wanted, and never away from it."""
        if spatial == wanted.spatial:
            return True
        return (
            self._simulcast
            and spatial < wanted.spatial
            and (self.forwarded is None or spatial > self.forwarded.spatial)
        )

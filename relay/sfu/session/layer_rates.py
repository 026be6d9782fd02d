"""How fast the layers of each source run, measured when somebody asks, and once for all who ask."""

from typing import Final

from relay.sfu.media.layers import Layer, LayerRates
from relay.sfu.ports import Forwarder

_INTERVAL_S: Final = 0.25


class _Meter:
    """Of one source. owned: totals at the last reading, and the rates."""

    def __init__(self) -> None:
        self.rates = LayerRates()
        self.read_s = float("-inf")
        self._totals: dict[Layer, int] = {}

    def handle_totals(self, totals: dict[Layer, int], now: float) -> None:
        elapsed_s, self.read_s = now - self.read_s, now
        before, self._totals = self._totals, totals
        for layer, size_bytes in totals.items():
            if layer in before:
                self.rates.handle_rate(layer, (size_bytes - before[layer]) * 8 / elapsed_s, now)


class SourceRates:
    """By track handle. given: the packet path. owned: a meter for each source that somebody receives."""

    def __init__(self, forwarder: Forwarder) -> None:
        self._forwarder = forwarder
        self._meters: dict[int, _Meter] = {}

    def of(self, track: int, now: float) -> LayerRates:
        """Empty until two readings are done. `KeyError` for a track that is gone."""
        meter = self._meters.setdefault(track, _Meter())
        if now - meter.read_s >= _INTERVAL_S:
            rows = self._forwarder.layer_rates(track)
            meter.handle_totals({Layer(spatial, temporal): total for spatial, temporal, total in rows}, now)
        return meter.rates

    def sending_bps(self, track: int, now: float, *, simulcast: bool) -> int:
        """All that the source sends, if it was measured lately; the layers of SVC are in the rate of the best."""
        meter = self._meters.get(track)
        if meter is None:
            return 0
        active = meter.rates.active(now)
        best = {layer.spatial: rate for layer, rate in sorted(meter.rates.rates_bps().items()) if layer in active}
        return sum(best.values()) if simulcast else max(best.values(), default=0)

    def forget(self, track: int) -> None:
        """The source is gone."""
        self._meters.pop(track, None)

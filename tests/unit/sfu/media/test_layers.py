from relay.sfu.media.layers import Content, Layer, LayerRates, ladder

RATES = {
    Layer(0, 0): 80_000,
    Layer(0, 1): 110_000,
    Layer(0, 2): 150_000,
    Layer(1, 0): 300_000,
    Layer(1, 1): 400_000,
    Layer(1, 2): 500_000,
    Layer(2, 0): 900_000,
    Layer(2, 1): 1_200_000,
    Layer(2, 2): 1_500_000,
}


def test_a_face_is_never_large_and_halting() -> None:
    assert [layer for layer, _ in ladder(RATES, Content.MOTION)] == [
        Layer(0, 0),
        Layer(0, 1),
        Layer(0, 2),
        Layer(1, 1),
        Layer(1, 2),
        Layer(2, 1),
        Layer(2, 2),
    ]


def test_text_is_sharp_before_it_is_fluent() -> None:
    assert [layer for layer, _ in ladder(RATES, Content.DETAIL)] == sorted(RATES)


def test_a_better_layer_that_costs_no_more_replaces_the_worse() -> None:
    """A static screen: the full picture is as cheap as the small one."""
    static = {Layer(0, 0): 50_000, Layer(1, 0): 60_000, Layer(2, 0): 45_000}
    assert ladder(static, Content.DETAIL) == [(Layer(2, 0), 45_000)]


def test_rates_are_smoothed_kept_and_started_afresh() -> None:
    rates = LayerRates()
    layer = Layer(0, 0)
    rates.handle_rate(layer, 100_000, 0.0)
    rates.handle_rate(layer, 200_000, 0.5)
    assert rates.rates_bps() == {layer: 130_000}
    rates.handle_rate(layer, 0, 1.0)
    assert rates.active(2.4) == {layer}
    assert rates.active(2.6) == frozenset()
    assert rates.rates_bps() == {layer: 130_000}
    rates.handle_rate(layer, 300_000, 9.0)
    assert rates.rates_bps() == {layer: 300_000}

"""Metrics as people read them."""

import pytest

from loadtest.report.figures import grouped, quantile_rows, shown

METRICS = {
    "latency_p50_ms": 1.25,
    "latency_p99_ms": 1234.0,
    "tool_lateness_p99_ms": 2.0,
    "calls_connected": 3,
    "loss_share": 0.0123,
    "something": 1.0,
}


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("loss_share", 0.0002081, "0.02081 %"),
        ("loss_share", 0.0, "0 %"),
        ("relay_cpu_share", 0.5, "0.5 cores"),
        ("machine_cpu_share", 0.5, "50 %"),
        ("relay_cpu_us_per_packet", 65.07, "65.1 µs a packet"),
        ("received_pps", 123456.7, "123,457 packets/s"),
        ("storm_set_ups_per_core_s", 100.0, "100 a second and core"),
        ("calls_connected", 12, "12"),
    ],
)
def test_a_value_has_its_unit(name: str, value: float, text: str) -> None:
    assert shown(name, value) == text


def test_quantiles_of_one_quantity_share_a_row() -> None:
    assert quantile_rows(METRICS) == (("latency", "1.25", "", "1,234", "", ""),)


def test_everything_else_is_in_one_group() -> None:
    groups = grouped(METRICS)
    assert groups == {
        "Calls": (("calls_connected", "3"),),
        "Delivery": (("loss_share", "1.23 %"),),
        "The tool itself": (("tool_lateness_p99_ms", "2 ms"),),
        "Others": (("something", "1"),),
    }

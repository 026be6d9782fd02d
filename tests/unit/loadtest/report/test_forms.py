"""One report in four forms."""

import csv
import io
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from loadtest.report import Curve, Plot, Report, Table, from_json, to_csv, to_html, to_json, to_junit, to_svg_page
from loadtest.report.svg import to_svg
from relay.errors import Malformed

REPORT = Report(
    title="A <hall>",
    command="loadtest run hall --fail-if 'a>1'",
    started="2025-06-18T09:00:00+08:00",
    metrics={"latency_p99_ms": 1.25, "calls_connected": 12},
    verdicts=(("latency_p99_ms>1: 1.25", True), ("loss_share>0.1: 0", False)),
    warnings=("the tool was late",),
    machine={"cores": "2"},
    tables=(Table("Calls", ("kind", "count"), (("consult & guide", "3"),)),),
    plots=(
        Plot("Latency", "ms", "share", (Curve("audio", ((0.1, 0.5), (12.0, 1.0))),), "log"),
        Plot("Empty", "s", "bit/s", ()),
    ),
    timeline=({"t_s": 0, "rate_bps": 1e6}, {"t_s": 1, "loss": 0.25}),
)


class _Tags(HTMLParser):
    """Counts what is opened and checks that it is closed."""

    VOID = frozenset({"meta", "line"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.attributes += attrs
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_json_comes_back_as_it_was() -> None:
    assert from_json(to_json(REPORT)) == REPORT


@pytest.mark.parametrize("text", ["", "{}", '{"title": 1}', "[1]"])
def test_what_is_no_report_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        from_json(text)


def test_csv_has_a_column_for_every_quantity() -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(REPORT))))
    assert rows == [{"t_s": "0", "rate_bps": "1e+06", "loss": ""}, {"t_s": "1", "rate_bps": "", "loss": "0.25"}]


def test_junit_has_a_case_for_the_run_and_for_every_verdict() -> None:
    suite = ElementTree.fromstring(to_junit(REPORT))
    assert (suite.get("tests"), suite.get("failures")) == ("3", "1")
    assert [case.find("failure") is not None for case in suite.findall("testcase")] == [False, True, False]


def test_junit_fails_a_run_that_was_not_completed() -> None:
    suite = ElementTree.fromstring(to_junit(replace(REPORT, verdicts=(), incomplete="The relay died.", ending="died")))
    assert suite.get("failures") == "1"
    assert [failure.get("message") for failure in suite.iter("failure")] == ["The relay died."]


def test_the_page_is_whole_closed_and_loads_nothing() -> None:
    page = to_html(REPORT)
    tags = _Tags()
    tags.feed(page)
    assert tags.open == []
    assert tags.seen.count("svg") == 1
    assert not [name for name, _ in tags.attributes if name in ("src", "href")]
    assert "A &lt;hall&gt;" in page
    assert "the tool was late" in page
    assert "Empty: nothing was measured" in page


def test_a_plot_stays_inside_its_frame() -> None:
    plot = Plot("x", "s", "y", (Curve("a", ((0, 0), (5, 3.7e6), (9, 1))), Curve("flat", ((0, 1), (9, 1)))))
    svg = ElementTree.fromstring(to_svg(plot))
    numbers = [
        float(n) for path in svg.iter("path") for n in path.get("d", "").replace("M", "").replace("L", "").split()
    ]
    assert len(numbers) == 10
    assert all(0 <= x <= 720 for x in numbers[::2])
    assert all(0 <= y <= 300 for y in numbers[1::2])


def test_a_plot_of_one_value_can_be_drawn() -> None:
    assert "<path" in to_svg(Plot("x", "s", "y", (Curve("a", ((1, 0),)),)))
    assert "<path" in to_svg(Plot("x", "s", "y", (Curve("a", ((0, 1), (0, 1))),), "log"))


def test_single_measurements_are_dots() -> None:
    svg = to_svg(Plot("x", "calls", "ms", (Curve("measured", ((5, 1), (10, 2)), dots=True),), from_zero=False))
    assert svg.count("<circle") == 3, "two values and the legend"
    assert "<path" not in svg


def test_the_plots_of_a_report_make_one_document() -> None:
    page = ElementTree.fromstring(to_svg_page(REPORT))
    assert page.get("height") == str(84 + 360), "the empty plot is left out"
    assert "A <hall>" in "".join(page.itertext())


def test_marks_are_drawn_where_they_lie_within_the_axis() -> None:
    curve = Curve("p99", ((1.0, 5.0), (9.0, 7.0)))
    drawn = to_svg(Plot("Latency", "s", "ms", (curve,), marks=((4.0, "power <cut>"), (12.0, "too late"))))
    assert "power &lt;cut&gt;" in drawn
    assert "too late" not in drawn

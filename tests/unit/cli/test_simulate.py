import json
import math

import pytest
import typer
from typer.testing import CliRunner

from relay.cli.simulate import register
from relay.cli.simulate_plot import curve
from relay.scheduler.simulate import Point

HALL = """
title = "A hall <&>"
hours = 1
departments = [{ code = "hrss", share = 1 }]
places = [{ regions = ["330106"], calls_per_hour = 60 }]
seats = [{ name = "g", count = 6, skills = { hrss = 5 }, sites = ["330100"] }]
"""


@pytest.fixture
def run(tmp_path):
    app = typer.Typer()
    app.callback()(lambda: None)
    register(app)
    scenario = tmp_path / "hall.toml"
    scenario.write_text(HALL)
    return lambda *words: CliRunner().invoke(app, ["simulate", str(scenario), *words], env={"COLUMNS": "160"})


def test_prints_tables(run):
    result = run()
    assert result.exit_code == 0
    for words in (
        "A hall <&>",
        "answered within 15 s, of offered",
        "By class",
        "By region",
        "By department",
        "x real time",
    ):
        assert words in result.output


def test_what_ifs_stand_beside_the_scenario_as_it_is(run):
    words = ("--seats", "+50%", "--skill", "g:tax=3", "--calls", "+10%", "--set", "scheduler.ring_timeout_ms=9000")
    output = run(*words).output
    assert "as it is" in output
    results = json.loads(run(*words, "--json").stdout)
    assert [result["seats"] for result in results.values()] == [6, 9]


def test_json_of_one_run_is_one_object_and_the_seed_decides(run):
    first, again, other = (json.loads(run("--json", "--seed", seed).stdout) for seed in ("7", "7", "8"))
    assert first["seed"] == "7"
    assert first == again
    assert first["total"] != other["total"]


def test_plots_are_pictures_or_pages_that_need_nothing_else(run, tmp_path):
    picture, page = tmp_path / "plot.png", tmp_path / "plot.html"
    assert run("--plot", str(picture)).exit_code == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert run("--plot", str(page), "--seats", "-2").exit_code == 0
    content = page.read_text("utf-8")
    assert "<title>A hall &lt;&amp;&gt;</title>" in content
    assert "<&>" not in content
    for words in ("<svg", "<th>as it is</th><th>seats -2</th>", "By department", "Monday, 02 March 2026, from 08:30"):
        assert words in content
    assert "<script" not in content
    assert "src=" not in content


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--seats", "many"), "a change is like"),
        (("--set", "hours=-1"), "hours must be positive"),
        (("--plot", "x.pdf"), "not x.pdf"),
        (("--skill", "nobody:tax=1"), "no seat group"),
    ],
)
def test_mistakes_are_explained(run, words, message):
    result = run(*words)
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())


def test_a_missing_file_is_named(run):
    app = typer.Typer()
    app.callback()(lambda: None)
    register(app)
    result = CliRunner().invoke(app, ["simulate", "nowhere.toml"])
    assert result.exit_code == 2
    assert "nowhere.toml" in result.output


def test_a_curve_is_a_moving_hour_that_leaves_out_what_few_calls_say():
    points = [Point(minute, "urgent", 2, wait_s, 1.0) for minute, wait_s in ((0.0, 10.0), (15.0, 20.0), (30.0, 60.0))]
    points.append(Point(120.0, "urgent", 4, 500.0, 0.0))
    minutes, heights = curve(points, waits=True)
    assert minutes == [0.0, 15.0, 30.0, 120.0]
    assert heights[:3] == [30.0, 30.0, 30.0]
    assert math.isnan(heights[3])
    assert curve(points, waits=False)[1][0] == 100.0

import json

import pytest
import typer
from typer.testing import CliRunner

from relay.cli.forecast import paid_seats, register


@pytest.fixture
def run():
    app = typer.Typer()
    app.callback()(lambda: None)
    register(app)
    return lambda *words: CliRunner().invoke(app, ["forecast", *words])


def test_one_province_needs_511_seats(run):
    result = run("--calls", "3000", "--handle", "600", "--share", "80", "--within", "60")
    assert result.exit_code == 0
    assert "511 seats for one pool of 500.0 erlangs" in result.output


def test_a_hundred_counties_need_800(run):
    words = ("--calls", "3000", "--handle", "600", "--share", "80", "--within", "60", "--split", "100", "--json")
    answer = json.loads(run(*words).output)
    assert (answer["pools"], answer["seats_in_all"], answer["performance"]["seats"]) == (100, 800, 8)


def test_a_given_number_of_seats_is_judged(run):
    answer = json.loads(run("--calls", "10", "--handle", "3600", "--patience", "7200", "--seats", "8", "--json").output)
    assert answer["performance"]["abandonment"] == pytest.approx(0.227218, abs=1e-6)


def test_shrinkage_rounds_up(run):
    assert [paid_seats(seats, 30.0) for seats in (0, 7, 70, 71)] == [0, 10, 100, 102]
    assert "in all" in run("--calls", "60", "--shrinkage", "30").output


@pytest.mark.parametrize("words", [("--calls", "5", "--handle", "0"), ("--calls", "5", "--max-occupancy", "0")])
def test_senseless_numbers_are_explained(run, words):
    result = run(*words)
    assert result.exit_code == 2
    assert "Invalid value" in result.output

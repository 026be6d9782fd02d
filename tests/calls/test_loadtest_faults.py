"""What the load test says when it cannot do what it was asked: one clear line, an exit code, and what was measured until then."""

import asyncio
import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from loadtest.cli import main
from loadtest.drive.participants import Kiosk
from loadtest.options import Outputs
from loadtest.report import Report, from_json
from tests.support.small_media import use_small_clips

pytestmark = pytest.mark.calls
SCENARIO = """
title = "x"
[kiosks]
count = 1
sources = ["microphone"]
[seats]
count = 1
sources = ["microphone"]
"""


class Done(NamedTuple):
    code: int | str
    out: str
    err: str


Typed = Callable[..., Done]


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typed:
    """Type a command line in a folder of its own, with small clips."""
    use_small_clips(monkeypatch)
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["loadtest", *words])
        with pytest.raises(SystemExit) as left:
            main()
        captured = capsys.readouterr()
        return Done(left.value.code or 0, captured.out, captured.err)

    return run


@pytest.fixture
def amid_calls(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Kiosk], object]], None]:
    """Do something once, when calls have been in conversation for a while."""

    def arrange(action: Callable[[Kiosk], object]) -> None:
        real, done = Kiosk._converse, []

        async def converse(self: Kiosk, call: str, holding_s: float) -> None:
            if not done:
                done.append(asyncio.get_running_loop().call_later(1.2, action, self))
            await real(self, call, holding_s)

        monkeypatch.setattr(Kiosk, "_converse", converse)

    return arrange


def written(folder: Path) -> Report:
    return from_json((folder / "x.json").read_bytes())


CALL = ("call", "--calls", "2", "--sources", "microphone", "--for", "60", "--quiet", "--json", "x.json")


def test_a_relay_that_dies_midway_leaves_a_partial_report(
    typed: Typed, amid_calls: Callable[..., None], tmp_path: Path
) -> None:
    amid_calls(lambda kiosk: os.kill(kiosk.stage.server.pid, signal.SIGKILL))
    done = typed(*CALL)
    assert done.code == 3
    assert "ended early" in done.out
    assert "no relay answers" in done.out
    report = written(tmp_path)
    assert report.metrics["calls_connected"] == 2
    assert report.metrics["packets_received"] > 0
    assert report.timeline


def test_ctrl_c_ends_a_run_with_a_report(typed: Typed, amid_calls: Callable[..., None], tmp_path: Path) -> None:
    amid_calls(lambda _kiosk: os.kill(os.getpid(), signal.SIGINT))
    done = typed(*CALL)
    assert done.code == 3
    assert "interrupted" in done.out
    report = written(tmp_path)
    assert report.metrics["calls_connected"] == 2
    assert report.metrics["errors"] == 0, "everybody left in order"


def test_a_relay_that_is_full_takes_some_and_the_others_are_named(typed: Typed, tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text("[sfu]\nmax_peers = 3\n", "utf-8")
    words = ("--relay-settings", "small.toml", "--sources", "microphone", "--for", "4", "--quiet", "--json", "x.json")
    done = typed("call", "--calls", "2", *words)
    assert done.code == 3
    assert "Only 3 of 4 participants could log in" in " ".join(done.out.split())
    report = written(tmp_path)
    assert "What went wrong" in [table.title for table in report.tables]
    assert report.metrics["errors"] >= 1


CAPACITY = (
    "capacity",
    "x.toml",
    "--start",
    "1",
    "--for",
    "3",
    "--budget",
    "loss_share>1",
    "--quiet",
    "--json",
    "x.json",
)


def test_a_full_relay_ends_the_search_for_its_capacity(typed: Typed, tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(SCENARIO, "utf-8")
    (tmp_path / "small.toml").write_text("[sfu]\nmax_peers = 3\n", "utf-8")
    done = typed(*CAPACITY, "--relay-settings", "small.toml", "--junit", "x.xml")
    assert done.code == 3
    said = " ".join(done.out.split())
    assert "the relay is full. Only 3 of 4 participants could log in" in said
    assert "The capacity is at least 1 and below 2." in said
    report = written(tmp_path)
    assert (report.metrics["capacity_calls"], report.ending) == (1, "full")
    # A load that fails is tried twice, and on a busy machine one that passes may have failed once.
    assert list(dict.fromkeys(row[0] for row in report.tables[0].rows)) == ["1", "2"]
    assert "the relay is full" in (tmp_path / "x.xml").read_text("utf-8")


def test_a_relay_that_dies_ends_the_search_for_its_capacity(
    typed: Typed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real = Kiosk._converse

    async def converse(self: Kiosk, call: str, holding_s: float) -> None:
        if len(self.stage.scenario.title.split("2 calls")) > 1:
            asyncio.get_running_loop().call_later(1.0, _kill, self.stage.server.pid)
        await real(self, call, holding_s)

    monkeypatch.setattr(Kiosk, "_converse", converse)
    (tmp_path / "x.toml").write_text(SCENARIO, "utf-8")
    done = typed(*CAPACITY)
    assert done.code == 3
    said = " ".join(done.out.split())
    assert "with 2 calls, the run ended early: no relay answers" in said
    assert "The capacity is at least 1." in said
    assert written(tmp_path).ending == "died"


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def test_a_relay_that_does_not_start_is_quoted(typed: Typed, tmp_path: Path) -> None:
    (tmp_path / "wrong.toml").write_text("[sfu]\nmax_pears = 3\n", "utf-8")
    done = typed("call", "--relay-settings", "wrong.toml", "--quiet")
    assert done.code == 2
    assert "did not start" in done.err
    assert "max_pears" in done.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title = [", "no TOML"),
        ("\xff".encode("latin-1"), "utf-8"),
        (SCENARIO + "speed = 3\n", "unknown field 'speed'"),
        ("duration_s = 'long'\n" + SCENARIO, "duration_s"),
        (SCENARIO.replace("count = 1", "count = -1"), "1 to"),
        ("warm_up_s = 90\n" + SCENARIO, "warm_up_s"),
        ("engines = 0\n" + SCENARIO, "engines"),
        ("answer_s = { mean = -1 }\n" + SCENARIO, "mean"),
        (SCENARIO + "network = 5\n", "network"),
        (SCENARIO + "network = { uplink = 3 }\n", "uplink"),
        (SCENARIO + "network = { uplink = { loss = 7 } }\n", "from 0 to 1"),
        (SCENARIO + "network = { trace = 'no.csv' }\n", "no trace"),
        (SCENARIO + "network = { trace = 'broken.csv' }\n", "no number (at 3)"),
        (SCENARIO + "network = { trace = 'short.csv' }\n", "first line must be"),
        ("kiosks = 5\n", "no table"),
        ("title = 'x'\n", "either [kiosks] and [seats]"),
    ],
)
def test_a_broken_scenario_or_recording_is_said_in_one_line(
    typed: Typed, tmp_path: Path, text: str | bytes, said: str
) -> None:
    (tmp_path / "x.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    (tmp_path / "broken.csv").write_text("t_s,up_kbps,down_kbps,rtt_ms,loss\n0,1,1,1,0\n1,fast,1,1,0\n", "utf-8")
    (tmp_path / "short.csv").write_text("time,rate\n0,1\n", "utf-8")
    done = typed("run", "x.toml")
    assert done.code == 2
    assert said in done.err
    assert done.err.count("\n") <= 2
    assert "Traceback" not in done.err


def test_too_few_file_descriptors_name_the_command_that_helps(tmp_path: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (128, 128))

    command = [sys.executable, "-m", "loadtest", "call", "--calls", "50"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, preexec_fn=limit)
    assert done.returncode == 2
    assert "ulimit -n" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_tool_that_was_too_slow_fails_the_run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    import typer
    from rich.console import Console

    from loadtest.measure.tally import slowness
    from loadtest.report import to_json

    slow = slowness({"tool_lateness_p99_ms": 120.0})
    report = Report("x", "", "", {"latency_p50_ms": 1.0}, incomplete=slow)
    with pytest.raises(typer.Exit) as left:
        Outputs(None, {to_json: tmp_path / "x.json"}).deliver(report, Console(width=200))
    assert left.value.exit_code == 3
    assert "slower than asked" in capsys.readouterr().out
    assert json.loads((tmp_path / "x.json").read_text("utf-8"))["incomplete"] == slow
    assert slowness({"tool_lateness_p99_ms": 3.0, "packets_received": 1e6, "tool_overflow_packets": 10}) == ""
    assert "lost in its own sockets" in slowness({"packets_received": 1000, "tool_overflow_packets": 10})

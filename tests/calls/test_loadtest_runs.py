"""The load test against a whole relay as a process of its own: what it finds, and what it says when things go wrong."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from rich.console import Console

from loadtest.cli import main
from loadtest.drive.broadcast import broadcast
from loadtest.drive.capacity import Search, capacity
from loadtest.drive.run import Target, execute
from loadtest.drive.server import own_relay
from loadtest.scenario import Arrivals, Broadcast, CallType, Duration, Incident, Party, Scenario
from loadtest.thresholds import parse_threshold
from relay.errors import Unauthorised, Unavailable
from relay.server.facade import JOURNAL_FILE
from tests.support.small_media import use_small_clips

pytestmark = pytest.mark.calls
CONSOLE = Console(quiet=True)
BOTH = ("microphone", "camera")


class Done(NamedTuple):
    code: int | str
    out: str
    err: str


@pytest.fixture(autouse=True)
def small_clips(monkeypatch: pytest.MonkeyPatch) -> None:
    use_small_clips(monkeypatch)


def scenario(**changes: object) -> Scenario:
    """Two calls at once, for three seconds."""
    given: dict[str, object] = {
        "duration_s": 4.0,
        "kiosks": Party(2, BOTH),
        "seats": Party(2, BOTH),
        "answer_s": Duration(0.1),
        "wrap_up_s": Duration(0.1),
        "arrivals": Arrivals("burst", calls=2),
        "calls": (CallType(holding_s=Duration(2.5)),),
    }
    return Scenario("Two calls", **{**given, **changes})  # type: ignore[arg-type]


async def test_calls_are_made_measured_and_reported() -> None:
    report = await execute(scenario(), Target(), "loadtest call", CONSOLE, quiet=True)
    found = report.metrics
    assert (found["calls_connected"], found["calls_completed"], found["errors"]) == (2, 2, 0)
    assert found["set_ups"] == 4
    assert found["streams_received"] == 8
    assert found["frames_complete_share"] > 0.9
    for name in ("first_frame_p50_ms", "pick_up_p50_ms", "wait_p50_ms", "latency_p50_ms", "residence_p99_ms"):
        assert found[name] > 0
    for name in ("relay_cpu_us_per_packet", "relay_memory_mb"):
        assert found[name] > 0
    assert len(report.timeline) >= 3
    assert {plot.title for plot in report.plots} >= {"Rate", "Latency of all packets"}


async def test_after_a_power_cut_everybody_comes_back() -> None:
    incidents = (Incident(at_s=1.0, what="power-cut", lasts_s=0.3), Incident(at_s=3.0, what="address-change"))
    report = await execute(scenario(incidents=incidents), Target(), "loadtest storm", CONSOLE, quiet=True)
    assert report.metrics["storm_set_ups"] == 2
    assert report.metrics["calls_cut"] == 2
    assert report.metrics["storm_set_ups_per_s"] > 0
    assert report.metrics["address_changes"] == 2


async def test_the_scheduler_is_driven_without_media() -> None:
    target = Target(settings="[server]\nmedia_required = false\n")
    parties = {"kiosks": Party(3, ()), "seats": Party(2, ())}
    chosen = scenario(
        **parties,
        calls=(CallType(holding_s=Duration(0.2)),),
        arrivals=Arrivals("steady", per_minute=120),
        duration_s=3.0,
    )
    report = await execute(chosen, target, "loadtest scheduler", CONSOLE, quiet=True, media=False)
    assert report.metrics["calls_completed"] >= 4
    assert "packets_received" not in report.metrics


async def test_one_to_many_runs_on_the_sfu_alone() -> None:
    chosen = Scenario("Broadcast", duration_s=2, broadcast=Broadcast(3))
    report = await broadcast(chosen, "loadtest run broadcast", CONSOLE, quiet=True)
    assert report.metrics["streams_received"] == 6
    assert report.metrics["relay_cpu_us_per_packet"] > 0


async def test_a_relay_that_dies_midway_ends_the_run_with_a_report() -> None:
    async with own_relay() as server:
        target = Target(url=server.url, secret=server._secret, key_id="loadtest", pid=server.pid)
        running = asyncio.create_task(execute(scenario(duration_s=60), target, "loadtest call", CONSOLE, quiet=True))
        while (await server.scrape()).total("relay_calls_in_progress") < 1 and not running.done():
            await asyncio.sleep(0.1)
        await asyncio.sleep(1.2)
        os.kill(server.pid, signal.SIGKILL)
        report = await running
    assert "ended early" in report.incomplete
    assert report.metrics["calls_connected"] >= 1


@pytest.mark.parametrize("chosen", [False, True])
async def test_the_own_relay_has_its_journal_on_disk(tmp_path: Path, chosen: bool) -> None:
    async with own_relay(f'data_dir = "{tmp_path}"\n' if chosen else "") as server:
        folder = tmp_path if chosen else _data_dir_of(server.pid)
        assert (folder / JOURNAL_FILE).is_file()


def _data_dir_of(pid: int) -> Path:
    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    return Path(words[words.index("--data-dir") + 1])


async def test_a_relay_that_refuses_or_is_not_there_is_named() -> None:
    async with own_relay() as server:
        with pytest.raises(Unauthorised):
            await execute(scenario(), Target(url=server.url, secret="x" * 32), "", CONSOLE, quiet=True)
        url = server.url
    with pytest.raises(Unavailable, match="no relay answers"):
        await execute(scenario(), Target(url=url, secret="x" * 32), "", CONSOLE, quiet=True)


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """Type a command line in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["loadtest", *words])
        with pytest.raises(SystemExit) as left:
            main()
        captured = capsys.readouterr()
        return Done(left.value.code or 0, captured.out, captured.err)

    return run


def test_the_command_line_judges_writes_and_leaves_with_a_code(typed: Callable[..., Done], tmp_path: Path) -> None:
    report = {"title": "x", "command": "", "started": "", "metrics": {"loss_share": 0.5}}
    (tmp_path / "report.json").write_text(json.dumps(report), "utf-8")
    bad = typed("report", "report.json", "--fail-if", "loss_share>0.1", "--html", "x.html", "--junit", "x.xml")
    assert bad.code == 1
    assert "loss_share>0.1: 0.5" in bad.out
    assert 'failures="1"' in (tmp_path / "x.xml").read_text("utf-8")
    assert "<svg" not in (tmp_path / "x.html").read_text("utf-8")
    assert typed("report", "report.json", "--fail-if", "loss_share>0.9").code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "nowhere"], "shipped are"),
        (["run", "hall", "--fail-if", "loss"], "no threshold"),
        (["run", "hall", "--html", "no/such/folder/x.html"], "no such folder"),
        (["run", "hall", "--network", "6g"], "no network"),
        (["run", "hall", "--relay", "http://127.0.0.1:1"], "--token-secret"),
        (["run", "hall", "--relay", "http://127.0.0.1:1", "--token-secret", "x" * 32], "no relay answers"),
        (["compare", "--peer", "zoom"], "no peer"),
        (["call", "--sources", "smell"], "no source"),
    ],
)
def test_what_cannot_run_is_said_in_one_line(typed: Callable[..., Done], words: list[str], said: str) -> None:
    done = typed(*words)
    assert done.code == 2
    assert said in done.err
    assert "Traceback" not in done.err


async def test_the_capacity_within_a_budget_is_searched_and_fitted() -> None:
    pairs = scenario(kiosks=Party(1, ("microphone",)), seats=Party(1, ("microphone",)))
    # Two streams a call: the limit is no matter of speed, and found on a busy machine too.
    search = Search(pairs, (parse_threshold("streams_received>4"),), start=1, most=8, seconds=1.0, within_s=600)
    report = await capacity(search, Target(), "loadtest capacity", CONSOLE, quiet=True)
    assert (report.metrics["capacity_calls"], report.metrics["failed_calls"]) == (2, 3)
    assert report.metrics["memory_mb_per_call"] > 0
    assert [row[0] for row in report.tables[0].rows] == ["1", "2", "3", "3", "4", "4"]
    assert "CPU of the relay's processes" in {plot.title for plot in report.plots}

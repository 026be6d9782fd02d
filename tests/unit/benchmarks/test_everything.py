"""The list of benchmarks: what is there, what it may take, and how its history is read."""

from pathlib import Path

import pytest

from benchmarks.everything import BENCHMARKS, ROOT, WHOLE_S, Benchmark, figures_of, hindrance, last_of, remember, run

MACHINE = {"processor": "A", "cores": "2", "memory": "4 GiB"}


@pytest.mark.parametrize("benchmark", BENCHMARKS, ids=lambda each: each.name)
def test_every_benchmark_exists_and_writes_what_is_kept(benchmark: Benchmark) -> None:
    script = benchmark.words[0]
    assert script == "-m" or (ROOT / script).is_file()
    assert benchmark.command[-4::2] == ["--json", "--plot"]
    assert benchmark.figures
    assert benchmark.limit_s < WHOLE_S


def test_names_are_unique() -> None:
    assert len({each.name for each in BENCHMARKS}) == len(BENCHMARKS)


def test_every_claim_has_its_command_in_the_readme() -> None:
    readme = (ROOT / "benchmarks" / "README.md").read_text("utf-8")
    for benchmark in BENCHMARKS:
        assert f"`{benchmark.name}`" in readme


def test_the_last_run_on_a_like_machine_is_found(tmp_path: Path) -> None:
    history = tmp_path / "history.jsonl"
    assert last_of("forwarding", MACHINE, history) == {}
    remember("forwarding", {"us_per_packet": 2.0}, MACHINE, history)
    remember("forwarding", {"us_per_packet": 1.5}, {**MACHINE, "memory": "8 GiB"}, history)
    remember("forwarding", {"us_per_packet": 9.0}, {**MACHINE, "processor": "B"}, history)
    remember("tool", {"packets_per_core_s": 1.0}, MACHINE, history)
    assert last_of("forwarding", MACHINE, history) == {"us_per_packet": 1.5}


def test_figures_are_read_from_a_benchmark_and_from_a_report() -> None:
    benchmark = Benchmark("x", ("x.py",), ("a", "b"))
    assert figures_of(benchmark, {"a": 1, "b": "text", "c": 3}) == {"a": 1}
    assert figures_of(benchmark, {"title": "x", "metrics": {"b": 2.5}}) == {"b": 2.5}


def test_comparisons_are_skipped_without_root_or_janus_and_nothing_else_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.everything.os.geteuid", lambda: 1000)
    skipped = {each.name: hindrance(each) for each in BENCHMARKS if hindrance(each)}
    assert set(skipped) == {each.name for each in BENCHMARKS if each.name.startswith("janus")}
    assert "root" in skipped["janus-10"]
    monkeypatch.setattr("benchmarks.everything.os.geteuid", lambda: 0)
    monkeypatch.setattr("benchmarks.everything.shutil.which", lambda _name: None)
    assert "apt-get install" in hindrance(BENCHMARKS[-1])


def test_a_benchmark_that_takes_too_long_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.everything.RESULTS", tmp_path)
    assert run(Benchmark("x", ("-c", "import time; time.sleep(60)"), ("a",)), 0.05) == "not over in 0 s"
    assert run(Benchmark("x", ("-c", "raise SystemExit(3)"), ("a",)), 30) == "exit code 3"

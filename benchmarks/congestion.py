"""Congestion control over every recorded network, in virtual time: a table, a JSON file, and a plot of three of them.

    python benchmarks/congestion.py                          all recordings, audio and two pictures that use up to 6 Mbit/s
    python benchmarks/congestion.py --seconds 30             the beginning of each
    python benchmarks/congestion.py --demand 20e6            4K
    python benchmarks/congestion.py --feedback-ms 100        a receiver that answers less often
    python benchmarks/congestion.py --only fade              names that contain a word

Nothing depends on the machine's speed: two runs print the same. `*` marks recordings on which constants were chosen.
"""

import argparse
import os
import statistics
import sys
from dataclasses import asdict
from functools import partial
from multiprocessing import Pool
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.compare import RESULTS, keep  # noqa: E402
from tests.support.trace_calls import TUNED, Verdict, judge, recordings  # noqa: E402

PLOTTED = ("verizon_cell_driving_fade_C up", "tmobile_umts_driving_C down", "alphartc_5g_A up")
LEAST_USE, MOST_QUEUE_MS, MOST_FROZEN = 0.85, 60.0, 0.01
MARK = {True: " ", False: "!"}


def main() -> None:
    arguments = _arguments()
    folder = Path(os.environ.get("RELAY_SHARED") or ROOT.parent / "shared") / "traces"
    found = [each for each in recordings(folder) if arguments.only in each.name]
    if not found:
        sys.exit(f"no recordings under {folder} (set RELAY_SHARED to the shared folder)")
    work = partial(
        judge, demand_bps=arguments.demand, seconds=arguments.seconds, feedback_s=arguments.feedback_ms / 1000
    )
    verdicts = []
    _print_head()
    with Pool(arguments.jobs) as pool:
        for verdict in pool.imap(work, found):
            _print_row(verdict)
            verdicts.append(verdict)
    _print_sum(verdicts)
    rows = [{**asdict(each), "series": None, "tuned": each.name in TUNED} for each in verdicts]
    given = {"demand_bps": arguments.demand, "feedback_ms": arguments.feedback_ms, "seconds": arguments.seconds}
    keep("congestion", {**given, **_headline(verdicts), "recordings": rows}, arguments.json)
    _plot([each for each in verdicts if each.name in PLOTTED], arguments.plot)


def _headline(verdicts: list[Verdict]) -> dict[str, float]:
    return {
        "utilisation_median": statistics.median(each.utilisation for each in verdicts),
        "queue_p95_median_ms": statistics.median(each.queue_p95_ms for each in verdicts),
        "frozen_median": statistics.median(each.frozen for each in verdicts),
        "within_all_aims": sum(all(_passes(each)) for each in verdicts),
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--demand", type=float, default=6e6, help="bit/s that the media can use")
    parser.add_argument("--seconds", type=float, help="of each recording")
    parser.add_argument("--feedback-ms", type=float, default=50.0)
    parser.add_argument("--only", default="", help="part of a name")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", type=Path, default=RESULTS / "congestion.json", metavar="FILE")
    parser.add_argument("--plot", type=Path, default=RESULTS / "congestion.png", metavar="FILE")
    return parser.parse_args()


def _print_head() -> None:
    print(
        f"{'recording':34} {'use':>7} {'queue p95, ms':>15} {'frozen':>8} {'loss':>7} {'padding':>8} {'pacer p95':>10}"
    )
    print(f"{'':34} {'':>7} {'all / >300k':>15}")


def _print_row(each: Verdict) -> None:
    name = each.name + (" *" if each.name in TUNED else "")
    use, queue, frozen = _passes(each)
    print(
        f"{name:34} {each.utilisation:6.1%}{MARK[use]} {each.queue_p95_ms:6.0f} /{each.usable_queue_p95_ms:6.0f}{MARK[queue]} "
        f"{each.frozen:7.2%}{MARK[frozen]} {each.loss:6.2%} {each.padding:8.2%} {each.sender_p95_ms:7.0f} ms",
        flush=True,
    )


def _passes(each: Verdict) -> tuple[bool, bool, bool]:
    return each.utilisation >= LEAST_USE, each.usable_queue_p95_ms <= MOST_QUEUE_MS, each.frozen <= MOST_FROZEN


def _print_sum(verdicts: list[Verdict]) -> None:
    for family in ("rate", "path"):
        for tuned in (True, False):
            some = [each for each in verdicts if each.family == family and (each.name in TUNED) is tuned]
            if some:
                counts = [sum(column) for column in zip(*map(_passes, some), strict=True)]
                whole = sum(each.queue_p95_ms <= MOST_QUEUE_MS for each in some)
                print(
                    f"{family}, {'used' if tuned else 'not used'} for tuning: of {len(some)}, use is at least {LEAST_USE:.0%} in "
                    f"{counts[0]}, queue at most {MOST_QUEUE_MS:.0f} ms in {counts[1]} (over the whole time in {whole}), "
                    f"frozen at most {MOST_FROZEN:.0%} in {counts[2]}"
                )


def _plot(verdicts: list[Verdict], path: Path) -> None:
    if not verdicts:
        return
    import matplotlib  # noqa: PLC0415  an extra; the table does not need it

    matplotlib.use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415

    figure, axes = pyplot.subplots(len(verdicts), 1, figsize=(12, 3.2 * len(verdicts)), squeeze=False)
    for axis, each in zip(axes[:, 0], verdicts, strict=True):
        seconds, capacity, estimate, target = zip(*each.series, strict=True)
        axis.fill_between(
            seconds, [min(bps, 8000) for bps in capacity], color="#d0d7de", step="post", label="link (cut at 8 Mbit/s)"
        )
        axis.plot(seconds, estimate, color="#0969da", linewidth=0.9, label="estimate")
        axis.plot(seconds, target, color="#cf222e", linewidth=0.5, alpha=0.7, label="target")
        axis.set(title=each.name, ylabel="kbit/s", ylim=(0, 8000), xlim=(0, each.seconds))
    axes[0, 0].legend(loc="upper right")
    axes[-1, 0].set_xlabel("s")
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    print(f"plot: {path}")


if __name__ == "__main__":
    main()

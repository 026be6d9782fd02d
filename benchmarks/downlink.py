"""The real downlink over every recorded network: packet path, estimator, budget, pacer and probes, in virtual time.

    python benchmarks/downlink.py                     every recording that binds, 40 s each, both kinds of sender
    python benchmarks/downlink.py --only fade         names that contain a word
    python benchmarks/downlink.py --seconds 120

Two kinds of sender. `follows`: one camera that uses up to 2.5 Mbit/s and keeps to what the relay tells it, as browsers do. `fixed`:
a document of 300 kbit/s and a camera in three encodings (150, 600 and 1,800 kbit/s) whose sender takes no advice, so that the relay can
only choose. Nothing depends on the machine's speed. `*` marks recordings that were looked at while constants were chosen.
"""

import argparse
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from multiprocessing import Pool
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.compare import RESULTS, keep  # noqa: E402
from loadtest.impair import Conditions, Link  # noqa: E402
from tests.support.downlink_calls import (  # noqa: E402
    CAMERA,
    CEILING_BPS,
    DELAY_S,
    DOCUMENT,
    DOCUMENT_BPS,
    ELASTIC,
    LAYERED,
    SOUND_BPS,
    DownlinkCall,
)
from tests.support.trace_calls import TUNED, USABLE_BPS, Recording, frozen_s, recordings  # noqa: E402

PLOTTED = ("verizon_cell_driving_fade_C up", "tmobile_umts_driving_C down", "tmobile_lte_B up")
LOOKED_AT = TUNED | {"tmobile_umts_driving_C down"}
LEAST_USE, MOST_QUEUE_MS, MOST_FROZEN = 0.85, 60.0, 0.01
SENDERS: Mapping[str, Mapping[bytes, int]] = {"follows": ELASTIC, "fixed": LAYERED}
STEP_S = 0.01


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of one call."""

    recording: str
    sender: str
    use: float
    """Of what the link, or the pictures, could have had."""
    best: float
    """Of what an all-knowing choice among the encodings could have carried; of a sender that follows, as `use`."""
    queue_p50_ms: float
    queue_p95_ms: float
    """While the link exceeded 300 kbit/s, as all that follows."""
    camera_frozen: float
    document_frozen: float
    sound_arrived: float
    switches: int
    paced_out: int
    series: tuple[tuple[float, float, float], ...]
    """(s, estimate, allocated)."""


def ideal_bps(capacity_bps: float) -> float:
    """The most that a choice among the encodings could carry."""
    totals = [SOUND_BPS + document + camera for document in (0, DOCUMENT_BPS) for camera in (0, *LAYERED.values())]
    return max((total for total in totals if total <= capacity_bps), default=min(SOUND_BPS, capacity_bps))


def judge(work: tuple[Recording, str, float]) -> Verdict:
    recording, sender, seconds = work
    seconds = min(seconds, recording.trace.duration_s)
    link = Link(Conditions(rate_bps=50e6, delay_ms=DELAY_S * 1000), 1, recording.trace, uplink=recording.uplink)
    call = DownlinkCall(link, SENDERS[sender])
    call.run(seconds)
    capacity = [recording.capacity_bps(n * STEP_S) for n in range(int(seconds / STEP_S))]
    most_bps = SOUND_BPS + (max(LAYERED.values()) + DOCUMENT_BPS if SENDERS[sender] else CEILING_BPS)
    media_bits = 8 * sum(size for _, size in call.log.media)
    use = media_bits / (sum(min(each, most_bps) for each in capacity) * STEP_S)
    waits = sorted(wait for at_s, wait in call.log.queue_s if recording.capacity_bps(at_s) > USABLE_BPS)
    usable_s = sum(each > USABLE_BPS for each in capacity) * STEP_S
    frozen = {
        what: frozen_s(call.receiver.streams[what].decoded, recording, seconds) / usable_s
        for what in (CAMERA, DOCUMENT)
    }
    return Verdict(
        recording.name,
        sender,
        use,
        media_bits / (sum(map(ideal_bps, capacity)) * STEP_S) if SENDERS[sender] else use,
        1000 * waits[len(waits) // 2],
        1000 * waits[int(0.95 * len(waits))],
        frozen[CAMERA],
        frozen[DOCUMENT] if SENDERS[sender] else 0.0,
        call.log.sound[1] / call.log.sound[0],
        len(call.log.layers),
        call.bench.drops().get("paced_out", 0),
        tuple(call.log.estimates),
    )


def show(verdict: Verdict) -> None:
    name = verdict.recording + (" *" if verdict.recording in LOOKED_AT else "")
    print(
        f"{name:34} {verdict.sender:8} {verdict.use:6.1%} {verdict.best:7.1%} "
        f"{verdict.queue_p50_ms:5.0f} / {verdict.queue_p95_ms:4.0f} ms {verdict.camera_frozen:7.1%} {verdict.document_frozen:8.1%} "
        f"{verdict.sound_arrived:7.1%} {verdict.switches:5}",
        flush=True,
    )


def counts(verdicts: list[Verdict]) -> dict[str, dict[str, int]]:
    """How many meet each aim."""
    found = {}
    for sender in SENDERS:
        for looked_at in (True, False):
            some = [each for each in verdicts if each.sender == sender and (each.recording in LOOKED_AT) is looked_at]
            if some:
                found[f"{sender}, {'looked at' if looked_at else 'held out'}"] = {
                    "recordings": len(some),
                    "use": sum(each.best >= LEAST_USE for each in some),
                    "queue": sum(each.queue_p95_ms <= MOST_QUEUE_MS for each in some),
                    "frozen": sum(each.camera_frozen <= MOST_FROZEN for each in some),
                }
    return found


def plot(found: list[Recording], verdicts: list[Verdict], path: Path) -> None:
    import matplotlib  # noqa: PLC0415  an extra; the table does not need it

    matplotlib.use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415

    drawn = [each for each in verdicts if each.recording in PLOTTED and each.sender == "follows"]
    if not drawn:
        return
    by_name = {each.name: each for each in found}
    figure, axes = pyplot.subplots(len(drawn), 1, figsize=(12, 3 * len(drawn)), squeeze=False)
    for axis, verdict in zip(axes[:, 0], drawn, strict=True):
        seconds, estimates, sent = zip(*verdict.series, strict=True)
        steps = [n * 0.1 for n in range(int(seconds[-1] * 10))]
        capacity = [min(by_name[verdict.recording].capacity_bps(at_s) / 1e3, 5000) for at_s in steps]
        axis.fill_between(steps, capacity, color="#d0d7de", step="post", label="link (cut at 5 Mbit/s)")
        axis.plot(seconds, [bps / 1e3 for bps in estimates], label="estimate", linewidth=0.9)
        axis.plot(seconds, [bps / 1e3 for bps in sent], label="sent", linewidth=0.9)
        axis.set(title=verdict.recording, ylabel="kbit/s", ylim=(0, 1.05 * max(capacity)), xlim=(0, seconds[-1]))
    axes[0, 0].legend(loc="upper right")
    figure.tight_layout()
    figure.savefig(path, dpi=100)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=40.0)
    parser.add_argument("--only", default="")
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    folder = Path(os.environ.get("RELAY_SHARED") or ROOT.parent / "shared") / "traces"
    steps = [n * 0.1 for n in range(int(arguments.seconds * 10))]
    found = [
        each
        for each in recordings(folder)
        if each.family == "rate"
        and arguments.only in each.name
        and any(each.capacity_bps(at_s) < CEILING_BPS for at_s in steps)
    ]
    if not found:
        sys.exit(f"no such recordings under {folder} (set RELAY_SHARED to the shared folder)")
    print(
        f"{'recording':34} {'sender':8} {'use':>6} {'best':>7} {'queue p50 / p95':>15} {'camera':>7} {'document':>8} {'sound':>7} {'switches'}"
    )
    verdicts = []
    with Pool(arguments.jobs) as pool:
        for verdict in pool.imap(judge, [(each, sender, arguments.seconds) for sender in SENDERS for each in found]):
            show(verdict)
            verdicts.append(verdict)
    summary = counts(verdicts)
    for name, row in summary.items():
        print(f"{name}: {row}")
    rows = [{**asdict(each), "series": None, "looked_at": each.recording in LOOKED_AT} for each in verdicts]
    keep("downlink", {"seconds": arguments.seconds, "counts": summary, "calls": rows})
    plot(found, verdicts, RESULTS / "downlink.png")


if __name__ == "__main__":
    main()

"""CPU cost of a forwarded packet, beside the floor: the plain C cost of protecting and sending it.

Both run in this process, in turn, to the same sockets, with packets of the same size; what is compared is the process's CPU time, the
kernel's part included. Forwarding also receives, authenticates, routes, keeps for retransmission, counts and rewrites; the floor does
not. Forwarding lets the kernel segment where packets of one frame go to one receiver; the floor does not.

    python benchmarks/forwarding.py [--json FILE] [--seconds 30] [--cipher gcm|cm]

`--instructions` counts the user-space instructions of a forwarded packet under callgrind instead: a number that a busy machine does not
change. The headline is 1 → 40 with packets that come one by one, where segmentation cannot help.
"""

import argparse
import importlib.util
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType

from Cython.Build import cythonize
from pylibsrtp import Policy, Session
from rich.console import Console
from rich.table import Table
from setuptools import Distribution, Extension  # type: ignore[import-untyped]

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.compare import keep  # noqa: E402
from relay.sfu.dataplane import Forwarder  # noqa: E402
from relay.sfu.ports import CodecFamily, Kind, Payload  # noqa: E402

PACKET_BYTES = 1100
SSRC = 0x1111
CIPHERS = {"gcm": (0x0007, 28), "cm": (0x0001, 30)}
VP8 = [Payload(1, CodecFamily.VP8, 96, 97, 90_000)]
PER_SINK = 48
"""Datagrams that a receiving socket of default size holds until it is emptied; more would be dropped, which is cheaper."""


@dataclass(frozen=True)
class Scenario:
    """One sender to so many receivers, so many packets at a time."""

    receivers: int
    burst: int

    @property
    def name(self) -> str:
        return f"1 → {self.receivers}, " + ("one by one" if self.burst == 1 else f"frames of {self.burst}")


HEADLINE = Scenario(40, 1)
SCENARIOS = [Scenario(1, 1), Scenario(1, 8), Scenario(2, 1), Scenario(2, 8), HEADLINE, Scenario(40, 8)]


@dataclass(frozen=True)
class Measured:
    """Medians over the rounds of one scenario."""

    scenario: str
    us_per_packet: float
    floor_us_per_packet: float
    ratio_to_floor: float
    rounds: int


def build_floor() -> ModuleType:
    """Compile `_floor.pyx` into the build directory, if it is newer than what is there, and load it."""
    target = ROOT / "build" / "benchmarks"
    extension = Extension("_floor", [str(Path(__file__).with_name("_floor.pyx"))], extra_compile_args=["-O3"])
    directives = {"language_level": 3, "boundscheck": False, "wraparound": False, "cdivision": True}
    modules = cythonize(
        [extension], build_dir=str(target), include_path=[str(ROOT)], compiler_directives=directives, quiet=True
    )
    command = Distribution({"ext_modules": modules}).get_command_obj("build_ext")
    command.build_lib, command.build_temp, command.verbose = str(target), str(target), 0
    command.ensure_finalized()
    command.run()
    spec = importlib.util.spec_from_file_location("_floor", command.get_ext_fullpath("_floor"))
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rtp(sequence: int) -> bytes:
    """A VP8 packet; each begins a keyframe, which costs the same as any other."""
    header = (
        bytes([0x80, 0xE0]) + (sequence & 0xFFFF).to_bytes(2, "big") + (sequence * 3000 & 0xFFFFFFFF).to_bytes(4, "big")
    )
    return (header + SSRC.to_bytes(4, "big") + bytes([0x90, 0x80, 0x80, 0x01, 0x00])).ljust(PACKET_BYTES, b"\x55")


def udp() -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.bind(("127.0.0.1", 0))
    opened.setblocking(False)
    return opened


class Stage:
    """A forwarder, a sender and receivers on loopback sockets."""

    def __init__(self, scenario: Scenario, cipher: str, floor: ModuleType) -> None:
        self.scenario = scenario
        self.profile, self.key_bytes = CIPHERS[cipher]
        self.drain: Callable[[int], int] = floor.drain
        self.relay, self.sender = udp(), udp()
        self.sinks = [udp() for _ in range(scenario.receivers)]
        self.forwarder = Forwarder()
        self.forwarder.attach(self.relay.fileno())
        self.sequence = 0
        self._connect()
        self.floor = floor.Floor(
            self.relay.fileno(),
            [sink.getsockname() for sink in self.sinks],
            self.profile,
            os.urandom(self.key_bytes),
            rtp(1),
            PER_SINK,
        )

    def _connect(self) -> None:
        key = os.urandom(self.key_bytes)
        policy = Policy(key=key, ssrc_type=Policy.SSRC_ANY_OUTBOUND, srtp_profile=self.profile)
        self.outbound = Session(policy)
        publisher = self._peer(self.sender, key)
        track = self.forwarder.add_track(publisher, Kind.VIDEO, b"", SSRC, 0, VP8)
        for number, sink in enumerate(self.sinks):
            receiver = self._peer(sink, os.urandom(self.key_bytes))
            self.forwarder.connect(self.forwarder.add_slot(receiver, Kind.VIDEO, 1000 + number, 0, VP8), track)

    def _peer(self, at: socket.socket, key: bytes) -> int:
        peer = self.forwarder.add_peer()
        self.forwarder.set_path(peer, at.getsockname())
        self.forwarder.set_keys(peer, self.profile, key, os.urandom(self.key_bytes))
        return peer

    def encrypt(self, packets: int) -> list[bytes]:
        self.sequence += packets
        return [self.outbound.protect(rtp(n)) for n in range(self.sequence - packets, self.sequence)]

    def forward(self, bursts: int) -> int:
        """CPU nanoseconds of the forwarder for so many bursts; injecting them is not counted."""
        spent = 0
        for _ in range(bursts):
            for packet in self.encrypt(self.scenario.burst):
                self.sender.sendto(packet, self.relay.getsockname())
            before = time.process_time_ns()
            self.forwarder.pump()
            spent += time.process_time_ns() - before
        self._check(bursts)
        return spent

    def send_plain(self, bursts: int) -> int:
        """CPU nanoseconds of the floor for the same packets."""
        spent = 0
        for _ in range(bursts):
            before = time.process_time_ns()
            self.floor.send(self.scenario.burst)
            spent += time.process_time_ns() - before
        self._check(bursts)
        return spent

    def _check(self, bursts: int) -> None:
        arrived = [self.drain(sink.fileno()) for sink in self.sinks]
        assert arrived == [bursts * self.scenario.burst] * self.scenario.receivers, "packets were dropped on loopback"

    def close(self) -> None:
        for opened in (self.relay, self.sender, *self.sinks):
            opened.close()


def measure(scenario: Scenario, cipher: str, floor: ModuleType, seconds: float) -> Measured:
    """Forwarding and floor in turn for about so long, after one round of each to warm up."""
    stage = Stage(scenario, cipher, floor)
    bursts = PER_SINK // scenario.burst
    packets = bursts * scenario.burst * scenario.receivers
    rounds: list[tuple[float, float]] = []
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline or len(rounds) < 6:
        rounds.append((stage.forward(bursts) / packets / 1000, stage.send_plain(bursts) / packets / 1000))
    stage.close()
    forwarded, plain = (statistics.median(each) for each in zip(*rounds[1:], strict=True))
    return Measured(scenario.name, round(forwarded, 3), round(plain, 3), round(forwarded / plain, 3), len(rounds) - 1)


def count_instructions(cipher: str) -> float:
    """User-space instructions of a forwarded packet in the headline scenario, by callgrind."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "callgrind.out"
        command = [
            "valgrind",
            "--tool=callgrind",
            f"--callgrind-out-file={out}",
            "--toggle-collect=__pyx_f_5relay_3sfu_9dataplane_7forward_forward",
            sys.executable,
            __file__,
            "--under-callgrind",
            "--cipher",
            cipher,
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
        packets = int(done.stdout.split()[-1])
        summary = re.search(r"^summary: (\d+)", out.read_text(), re.MULTILINE)
        assert summary
        return int(summary[1]) / packets


def run_under_callgrind(cipher: str, floor: ModuleType) -> None:
    stage = Stage(HEADLINE, cipher, floor)
    for _ in range(4):
        stage.forward(PER_SINK)
    print(4 * PER_SINK * HEADLINE.receivers)


def show(measured: list[Measured], cipher: str) -> None:
    table = Table(title=f"CPU µs per forwarded packet of {PACKET_BYTES} bytes, {cipher}")
    for column in ("scenario", "forwarded", "floor", "ratio"):
        table.add_column(column, justify="left" if column == "scenario" else "right")
    for each in measured:
        style = "bold" if each.scenario == HEADLINE.name else None
        values = each.us_per_packet, each.floor_us_per_packet, each.ratio_to_floor
        table.add_row(each.scenario, *(f"{value:.2f}" for value in values), style=style)
    Console().print(table)


def draw(measured: list[Measured], cipher: str, path: Path) -> None:
    from matplotlib.figure import Figure  # noqa: PLC0415  an extra; the table does not need it

    figure = Figure(figsize=(8, 1.2 + 0.5 * len(measured)))
    axes = figure.subplots()
    places = range(len(measured))
    axes.barh([place - 0.2 for place in places], [each.us_per_packet for each in measured], 0.4, label="forwarded")
    floors = [each.floor_us_per_packet for each in measured]
    axes.barh([place + 0.2 for place in places], floors, 0.4, label="floor: protect and send in C")
    axes.set_yticks(list(places), [each.scenario for each in measured])
    axes.invert_yaxis()
    axes.set(xlabel=f"CPU µs a packet, {cipher}")
    axes.legend()
    figure.tight_layout()
    figure.savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the headline and all scenarios to FILE")
    parser.add_argument(
        "--seconds", type=float, default=24.0, help="measuring time of all scenarios together (at most 50)"
    )
    parser.add_argument("--cipher", choices=CIPHERS, default="gcm")
    parser.add_argument(
        "--instructions", action="store_true", help="count user-space instructions under callgrind instead"
    )
    parser.add_argument("--under-callgrind", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--plot", type=Path, metavar="FILE", help="an SVG: each scenario beside its floor")
    arguments = parser.parse_args()
    floor = build_floor()
    if arguments.under_callgrind:
        run_under_callgrind(arguments.cipher, floor)
        return
    if arguments.instructions:
        result: dict[str, object] = {"instructions_per_packet": round(count_instructions(arguments.cipher))}
        Console().print(result)
    else:
        seconds = min(arguments.seconds, 50.0) / len(SCENARIOS)
        measured = [measure(scenario, arguments.cipher, floor, seconds) for scenario in SCENARIOS]
        show(measured, arguments.cipher)
        if arguments.plot:
            draw(measured, arguments.cipher, arguments.plot)
        headline = next(each for each in measured if each.scenario == HEADLINE.name)
        result = asdict(headline) | {"cipher": arguments.cipher, "scenarios": [asdict(each) for each in measured]}
    if arguments.json:
        keep("forwarding", result, arguments.json)


if __name__ == "__main__":
    main()

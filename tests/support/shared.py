"""The folder of vectors, captures and corpora beside the repository. Its absence skips a test, saying so."""

import json
import os
import struct
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(os.environ.get("RELAY_SHARED") or Path(__file__).resolve().parents[2].parent / "shared")

_ETHERNET_BYTES = 14
_UDP_BYTES = 8


def shared(name: str) -> Path:
    """The path of `name` under the shared folder; skips the test if it is not there."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{path} is absent (set RELAY_SHARED to the shared folder)")
    return path


def vectors(name: str) -> Any:
    """A JSON file of test vectors."""
    return json.loads(shared(f"vectors/{name}").read_text("utf-8"))


def corpus(folder: str) -> list[bytes]:
    """The contents of every file under a folder of fuzz seeds, in the order of their names."""
    return [path.read_bytes() for path in sorted(shared(f"corpora/{folder}").rglob("*")) if path.is_file()]


def browser_stun() -> list[tuple[str, bytes]]:
    """(browser, message) of Binding requests captured from browsers."""
    rows = shared("corpora/pion_stun/frombrowsers.csv").read_text("utf-8").splitlines()[1:]
    return [(row.split(",")[1], bytes.fromhex(row.split(",")[0])) for row in rows]


def captured_rtp(name: str) -> list[bytes]:
    """The RTP datagrams of a little-endian Ethernet/IPv4/UDP pcap file."""
    data = shared(f"captures/{name}.pcap").read_bytes()
    datagrams = []
    offset = 24
    while offset < len(data):
        (size,) = struct.unpack_from("<I", data, offset + 8)
        frame = data[offset + 16 : offset + 16 + size]
        ip_bytes = (frame[_ETHERNET_BYTES] & 0x0F) * 4
        datagrams.append(frame[_ETHERNET_BYTES + ip_bytes + _UDP_BYTES :])
        offset += 16 + size
    return datagrams

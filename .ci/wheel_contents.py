"""A wheel holds every file of the packages, each compiled module, and nothing that was only needed to build them."""

import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).resolve().parent.parent


def main(wheel: str) -> int:
    """Compare the wheel with what git tracks; print the differences."""
    tracked = subprocess.run(
        ["git", "ls-files", "relay", "loadtest"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    sources = {Path(name).with_suffix(".py").as_posix() for name in tracked if name.endswith(".pxd")} & set(tracked)
    sources |= {name for name in tracked if name.endswith(".pyx")}
    compiled = {Path(name).with_suffix("").as_posix() for name in sources}
    expected = {name for name in tracked if not name.endswith(".pyx")}
    expected |= {stem + EXTENSION_SUFFIXES[0] for stem in compiled}
    with ZipFile(wheel) as archive:
        present = {name for name in archive.namelist() if ".dist-info/" not in name}
    for name in sorted(expected - present):
        print(f"the wheel lacks {name}", file=sys.stderr)
    for name in sorted(present - expected):
        print(f"the wheel has {name}, which is not meant to be in it", file=sys.stderr)
    return int(present != expected)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

"""What is built and shipped; the wheel itself is built and tried by `make dist`."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path, PurePosixPath

import pytest
from typer.testing import CliRunner

from relay.cli import app
from tests.support.cython_sources import CythonImport, imports_of, stale_binaries

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
NOT_SHIPPED = {".py", ".pyx", ".c", ".so", ".html", ".pyc"}


def _matches(path: str, pattern: str) -> bool:
    """`fnmatch` with `**` as setuptools' glob has it: any number of folders, also none."""
    head, several, tail = pattern.rpartition("**/")
    return path.startswith(head) and PurePosixPath(path.removeprefix(head)).match(tail if several else pattern)


@pytest.mark.parametrize("name", ["relay", "loadtest"])
def test_every_data_file_of_the_package_is_shipped(name: str) -> None:
    patterns = PROJECT["tool"]["setuptools"]["package-data"][name]
    package = ROOT / name
    files = [path.relative_to(package).as_posix() for path in package.rglob("*") if path.is_file()]
    data = [
        name
        for name in files
        if "__pycache__" not in name and (Path(name).suffix not in NOT_SHIPPED or name.startswith("web/"))
    ]
    assert data
    assert [name for name in data if not any(_matches(name, pattern) for pattern in patterns)] == []


def test_an_installation_without_extras_can_import_what_it_runs() -> None:
    """A relay in production has neither aiortc nor numpy."""
    code = "\n".join(
        [
            "import sys",
            "sys.modules.update(dict.fromkeys(['aiortc', 'av', 'numpy', 'PIL', 'skvideo', 'matplotlib']))",
            "import relay.client, relay.cli",
        ]
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)


def test_the_command_knows_its_version() -> None:
    shown = CliRunner().invoke(app, ["--version"])
    assert shown.output.strip() == f"relay {PROJECT['project']['version']}"


def test_cython_imports_are_read(tmp_path: Path) -> None:
    source = tmp_path / "relay" / "sfu" / "x.pyx"
    source.parent.mkdir(parents=True)
    source.write_text(
        "from libc.stdint cimport (\n    uint8_t,\n    uint32_t as word,\n)\n"
        "from .ring cimport Ring  # kept\n"
        "from ..ports import Kind, \\\n    Payload\n"
        "cimport cython, relay.sfu.seq as seq\n"
        "import struct\n"
        '"""from nowhere in particular"""\n'
    )
    assert set(imports_of(source, tmp_path)) == {
        CythonImport("libc.stdint.uint8_t", True),
        CythonImport("libc.stdint.uint32_t", True),
        CythonImport("relay.sfu.ring.Ring", True),
        CythonImport("relay.ports.Kind", False),
        CythonImport("relay.ports.Payload", False),
        CythonImport("cython", True),
        CythonImport("relay.sfu.seq", True),
        CythonImport("struct", False),
    }


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A package whose one compiled module is fresh: `x.pyx` cimports `y.pxd`, which cimports `z.pxd`; `w.pxd` is alone."""
    package = tmp_path / "relay"
    package.mkdir()
    texts = {"x.pyx": "from relay.y cimport f\n", "y.pxd": "from . cimport z\n", "z.pxd": "", "w.pxd": ""}
    for name, text in texts.items():
        (package / name).write_text(text)
        os.utime(package / name, (1000, 1000))
    binary = package / "x.so"
    binary.write_text("")
    os.utime(binary, (2000, 2000))
    return package


def test_a_fresh_binary_is_fresh(built: Path) -> None:
    assert stale_binaries(built) == []


@pytest.mark.parametrize("name", ["x.pyx", "y.pxd", "z.pxd"])
def test_a_binary_older_than_what_it_is_made_of_is_stale(built: Path, name: str) -> None:
    os.utime(built / name, (3000, 3000))
    assert stale_binaries(built) == [f"relay/x.pyx is older than relay/{name}"]


def test_a_declaration_it_does_not_use_does_not_make_it_stale(built: Path) -> None:
    os.utime(built / "w.pxd", (3000, 3000))
    assert stale_binaries(built) == []


def test_a_module_without_binary_is_stale(built: Path) -> None:
    (built / "x.so").unlink()
    assert stale_binaries(built) == ["relay/x.pyx is not built"]

"""What keeps the house small and its rooms apart: budgets, compiled imports, and documents that say what is there.

Imports between Python modules are checked by import-linter (`make check`); it cannot read Cython, so that is done here.
"""

import ast
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.cython_sources import cython_files, imports_of

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "relay"
LOADTEST = ROOT / "loadtest"
DATAPLANE = PACKAGE / "sfu" / "dataplane"

MAX_MODULE_LINES = 400
MAX_FUNCTION_LINES = 40
MAX_PUBLIC_METHODS = 12
MAX_CONSTRUCTOR_ARGUMENTS = 6

EXCEPTIONS: dict[str, str] = {
    "relay/sfu/dataplane/forwarder.pyx": "the one door to the packet path, as Python sees it; the rooms behind it are small",
    "relay/sfu/ports.py": "what the rooms of the SFU ask of the packet path and tell it, in one contract",
    "relay/sfu/ports.py: Forwarder": "the one door to the packet path; the rooms behind it are small",
    "relay/sfu/transport/peer.py: PeerTransport": "each method is one kind of input of the peer's machines",
    "relay/scheduler/decisions/arrivals.py: ask": "copies the request into its event field by field; a loop over names would hide one",
    "relay/scheduler/entities.py: __init__": "one line a slot: a call is made a hundred thousand times",
    "relay/scheduler/evolution/calls.py: requested": "copies the event into the call field by field",
    "relay/scheduler/index/supply.py: Supply": "the one index of seats; each method is a question asked of it",
    "relay/scheduler/reports/opening.py: _call": "one row a phase in which an observer may meet a call",
    "relay/scheduler/shell/journal.py: Journal": "the one door to what is durable: append, snapshot, read, mark",
    "relay/scheduler/shell/journal.py: MemoryJournal": "implements Journal",
    "relay/scheduler/shell/sqlite_journal.py: SqliteJournal": "implements Journal",
    "relay/scheduler/state.py: __init__": "one line a table of the state, each with its meaning",
}
"""`path` or `path: Name` that may exceed a budget → why. An entry that is not needed any more fails."""

VAGUE_NAMES = re.compile(r"(?:^|_)(?:utils?|helpers?|manager|common|misc|base)(?:_|$)")


@dataclass(frozen=True)
class Excess:
    where: str
    what: str


def _python_files() -> list[Path]:
    return sorted([*PACKAGE.rglob("*.py"), *LOADTEST.rglob("*.py")])


def _cython_files() -> list[Path]:
    return [*cython_files(PACKAGE), *cython_files(LOADTEST)]


def _named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _module_excess() -> Iterator[Excess]:
    for path in [*_python_files(), *_cython_files()]:
        lines = path.read_text("utf-8").count("\n")
        if lines > MAX_MODULE_LINES:
            yield Excess(_named(path), f"{lines} lines")


def _python_excess() -> Iterator[Excess]:
    for path in _python_files():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1 - _docstring_lines(node)
                if lines > MAX_FUNCTION_LINES:
                    yield Excess(f"{_named(path)}: {node.name}", f"{lines} lines")
            elif isinstance(node, ast.ClassDef):
                yield from _class_excess(path, node)


def _class_excess(path: Path, node: ast.ClassDef) -> Iterator[Excess]:
    methods = [each for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
    public = [each for each in methods if not each.name.startswith("_")]
    if len(public) > MAX_PUBLIC_METHODS:
        yield Excess(f"{_named(path)}: {node.name}", f"{len(public)} public methods")
    for each in methods:
        arguments = len(each.args.posonlyargs) + len(each.args.args) + len(each.args.kwonlyargs) - 1
        if each.name == "__init__" and arguments > MAX_CONSTRUCTOR_ARGUMENTS:
            yield Excess(f"{_named(path)}: {node.name}", f"{arguments} constructor arguments")


def _docstring_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    if ast.get_docstring(node) is None:
        return 0
    return (node.body[0].end_lineno or 0) - node.body[0].lineno + 1


_CYTHON_BLOCK = re.compile(r"^(?P<indent>\s*)(?P<kind>cdef class|class|def|cpdef|cdef)\b(?P<rest>.*)$")
_CYTHON_FUNCTION = re.compile(r"(?P<name>\w+)\s*\(")


def _cython_excess() -> Iterator[Excess]:
    for path in _cython_files():
        lines = path.read_text("utf-8").splitlines()
        for first, line in enumerate(lines):
            match = _CYTHON_BLOCK.match(line)
            if match is None or "class" in match["kind"]:
                continue
            name = _CYTHON_FUNCTION.search(match["rest"])
            length = _block_length(lines, first, len(match["indent"]))
            if name and length > MAX_FUNCTION_LINES:
                yield Excess(f"{_named(path)}: {name['name']}", f"{length} lines")


def _block_length(lines: list[str], first: int, indent: int) -> int:
    """From the line `first` to the last line indented deeper; a signature may close its parenthesis at its own indent."""
    last = first
    for number in range(first + 1, len(lines)):
        text = lines[number]
        if text.strip() and not text.startswith(" " * (indent + 1)) and not text.lstrip().startswith(")"):
            break
        last = number if text.strip() else last
    return last - first + 1


def test_budgets_hold_and_every_exception_is_needed() -> None:
    excesses = [*_module_excess(), *_python_excess(), *_cython_excess()]
    assert [f"{each.where}: {each.what}" for each in excesses if each.where not in EXCEPTIONS] == []
    assert set(EXCEPTIONS) <= {each.where for each in excesses}, "an exception is not needed any more: delete it"


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [_named(path) for path in _python_files() if VAGUE_NAMES.search(path.stem)] == []


def test_the_packet_path_imports_only_its_own_room() -> None:
    """Neither cimport nor import may reach relay outside `sfu.dataplane`, or an event loop, socket or clock of Python."""
    forbidden = {"asyncio", "socket", "time", "random", "os", "threading"}
    violations = [
        f"{_named(path)}: {each.name}"
        for path in cython_files(PACKAGE / "sfu")
        if not path.with_suffix(".py").exists()
        for each in imports_of(path, ROOT)
        if (each.name.startswith("relay.") and not each.name.startswith("relay.sfu.dataplane"))
        or (not each.at_compile_time and each.name.split(".")[0] in forbidden)
    ]
    assert violations == []


def test_types_of_compiled_policy_come_from_its_own_wing() -> None:
    """A `.pxd` beside a Python module only says what is there: its own wing's classes, never a shell nor the packet path."""
    violations = [
        f"{_named(path)}: {each.name}"
        for path in cython_files(PACKAGE)
        if path.with_suffix(".py").exists()
        for each in imports_of(path, ROOT)
        if each.name != "cython"
        if not each.name.startswith(".".join(path.relative_to(ROOT).parts[:2]))
        or re.search(r"\.(shell|dataplane)\b", each.name)
    ]
    assert violations == []


def test_system_calls_are_only_made_in_the_socket_module() -> None:
    declared = {"_linux"}
    violations = [
        _named(path)
        for path in cython_files(DATAPLANE)
        for each in imports_of(path, ROOT)
        if declared & set(each.name.split(".")) and path.stem not in {"socket", *declared}
    ]
    assert violations == []


def test_every_compiled_module_is_described_to_python() -> None:
    """A `.pyx` whose names Python sees has a stub; without it mypy takes everything for `Any`."""
    seen = re.compile(r"^(?:def|cpdef|class|cdef class) ", re.MULTILINE)
    visible = [path for path in _cython_files() if path.suffix == ".pyx" and seen.search(path.read_text("utf-8"))]
    assert [_named(path) for path in visible if not path.with_suffix(".pyi").exists()] == []


def test_every_package_says_what_it_is() -> None:
    packages = [path for path in _python_files() if path.name == "__init__.py"]
    assert [_named(path) for path in packages if not ast.get_docstring(ast.parse(path.read_text("utf-8")))] == []


def _make_targets() -> set[str]:
    return set(re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


@pytest.mark.parametrize("document", ["README.md", "README.zh-CN.md", "CONTRIBUTING.md"])
def test_documented_make_commands_exist(document: str) -> None:
    path = ROOT / document
    if not path.exists():
        pytest.skip(f"{document} is not written yet")
    named = set(re.findall(r"\bmake ([a-z][\w-]*)", path.read_text("utf-8")))
    assert named <= _make_targets()


def _heading_levels(text: str) -> list[int]:
    without_code = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return [len(marks) for marks in re.findall(r"^(#+) ", without_code, re.MULTILINE)]


def test_both_readmes_have_the_same_structure() -> None:
    english, chinese = ROOT / "README.md", ROOT / "README.zh-CN.md"
    if not chinese.exists():
        pytest.skip("README.zh-CN.md is not written yet")
    assert _heading_levels(english.read_text("utf-8")) == _heading_levels(chinese.read_text("utf-8"))


def test_every_metric_is_documented() -> None:
    """What `/metrics` shows is named in the documentation, where an operator looks it up."""
    catalogue, document = PACKAGE / "metrics" / "catalogue.py", ROOT / "docs" / "metrics.md"
    if not (catalogue.exists() and document.exists()):
        pytest.skip("the catalogue of metrics is not written yet")
    metrics = set(re.findall(r"\"(relay_[a-z0-9_]+)\"", catalogue.read_text("utf-8")))
    assert metrics
    assert {each for each in metrics if each not in document.read_text("utf-8")} == set()


def test_the_changelog_names_the_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert re.search(rf"^## (?:Unreleased|{re.escape(version)})", changelog, re.MULTILINE)


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = [int(path.name[:4]) for path in sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_index_of_rooms_names_rooms_that_exist() -> None:
    index = (ROOT / "docs" / "architecture.md").read_text("utf-8").partition("## Index of rooms")[2]
    rows = "".join(line for line in index.splitlines() if line.startswith("|"))
    paths = re.findall(r"`((?:\w+/)*\w+(?:/|\.pyx?))`", rows)
    assert len(paths) > 30
    assert [path for path in paths if not (PACKAGE / path).exists()] == []


def test_documents_link_to_files_that_exist() -> None:
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    broken = [
        f"{_named(document)} → {target}"
        for document in documents
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", document.read_text("utf-8"))
        if not (document.parent / target).exists()
    ]
    assert broken == []

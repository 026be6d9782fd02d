"""What `.pyx` and `.pxd` files import, and which binaries are older than what they are made of.

import-linter does not read Cython, and an editable installation does not rebuild by itself.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

_LOGICAL_LINE = re.compile(r"\([^)]*\)|\\\n", re.DOTALL)
_FROM = re.compile(r"^\s*from\s+(?P<module>[\w.]+)\s+(?P<verb>c?import)\s+(?P<names>.+)$")
_IMPORT = re.compile(r"^\s*(?P<verb>c?import)\s+(?P<names>[\w., ]+)$")
_ALIAS = re.compile(r"\s+as\s+\w+|[()#].*$")


@dataclass(frozen=True)
class CythonImport:
    """One imported module of a Cython file; `name` is absolute, and may name a member of a module."""

    name: str
    at_compile_time: bool
    """A `cimport`."""


def cython_files(root: Path) -> list[Path]:
    return sorted([*root.rglob("*.pyx"), *root.rglob("*.pxd")])


def imports_of(path: Path, root: Path) -> Iterator[CythonImport]:
    """Everything the file imports; relative names are resolved against its place below `root`."""
    package = path.relative_to(root).with_suffix("").parts[:-1]
    text = _LOGICAL_LINE.sub(lambda match: match[0].replace("\n", " ").replace("\\", ""), path.read_text("utf-8"))
    for line in text.splitlines():
        if match := _FROM.match(line):
            module = _absolute(match["module"], package)
            names = match["names"].strip().strip("()").split(",")
            for name in (_ALIAS.sub("", each).strip() for each in names):
                if name:
                    yield CythonImport(f"{module}.{name}", match["verb"] == "cimport")
        elif match := _IMPORT.match(line):
            for name in match["names"].split(","):
                yield CythonImport(_ALIAS.sub("", name).strip(), match["verb"] == "cimport")


def _absolute(module: str, package: tuple[str, ...]) -> str:
    dots = len(module) - len(module.lstrip("."))
    if not dots:
        return module
    return ".".join((*package[: len(package) - dots + 1], *filter(None, module.lstrip(".").split("."))))


def stale_binaries(root: Path) -> list[str]:
    """Compiled modules that are absent, or older than their `.pyx` or typed `.py`, or a `.pxd` they are made of."""
    typed = [source for path in root.rglob("*.pxd") if (source := path.with_suffix(".py")).exists()]
    return [reason for source in sorted([*root.rglob("*.pyx"), *typed]) if (reason := _staleness(source, root.parent))]


def _staleness(source: Path, root: Path) -> str | None:
    binaries = [path for suffix in EXTENSION_SUFFIXES if (path := source.with_suffix(suffix)).exists()]
    name = source.relative_to(root)
    if not binaries:
        return f"{name} is not built"
    built = max(path.stat().st_mtime for path in binaries)
    newer = [path for path in sorted(_made_of(source, root)) if path.stat().st_mtime > built]
    return f"{name} is older than {newer[0].relative_to(root)}" if newer else None


def _made_of(source: Path, root: Path) -> set[Path]:
    """The file, the `.pxd` of the same name, and every `.pxd` below `root` that these cimport, directly or not."""
    found: set[Path] = set()
    pending = [source, source.with_suffix(".pxd")]
    while pending:
        path = pending.pop()
        if path in found or not path.exists():
            continue
        found.add(path)
        for each in imports_of(path, root):
            if each.at_compile_time:
                whole = root.joinpath(*each.name.split("."))
                pending += [whole.with_suffix(".pxd"), whole.parent.with_suffix(".pxd")]
    return found

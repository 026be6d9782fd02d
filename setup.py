"""The list of compiled modules and their directives; all else is in pyproject.toml."""

import os
from collections.abc import Iterable
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

DIRECTIVES = {
    "language_level": 3,
    "boundscheck": False,
    "wraparound": False,
    "initializedcheck": False,
    "cdivision": True,
    "embedsignature": True,
    "auto_pickle": False,
    "autotestdict": False,
}
POLICY_DIRECTIVES = {"language_level": 3, "auto_pickle": False, "annotation_typing": False}
"""For Python modules that have a `.pxd` beside them: they mean what they mean uncompiled, bounds and signs included."""
SANITIZE = os.environ.get("RELAY_SANITIZE")
CFLAGS = ["-O3", "-g1", "-Wall", "-Wextra", "-Wno-unused-function", "-Wno-unused-parameter", "-Wno-cpp"]
LINK = []
if SANITIZE:
    CFLAGS += [f"-fsanitize={SANITIZE}", "-fno-omit-frame-pointer"]
    LINK += [f"-fsanitize={SANITIZE}"]


def extension(path: Path) -> Extension:
    """One compiled module, named by its path."""
    return Extension(
        ".".join(path.with_suffix("").parts),
        [str(path)],
        extra_compile_args=CFLAGS,
        extra_link_args=LINK,
    )


def compiled(paths: Iterable[Path], directives: dict[str, object]) -> list[Extension]:
    """Extensions of these modules, translated."""
    return cythonize(
        [extension(path) for path in sorted(paths)],
        compiler_directives=directives,
        annotate=bool(os.environ.get("RELAY_ANNOTATE")),
        nthreads=os.cpu_count() or 1,
    )


ROOMS = (Path("relay"), Path("loadtest"))
CYTHON = [path for room in ROOMS for path in room.rglob("*.pyx")]
TYPED_PYTHON = [path.with_suffix(".py") for room in ROOMS for path in room.rglob("*.pxd")]

setup(
    ext_modules=[
        *compiled(CYTHON, DIRECTIVES),
        *compiled((path for path in TYPED_PYTHON if path.exists()), POLICY_DIRECTIVES),
    ],
    options={"build_ext": {"parallel": os.cpu_count() or 1}},
)

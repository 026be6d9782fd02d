"""The list of compiled modules and their directives; all else is in pyproject.toml."""

import os
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


setup(
    ext_modules=cythonize(
        [extension(path) for room in ("relay", "loadtest") for path in sorted(Path(room).rglob("*.pyx"))],
        compiler_directives=DIRECTIVES,
        annotate=bool(os.environ.get("RELAY_ANNOTATE")),
        nthreads=os.cpu_count() or 1,
    ),
    options={"build_ext": {"parallel": os.cpu_count() or 1}},
)

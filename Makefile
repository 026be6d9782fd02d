# The same words a developer types are the words CI runs.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
SECONDS ?=

.PHONY: run demo test check build install bench clean

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml setup.py
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip "setuptools>=80" "cython>=3.2,<4"
	$(BIN)/pip install --quiet --no-build-isolation --editable ".[test]"
	touch $@

# An edited .pyx or .pxd is rebuilt in place; a no-op takes under a second.
build: install
	flock build.lock $(BIN)/python setup.py --quiet build_ext --inplace

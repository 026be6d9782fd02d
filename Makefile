# The words a developer types are the words CI runs.
#   make run            the daemon on its embedded defaults, with links to open
#   make demo           the same, and a synthetic kiosk that calls; SECONDS=20 also answers, shows and ends by itself
#   make test           everything, browser included; ARGS="tests/unit -k stun" for a part
#   make check          formatting, lint, import rules, types, stubs
#   make bench          benchmarks, wall clock
#   make build          rebuild edited Cython modules in place
#   make dist           sdist and wheel, tried in an empty environment without a compiler
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
SECONDS ?=
ARGS ?=
export PYTHON VENV

CYTHON_SOURCES = $(shell find relay loadtest -name '*.pyx' -o -name '*.pxd')
# Python modules with a .pxd beside them are compiled too.
TYPED_PYTHON = $(wildcard $(patsubst %.pxd,%.py,$(filter %.pxd,$(CYTHON_SOURCES))))
STUBBED_MODULES = $(subst /,.,$(basename $(shell find relay loadtest -name '*.pyi')))

.PHONY: run demo test check build dist bench clean
.DEFAULT_GOAL := build
MAKEFLAGS += --no-print-directory

$(VENV)/.runtime: pyproject.toml setup.py
	@.ci/install runtime

$(VENV)/.test: pyproject.toml setup.py
	@.ci/install test

build: $(VENV)/.built
	@:

# The stamp is as old as the start of the build, so that an edit meanwhile is noticed. The lock lets several shells work
# in one checkout.
$(VENV)/.built: $(VENV)/.runtime $(CYTHON_SOURCES) $(TYPED_PYTHON)
	@flock build.lock sh -c "touch $@.new && $(BIN)/python setup.py --quiet build_ext --inplace && mv $@.new $@"

run: build
	@$(BIN)/relay serve --demo-links

demo: build
	@$(BIN)/relay demo $(if $(SECONDS),--seconds $(SECONDS))

test: $(VENV)/.test build
	@$(BIN)/python -m pytest $(or $(ARGS),--numprocesses auto --dist loadfile)

check: $(VENV)/.test build
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check --quiet
	@PATH="$(BIN):$$PATH" cython-lint $(CYTHON_SOURCES)
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/mypy
	@$(BIN)/python -m mypy.stubtest --concise --ignore-unused-allowlist --allowlist .ci/stubtest.allow \
		--mypy-config-file pyproject.toml $(STUBBED_MODULES)

dist: $(VENV)/.test build
	@.ci/try-wheel

# Within ten minutes. The comparisons need root and Debian's janus; without them they say so and the rest stands.
bench: $(VENV)/.test build
	PYTHONPATH=. $(BIN)/python benchmarks/everything.py

clean:
	rm -rf build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find relay loadtest benchmarks tests examples -name __pycache__ -prune -exec rm -rf {} +
	find relay loadtest \( -name '*.so' -o -name '*.c' \) -delete
	rm -f $(VENV)/.built

# `make` checks everything. Every target installs what it needs into .venv once, and works offline from then on.
# For another interpreter or folder: `make test PYTHON=python3.13 VENV=.venv-3.13`

.DEFAULT_GOAL := check
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

ifeq ($(origin PYTHON), undefined)
# The first of these that is new enough; otherwise python3, so that the error below can name it.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON := $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$name" -c '$(NEW_ENOUGH)' 2>/dev/null && { echo "$$name"; exit; }; done; echo python3)
endif

VENV ?= .venv
BIN := $(VENV)/bin
# The stamp names the version, so that another PYTHON rebuilds the environment.
VERSION := $(shell $(PYTHON) -c 'import platform; print(platform.python_version())' 2>/dev/null)
RUN_READY := $(VENV)/run-ready-$(or $(VERSION),none)
READY := $(VENV)/dev-ready-$(or $(VERSION),none)
FUZZ_READY := $(VENV)/fuzz-ready-$(or $(VERSION),none)
MUTATION_READY := $(VENV)/mutation-ready-$(or $(VERSION),none)
SECONDS ?= 600
DOCS_READY := $(VENV)/docs-ready-$(or $(VERSION),none)
CLUSTER_READY := $(VENV)/cluster-ready-$(or $(VERSION),none)
BENCH_READY := $(VENV)/bench-ready-$(or $(VERSION),none)
# Compiled by the installation too; made again when its source changes. Without a compiler there is none, and no error.
KERNEL_READY := $(VENV)/kernel-ready
PYTEST := $(BIN)/python -m pytest
# One process more than cores, because some tests wait for deadlines and sockets. Idle processes steal tests from busy ones.
PARALLEL = -n $$(($$(nproc) + 1)) --dist worksteal

# Keep compiled code even if the environment says otherwise: the tests start hundreds of processes.
unexport PYTHONDONTWRITEBYTECODE

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

check: lint test ## format, ruff, mypy --strict, layering and tests: the default

demo: $(RUN_READY) $(KERNEL_READY) ## three short reports on sample_data/: an access log, JSON with durations, an application log
	$(BIN)/logproc analyze sample_data/shop-access.log* --by hour --by status_class --by path --top 5
	@echo
	$(BIN)/logproc analyze sample_data/api.jsonl --by path --metric p50:duration,p95:duration,max:duration --sort p95:duration
	@echo
	$(BIN)/logproc analyze sample_data/worker-log.txt --top 3

demo-cluster: $(CLUSTER_READY) ## a Dask cluster of three processes here; one is killed, and the report is the same
	$(BIN)/python -m tools.demo_cluster

test: $(READY) ## the tests on all cores, without those that take minutes
	$(PYTEST) $(PARALLEL)

lint: format-check ruff types layers ## format, ruff, mypy --strict and layering

format-check: $(READY)
	$(BIN)/ruff format --check

ruff: $(READY)
	$(BIN)/ruff check

types: $(READY)
	$(BIN)/mypy

layers: $(READY)
	$(PYTEST) -q tests/test_layers.py

format: $(READY) ## format the code, and apply ruff's fixes
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

faults: $(READY) ## every fault of docs/faults.md, twice: in order, then in a random order
	$(PYTEST) $(PARALLEL) tests/faults
	LOGPROC_TEST_ORDER=$$$$ $(PYTEST) $(PARALLEL) tests/faults

test-switch: $(READY) ## the tests, with a thread switch interval of a microsecond
	LOGPROC_TEST_SWITCH_INTERVAL=1e-6 $(PYTEST) $(PARALLEL)

soak: $(READY) ## the tests that take minutes: many schedules, random signals, many random logs
	$(PYTEST) -m soak tests tools/soak --hypothesis-profile=soak -o timeout=3600 -o faulthandler_timeout=3500
	LOGPROC_TEST_SWITCH_INTERVAL=1e-6 $(PYTEST) --hypothesis-profile=many -o timeout=600 -o faulthandler_timeout=550

fuzz: $(FUZZ_READY) ## every fuzz target for ten minutes (SECONDS=60 for less)
	for target in $$($(BIN)/python -c 'from tools.fuzz.targets import TARGETS; print(*TARGETS)'); do \
		$(BIN)/python -m tools.fuzz.run $$target --seconds $(SECONDS) || exit 1; done

mutation: $(MUTATION_READY) ## mutation testing of the most critical modules (an hour)
	$(BIN)/python -m tools.mutation

bench: $(BENCH_READY) ## speed and memory against goaccess, mawk, DuckDB, Polars and C (BENCH='--rounds 3' for less)
	$(BIN)/python -m tools.bench.run $(BENCH)

picture: $(READY) ## redraw the README's picture of a report
	$(BIN)/python -m tools.pictures.report
	$(BIN)/python -m tools.pictures.page

traces: $(READY) ## record the two traces in THREADING.md again
	$(BIN)/python -m tools.pictures.traces

docs: $(DOCS_READY) ## build docs/ as a site in build/site/; a broken link is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

clean: ## remove everything that make created
	rm -rf $(VENV) .bench build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	rm -f logproc/formats/readers/native/kernel.native
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Only what running needs; what the tests need is added to the same environment.
$(RUN_READY): pyproject.toml hatch_build.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "logproc needs Python 3.11 or newer; '$(PYTHON)' is $(or $(VERSION),not there). Name one: make PYTHON=/path/to/python3.13" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "'$(PYTHON)' cannot make environments: install its venv package (Debian: apt install python3-venv)" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(KERNEL_READY): $(RUN_READY) logproc/formats/readers/native/kernel.c tools/build_kernel.py
	$(BIN)/python tools/build_kernel.py
	@touch $@

$(READY): $(RUN_READY) $(KERNEL_READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

$(CLUSTER_READY): $(RUN_READY) $(KERNEL_READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[cluster]'
	@touch $@

$(BENCH_READY): $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	@touch $@

$(DOCS_READY): $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	@touch $@

$(FUZZ_READY): $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[fuzz]'
	@touch $@

$(MUTATION_READY): $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[mutation]'
	@touch $@

.PHONY: help check demo demo-cluster test faults fuzz mutation lint format-check ruff types layers format test-switch soak bench picture traces docs clean

# `make help` lists the targets. On Windows, see the pip lines in README.md.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
# HOST=0.0.0.0 serves everybody in the lecture hall's network, at http://<this machine's name>:PORT.
HOST ?= 127.0.0.1
PORT ?= 8501
# Processes for `make test`: two are fastest on two cores, and torch needs about 1 GiB in each.
JOBS ?= 2
# Processes of the app for `make hall`.
REPLICAS ?= 2
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help install run hall test test-tools browser redis lint format golden bench clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The stamps are newer than the requirements while the venv is up to date: a second `make` installs nothing.
.venv/.app-installed: requirements.txt pyproject.toml
	@$(or $(PYTHON),false) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "Python 3.11 or newer is needed; '$(PYTHON)' is not. Try: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --requirement requirements.txt
	$(BIN)/python -m pip install --no-deps --editable .
	@touch $@

.venv/.tools-installed: tests/requirements.txt .venv/.cluster-installed
	$(BIN)/python -m pip install --requirement tests/requirements.txt --constraint requirements.txt
	@touch $@

install: .venv/.app-installed  ## create .venv, and install the app and what it needs

run: install  ## start the app (HOST=127.0.0.1 PORT=8501)
	$(BIN)/python -m explorer serve --host $(HOST) --port $(PORT)

.venv/.cluster-installed: requirements-cluster.txt .venv/.app-installed
	$(BIN)/python -m pip install --requirement requirements-cluster.txt --constraint requirements.txt
	@touch $@

hall: .venv/.cluster-installed  ## start the app REPLICAS=2 times behind one address, for more viewers than one process holds
	$(BIN)/python -m explorer replicas --host $(HOST) --port $(PORT) --count $(REPLICAS)

test-tools: .venv/.tools-installed

browser: test-tools  # a Chromium for the browser tests, where the machine has none
	@$(BIN)/python -m tests.browser.chromium

redis: test-tools  # a Redis for the tests of the hall, where the machine has none
	@$(BIN)/python -m tests.hall.redis_server

lint: test-tools  ## ruff, mypy, who may import whom and, for the JavaScript, oxlint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy explorer
	$(BIN)/lint-imports
	$(BIN)/oxlint --config tests/js/oxlint.json --deny-warnings explorer

test: lint browser redis  ## lint, then every test (JOBS=2)
	$(BIN)/python -m pytest --numprocesses $(JOBS) --dist loadgroup

format: test-tools  ## let ruff rewrite the sources
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

golden: test-tools  ## rewrite the computed assets and the tests' golden files: read the diff before you commit it
	$(BIN)/python -m explorer assets
	$(BIN)/python -m pytest --update-golden

bench: browser redis  ## measure the speed limits; writes build/bench.json
	$(BIN)/python -m tests.benchmarks

clean:  ## remove everything that make has made
	rm -rf .venv build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

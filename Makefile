# `make help` lists the targets.  Everything runs in .venv, installed from the hash-locked requirements.
PYTHON ?= python3
BIN := .venv/bin

# Compiled modules are kept, whatever the environment says: the tests start hundreds of processes.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help demo up test test-long check format bench season lock clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

.venv/runtime: requirements/runtime.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes -r requirements/runtime.txt
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --no-index -e .
	@touch $@

.venv/dev: .venv/runtime requirements/dev.txt
	$(BIN)/pip install --quiet --require-hashes -r requirements/dev.txt
	@touch $@

demo: .venv/runtime ## one minute: guests' codes live their lives on real parts
	$(BIN)/latchwork demo --once

up: .venv/runtime ## everything on this machine, with a simulated lock cloud
	$(BIN)/latchwork up --demo

check: .venv/dev ## format, lint, types and import rules: seconds
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy --no-error-summary .
	$(BIN)/lint-imports --no-logo > .venv/lint-imports.log || (cat .venv/lint-imports.log; exit 1)

format: .venv/dev ## put the code in its format
	$(BIN)/ruff check --quiet --fix .
	$(BIN)/ruff format --quiet .

# Three at once also on two cores: many tests wait for servers, timers and browsers.
test: check ## every test but the long ones
	$(BIN)/python -m pytest -m "not long" -n 3 --dist loadfile

test-long: check ## the long runs too
	$(BIN)/python -m pytest

bench: .venv/dev ## print the benchmark table
	$(BIN)/python -m bench

season: .venv/dev ## play a season of guests and faults on virtual time
	$(BIN)/python -m tests.season

lock: ## pin the requirements anew (needs uv)
	cd requirements && uv pip compile -q --generate-hashes --universal --python-version 3.11 --no-header --no-annotate runtime.in -o runtime.txt
	cd requirements && uv pip compile -q --generate-hashes --universal --python-version 3.11 --no-header --no-annotate runtime.in dev.in -o dev.txt
	cd requirements && uv pip compile -q --generate-hashes --universal --python-version 3.11 --no-header --no-annotate sdk2.in -o sdk2.txt

clean: ## remove what was installed and built
	rm -rf .venv build *.egg-info

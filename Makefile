# What a person types: `make demo` to see it, `make install` to set it up, `make test` before a change is shared.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?=
HOST ?= 127.0.0.1
PORT ?= 8000
BROWSER ?= 1

BIN := .venv/bin
RUN := $(BIN)/python
PIP := $(RUN) -m pip --disable-pip-version-check --no-input --quiet
# Tests wait more than they work: three at once keep two cores busy. Each file's tests stay together.
JOBS ?= 3
PYTEST := $(RUN) -m pytest -n $(JOBS) --dist loadfile

# A person's own settings for other environments must not leak into this one.
unexport PYTHONHOME PYTHONPATH PIP_TARGET PIP_PREFIX PIP_ROOT PIP_REQUIREMENT PIP_CONSTRAINT
export PIP_USER := 0

.PHONY: help demo install test unit integration browser check generate docs bench crash faults overload soak fuzz requirements web dev screenshots browser-deps clean

help: ## Show what can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | while IFS=$$'\t' read -r name text; do printf '%-14s %s\n' "$$name" "$$text"; done

demo: install ## Set everything up and start the server with a simulated rig
	@$(BIN)/tetherlight serve --simulate --host $(HOST) --port $(PORT)

install: .venv/.runtime web ## Set up the server and its web application without starting it

dev: .venv/.dev ## Add what checks and tests need

.venv/.runtime: requirements/runtime.txt requirements/build.txt pyproject.toml hatch_build.py scripts/bootstrap.sh
	@scripts/bootstrap.sh $(PYTHON)
	@echo "Installing the server into .venv ..."
	@$(PIP) install --no-deps --require-hashes -r requirements/runtime.txt -r requirements/build.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: requirements/dev.txt .venv/.runtime
	@echo "Installing the tools for checks and tests ..."
	@$(PIP) install --no-deps --require-hashes -r requirements/dev.txt
	@touch $@

web: .venv/.runtime
	@$(RUN) scripts/web.py build --optional

test: check unit integration browser ## Run every check and every test; BROWSER=0 leaves the browser out

unit: .venv/.dev
	$(PYTEST) tests/unit
	@$(RUN) scripts/web.py test --optional

integration: .venv/.dev
	$(PYTEST) tests/integration

ifeq ($(BROWSER),0)
browser:
	@echo "BROWSER=0: the browser tests are skipped."
else
browser: .venv/.dev browser-deps web
	@if compgen -G 'tests/browser/test_*.py' >/dev/null; then $(PYTEST) tests/browser; fi
endif

check: .venv/.dev ## Lint, format, types, layers, and whether generated files are fresh
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check
	$(RUN) -m mypy
	$(BIN)/lint-imports
	$(RUN) scripts/generate.py --check
	@$(RUN) scripts/web.py check --optional

generate: .venv/.runtime ## Write the schema, the reference pages and the types of the web application
	$(RUN) scripts/generate.py
	@$(RUN) scripts/web.py types --optional

docs: generate .venv/.dev ## Write the reference and run the examples of the documentation
	$(PYTEST) tests/unit/test_docs.py tests/integration/test_docs_examples.py

bench: .venv/.dev ## Measure, and print ratios
	$(RUN) -m bench

crash: .venv/.dev ## Kill the server ROUNDS times and look at what is left
	$(RUN) tests/endurance/crash.py --rounds $(or $(ROUNDS),200)

faults: .venv/.dev ## Strike a camera with every fault, ROUNDS times, and measure what a client sees
	$(RUN) tests/endurance/faults.py --rounds $(or $(ROUNDS),1) --replugs 100

overload: .venv/.dev ## Load the server with clients that behave badly and measure what others notice
	$(RUN) tests/endurance/overload.py

soak: .venv/.dev ## Use a rig for MINUTES with faults in between and look for what wears out
	$(RUN) tests/endurance/soak.py --minutes $(or $(MINUTES),30)

fuzz: .venv/.dev ## Send messages in random order for MINUTES and compare with a model of the rig
	$(RUN) tests/endurance/fuzz.py --minutes $(or $(MINUTES),10)

requirements: .venv/.runtime ## Choose new versions of all packages within what pyproject.toml allows
	@scripts/requirements.sh

screenshots: .venv/.dev browser-deps web ## Take a picture of each screen of the web application for the documentation
	$(RUN) scripts/screenshots.py

browser-deps: ## Install Chromium for the browser tests
	@scripts/browser-deps.sh

clean: ## Remove everything that was made, but no captures
	rm -rf .venv .cache build dist web/node_modules web/.next web/out src/tetherlight/web .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis test-results
	find src tests scripts bench docs -name __pycache__ -type d -prune -exec rm -rf {} +

# What a person types: `make demo` to see it, `make install` to set it up, `make test` before a change is shared.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?=
HOST ?= 127.0.0.1
PORT ?= 8000
BROWSER ?= 1
WEB ?= 1
# Several environments may stand side by side: make check unit VENV=.venv-3.13 PYTHON=python3.13
VENV ?= .venv

BIN := $(VENV)/bin
RUN := $(BIN)/python
ifeq ($(WEB),0)
ON_WEB := @:
else
ON_WEB := @$(RUN) scripts/web.py
endif
# Tests wait more than they work: three at once keep two cores busy. Each file's tests stay together.
JOBS ?= 3
PYTEST := $(RUN) -m pytest -n $(JOBS) --dist loadfile
# Those on cameras and servers wait most; what a file's tests share starts quickly, and the last files are shared out.
WAITING := $(RUN) -m pytest -n $$(($(JOBS) + 2)) --dist worksteal

# A person's own settings for other environments must not leak into this one.
unexport PYTHONHOME PYTHONPATH PYTHONDONTWRITEBYTECODE PIP_TARGET PIP_PREFIX PIP_ROOT PIP_REQUIREMENT PIP_CONSTRAINT
export PIP_USER := 0

# Two at a time, the longest ones first.
CHECKS := check-types check-web check-lint check-format check-layers check-generated

.PHONY: $(CHECKS) help demo install runtime dev test unit integration browser check coverage packages deb test-fresh test-image generate docs site bench accuracy crash faults overload soak fuzz judge requirements web screenshots browser-deps clean test-ends test-home-assistant promtool image gallery triggers test-viewers

help: ## Show what can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | while IFS=$$'\t' read -r name text; do printf '%-14s %s\n' "$$name" "$$text"; done

demo: install ## Set everything up and start the server with a simulated rig
	@$(BIN)/tetherlight serve --simulate --depth-of-field --host $(HOST) --port $(PORT)

install: runtime web ## Set up the server and its web application without starting it

# Both look at the environment itself each time, and do nothing where nothing is missing.
runtime:
	@scripts/bootstrap.sh "$(VENV)" runtime "$(PYTHON)"

dev: ## Add what checks and tests need
	@scripts/bootstrap.sh "$(VENV)" dev "$(PYTHON)"

web: runtime
	$(ON_WEB) build --optional

test: check unit integration browser ## Run every check and every test; BROWSER=0 leaves the browser out, WEB=0 what is in web/

unit: dev
	$(PYTEST) tests/unit
	$(ON_WEB) test --optional

integration: dev
	$(WAITING) tests/integration

ifeq ($(BROWSER),0)
browser:
	@echo "BROWSER=0: the browser tests are skipped."
else
browser: dev browser-deps web
	@if compgen -G 'tests/browser/test_*.py' >/dev/null; then $(RUN) -m pytest -n $(JOBS) --dist worksteal tests/browser; fi
endif

check: dev ## Lint, format, types, layers, and whether generated files are fresh
	@$(MAKE) --jobs=2 --keep-going --output-sync=target $(CHECKS)

check-types:
	$(RUN) -m mypy
check-web:
	$(ON_WEB) check --optional
check-lint:
	$(RUN) -m ruff check
check-format:
	$(RUN) -m ruff format --check
check-layers:
	$(BIN)/lint-imports
check-generated:
	$(RUN) scripts/generate.py --check

coverage: dev ## Tell how much of the code the unit and integration tests reach, children counted; test-results/coverage.md
	$(PYTEST) --cov --cov-report= tests/unit tests/integration
	$(RUN) -m coverage report --format=markdown > test-results/coverage.md
	@printf 'The tests reach %s %% of the code.\n' "$$($(RUN) -m coverage report --format=total)"

packages: dev web ## Build wheel and source archive into dist/, install each anew and let it serve
	rm -rf dist
	$(RUN) -m hatchling build -t sdist -t wheel
	$(RUN) scripts/smoke.py dist

deb: dev web ## Build a Debian package for the release and machine that this runs on; into dist/
	rm -f dist/*.whl
	$(RUN) -m hatchling build -t wheel
	@test -x .cache/deb/bin/python || $(RUN) -m venv .cache/deb
	@.cache/deb/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements/deb.txt
	scripts/deb.sh .cache/deb

image: ## Build the container image, start it and take a picture in it; with podman, docker or buildah
	scripts/image.sh

test-image: dev ## Build the image, start it by itself and by the compose file; as root, from a Debian made here where PYTHON_IMAGE names no other
	PYTHON_IMAGE=$${PYTHON_IMAGE:-$$(scripts/image-base.sh)} TETHERLIGHT_IMAGE=tetherlight-test \
		$(RUN) -m pytest -rs tests/ends/test_image.py tests/integration/test_container.py

test-fresh: ## Type what the pages say on Debians that were just installed, and try the package: RELEASES="bookworm trixie"; as root, with debootstrap
	for release in $(or $(RELEASES),bookworm trixie); do scripts/fresh.sh "$$release"; done

generate: runtime ## Write the schema, the reference pages and the types of the web application
	$(RUN) scripts/generate.py
	$(ON_WEB) types --optional

docs: generate dev ## Write the reference and run the examples of the documentation
	$(PYTEST) tests/unit/test_docs.py tests/integration/test_docs_examples.py tests/integration/test_docs_commands.py

site: dev ## Build the documentation as a site into build/site, with search and the Python API
	@test -x .cache/site/bin/python || $(RUN) -m venv .cache/site
	@.cache/site/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements/site.txt
	$(RUN) scripts/docs_site.py build/site-source
	cd build/site-source && ../../.cache/site/bin/zensical build --clean --strict
	rm -rf build/site && mv build/site-source/site build/site

promtool: ## Check the alerts of deploy/ with promtool, which comes with Prometheus
	@command -v promtool >/dev/null || { echo "promtool is not there: it comes with Prometheus (apt install prometheus)."; exit 1; }
	promtool check rules deploy/prometheus-alerts.yml

bench: dev ## Measure, and print ratios
	$(RUN) -m bench

accuracy: dev ## Compare normals and heights with the truth, method by method; TETHERLIGHT_REFERENCE_DATA names a folder of sets of others
	$(RUN) -m bench.accuracy
	$(RUN) -m bench.accuracy_height

test-ends: dev ## Try lamps against real receivers, an AVR and other people's clients, which are installed (as root)
	scripts/ends.sh $(RUN) .cache/lamp-judges
	$(RUN) -m pytest -rs tests/ends --ignore tests/ends/test_image.py --ignore tests/ends/test_viewers.py --ignore tests/ends/test_home_assistant.py

test-home-assistant: dev ## Try the MQTT bridge against a real Home Assistant, which is installed (minutes, 600 MB, needs Python 3.13 and mosquitto)
	scripts/home-assistant.sh .cache/home-assistant
	$(RUN) -m pytest -rs -s tests/ends/test_home_assistant.py

test-viewers: dev ## Open what is made for OpenLIME and OpenSeadragon in them; OPENLIME= and OPENSEADRAGON= name folders with their sources
	OPENLIME="$(OPENLIME)" OPENSEADRAGON="$(OPENSEADRAGON)" $(RUN) -m pytest -rs tests/ends/test_viewers.py

crash: dev ## Kill the server ROUNDS times and look at what is left
	$(RUN) tests/endurance/crash.py --rounds $(or $(ROUNDS),200)

faults: dev ## Strike a camera with every fault, ROUNDS times, and measure what a client sees
	$(RUN) tests/endurance/faults.py --rounds $(or $(ROUNDS),1) --replugs 100

triggers: dev ## Fire simulated bodies by lines in ROUNDS rounds, together and in sets, with drops, doubles and late files, and judge each frame
	$(RUN) tests/endurance/triggers.py --rounds $(or $(ROUNDS),500)
	$(RUN) tests/endurance/set_triggers.py --rounds $(or $(ROUNDS),500)

overload: dev ## Load the server with clients that behave badly and measure what others notice
	$(RUN) tests/endurance/overload.py

soak: dev ## Use a rig for MINUTES with faults in between and look for what wears out
	$(RUN) tests/endurance/soak.py --minutes $(or $(MINUTES),30)

fuzz: dev ## Send messages in random order for MINUTES and compare with a model of the rig
	$(RUN) tests/endurance/fuzz.py --minutes $(or $(MINUTES),10)

judge: dev ## Hold the photometric methods against pictures of a renderer that is not ours (minutes)
	@[ -x .cache/judge/bin/python ] || $(RUN) -m venv .cache/judge
	@.cache/judge/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements/judge.txt
	.cache/judge/bin/python tests/judge/render.py .cache/judge/sets
	$(RUN) -m pytest tests/judge

requirements: runtime ## Choose new versions of all packages within what pyproject.toml allows
	@scripts/requirements.sh "$(VENV)"

screenshots: dev browser-deps web ## Take a picture of each screen of the web application for the documentation
	$(RUN) scripts/screenshots.py

gallery: dev ## Make the pictures of docs/explanations/gallery.md anew, from a set on the simulated rig
	$(RUN) scripts/results_gallery.py

browser-deps: ## Install Chromium for the browser tests
	@scripts/browser-deps.sh

clean: ## Remove everything that was made, but no captures
	rm -rf .venv .venv-* .cache build dist web/node_modules web/.next web/out web/next-env.d.ts web/tsconfig.tsbuildinfo
	rm -rf src/tetherlight/web src/tetherlight/.web-new.tmp test-results
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis __pycache__
	find src tests scripts bench docs stubs deploy -name __pycache__ -type d -prune -exec rm -rf {} +

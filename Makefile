# Bina: `make up` runs everything, `make test` proves it. `make help` lists the rest.
SHELL := /bin/bash
PYTHON ?= python3
BACKEND ?= embedded
PACKAGES := shared/events shared/messaging shared/web services/enrollment services/assessment \
            services/evaluation services/notification deploy/local
EDITABLE := $(foreach p,$(PACKAGES),-e $(p))
ASSETS := shared/web/src/bina/web/shell/static/dist/manifest.json
LOCKED := enrollment assessment evaluation notification bina-local

# Compiled once, while installing: otherwise each service compiles what it imports at its first start, and at every
# start where Python may not write beside its packages.
export UV_COMPILE_BYTECODE := 1

# uv would take whichever environment is active for its own.
unexport VIRTUAL_ENV CONDA_PREFIX

.DEFAULT_GOAL := help
.PHONY: help setup up down test test-fast chaos lint audit format bench lock contracts assets browser clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.venv/bin/uv: locks/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit("Bina needs Python 3.11 or newer; PYTHON=… names another one") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r locks/uv.txt
	.venv/bin/uv pip uninstall --quiet pip setuptools # Python's own copies: old, and no lock names them
	@touch $@

.venv/run.stamp: .venv/bin/uv locks/bina-local.txt $(PACKAGES:%=%/pyproject.toml)
	.venv/bin/uv pip install --require-hashes -r locks/bina-local.txt
	.venv/bin/uv pip install --quiet --no-deps $(EDITABLE)
	@touch $@

.venv/dev.stamp: .venv/run.stamp locks/dev.txt
	.venv/bin/uv pip install --require-hashes -r locks/dev.txt
	@touch $@

$(ASSETS): .venv/run.stamp locks/assets.txt shared/web/src/bina/web/assets.py
	.venv/bin/uv pip install --quiet --require-hashes -r locks/assets.txt
	.venv/bin/python -m bina.web.assets

assets: $(ASSETS) ## font and icons of the pages, from locked packages

setup: .venv/dev.stamp $(ASSETS) ## install everything, tests' tools included, into .venv

up: .venv/run.stamp $(ASSETS) ## start all of Bina with the demo world; Ctrl-C stops it
	@.venv/bin/bina up $(ARGS)

down: ## stop a Bina that runs elsewhere
	@.venv/bin/bina down

test-fast: .venv/dev.stamp $(ASSETS) ## rules and handlers on a real PostgreSQL, on two cores
	.venv/bin/pytest -n 2 --dist worksteal -m "not kafka and not browser and not conformance and not keycloak"

test: .venv/dev.stamp $(ASSETS) browser ## everything: real Kafka, journeys, conformance, browser, two minutes of kills
	BACKEND=$(BACKEND) .venv/bin/pytest

chaos: .venv/dev.stamp ## kill services, broker and database under load; ARGS="--minutes 30 --seed 7"
	PYTHONPATH=tests .venv/bin/python -m chaos $(ARGS)

lint: .venv/dev.stamp ## ruff, mypy strict, import contracts
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy $(PACKAGES:%=%/src) benchmarks
	.venv/bin/lint-imports

audit: .venv/dev.stamp ## known vulnerabilities of what is locked; bills of materials into build/sbom
	.venv/bin/python .ci/audit.py

format: .venv/dev.stamp ## let ruff format and mend
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

bench: .venv/dev.stamp ## figures beside their baselines, into benchmarks/latest.json
	.venv/bin/python -m benchmarks $(ARGS)

contracts: .venv/dev.stamp ## write JSON Schemas and AsyncAPI anew from the contract classes
	.venv/bin/python -m bina.events.documents

lock: .venv/bin/uv ## resolve anew and export the locks: versions and hashes, no addresses
	.venv/bin/uv lock
	for p in $(LOCKED); do .venv/bin/uv export --quiet --frozen --no-emit-workspace --no-header --no-annotate --package $$p -o locks/$$p.txt; done
	.venv/bin/uv export --quiet --frozen --no-emit-workspace --no-header --no-annotate --package bina-local --only-group access -o locks/access.txt
	.venv/bin/uv export --quiet --frozen --no-emit-workspace --no-header --no-annotate --only-group assets -o locks/assets.txt
	.venv/bin/uv export --quiet --frozen --no-emit-workspace --no-header --no-annotate --all-groups -o locks/dev.txt

browser:
	@command -v chromium >/dev/null || (apt-get update -q && apt-get install -y -q --no-install-recommends chromium)

clean: down ## remove the state folder (all data) and the environment
	rm -rf .bina .venv build

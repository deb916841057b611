# Slipway's one command surface. `make` prints the help; every target makes .venv from the lock first.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PY := .venv/bin/python
SLIPWAY := .venv/bin/slipway
MEMBERS := shared/contracts shared/runtime services/launcher services/contacts services/executor services/messaging services/log services/console cli
CONTACTS ?= 10000

.PHONY: help
help: ## print this help
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/.stamp: requirements.lock $(foreach m,$(MEMBERS),$(m)/pyproject.toml)
	@test -x $(PY) || python3 -m venv .venv
	@$(PY) -m pip install -q --disable-pip-version-check --require-hashes --no-deps -r <(sed -n '/^uv==/,/^[^ ]*==/{/^uv==/p;/^ .*--hash/p}' requirements.lock) 
	@$(PY) -m uv pip sync -q --python $(PY) --require-hashes requirements.lock
	@$(PY) -m uv pip install -q --python $(PY) --no-deps $(foreach m,$(MEMBERS),-e $(m))
	@touch $@

.PHONY: setup
setup: .venv/.stamp ## make .venv from the lock (the other targets do it themselves)

lock: ## resolve the dependencies of all members anew into requirements.lock
	$(PY) -m uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url --python-version 3.11 \
	    $(foreach m,$(notdir $(MEMBERS)),--no-emit-package slipway-$m) --group dev pyproject.toml -o requirements.lock

.PHONY: lint
lint: setup ## ruff, mypy --strict and the import rules
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy shared/contracts/src shared/runtime/src $(foreach s,launcher contacts executor messaging log console,services/$(s)/src) cli/src tests examples docs
	.venv/bin/lint-imports

# Each of the two has servers (or a platform) of its own and runs whole files. Short ones come last: both end together.
SIDE_BY_SIDE := -n 2 --dist loadfile --no-loadscope-reorder
.PHONY: test unit integration e2e
test: setup ## the whole test suite (under 20 minutes on 2 cores)
	$(PY) -m pytest $(SIDE_BY_SIDE) tests/integration tests/unit
	$(PY) -m pytest $(SIDE_BY_SIDE) tests/e2e
	$(PY) -m pytest tests/chaos

unit: setup ## tests without I/O
	$(PY) -m pytest $(SIDE_BY_SIDE) tests/unit

integration: setup ## tests on real Kafka and PostgreSQL (PLATFORM=containers: on testcontainers)
	$(PY) -m pytest $(SIDE_BY_SIDE) tests/integration

e2e: setup ## all services as processes, real SMTP sink
	$(PY) -m pytest $(SIDE_BY_SIDE) tests/e2e

.PHONY: behaviours
behaviours: setup ## every behaviour of the product, its end-to-end tests and what they say (ONLY="8 9")
	cd tests && ../$(PY) -m behaviours --only $(ONLY)

.PHONY: bench
bench: CONTACTS = 100000
bench: EXECUTORS = 2
bench: ROUNDS = 3
bench: setup ## speed beside the limit and peers, in one run (CONTACTS=100000 EXECUTORS=2 ROUNDS=3 ONLY="launch peers" FULL=1)
	cd tests && ../$(PY) -m bench --contacts $(CONTACTS) --executors $(EXECUTORS) --rounds $(ROUNDS) --only "$(ONLY)" $(if $(FULL),--full)

.PHONY: bench-docs
bench-docs: setup ## write the tables and the plot of docs/performance.md from the results in docs/performance
	cd tests && ../$(PY) -m bench.paint

.PHONY: chaos
chaos: CONTACTS = 20000
chaos: KILLS = 20
chaos: CELLS = -1
chaos: SEED = 0
chaos: TRIALS = all
chaos: ROUNDS = 1
chaos: setup ## faults on real processes, judged from outside (SEED= CELLS=40 TRIALS=kafka_frozen ROUNDS=3 CONTACTS=20000 KILLS=20)
	cd tests && ../$(PY) -m chaos --seed $(SEED) --cells $(CELLS) --only "$(ONLY)" --trials "$(TRIALS)" --rounds $(ROUNDS) --contacts $(CONTACTS) --kills $(KILLS)

.PHONY: demo
demo: setup ## import CONTACTS=10000 contacts, launch by a signed Kafka event, watch it add up (EXECUTORS=1)
	@SLIPWAY_HOME=$${SLIPWAY_HOME:-$(CURDIR)/.slipway} $(SLIPWAY) demo --contacts $(CONTACTS) --executors $(or $(EXECUTORS),1)

.PHONY: docs
docs: setup ## write AsyncAPI, JSON Schemas and the settings table from the code
	$(PY) docs/generate.py

.PHONY: up down status
up: setup ## start the local platform in .slipway and leave it running (EXECUTORS=2; else as many as last time)
	@SLIPWAY_HOME=$${SLIPWAY_HOME:-$(CURDIR)/.slipway} $(SLIPWAY) up --detach $(if $(EXECUTORS),--executors $(EXECUTORS))

down: setup ## stop the local platform; its data stay
	@SLIPWAY_HOME=$${SLIPWAY_HOME:-$(CURDIR)/.slipway} $(SLIPWAY) down

status: setup ## what of the local platform runs where
	@SLIPWAY_HOME=$${SLIPWAY_HOME:-$(CURDIR)/.slipway} $(SLIPWAY) status

# Slipway's one command surface. `make` prints the help; every target makes .venv from the lock first.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PY := .venv/bin/python
SLIPWAY := .venv/bin/slipway
MEMBERS := shared/contracts shared/runtime services/launcher services/contacts services/executor services/messaging services/log services/console cli
CONTACTS ?= 10000
EXECUTORS ?= 1

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

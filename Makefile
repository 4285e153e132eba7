# What you can do here: make help. Set-up happens by itself where a target needs it.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c

PYTHON ?= python3.11
VENV := .venv
PY := $(VENV)/bin/python
# The stack needs no development tools; whoever has them already keeps them.
STACK_SET := $(if $(wildcard $(VENV)/.dev),dev,local)

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

.PHONY: demo
demo: $(VENV)/.$(STACK_SET) ## Run everything with a believable agency until Ctrl-C; ONCE=1 plays the story and exits
	@exec $(PY) -m deploy.local demo $(if $(ONCE),--once)

.PHONY: demo-reset
demo-reset: $(VENV)/.$(STACK_SET) ## Forget all state of the demo or the empty stack
	@exec $(PY) -m deploy.local reset

.PHONY: up
up: $(VENV)/.$(STACK_SET) ## Run everything, empty, until Ctrl-C
	@exec $(PY) -m deploy.local up

.PHONY: first-member
first-member: $(VENV)/.$(STACK_SET) ## Create the first lead of the empty, running stack: NAME="…" EMAIL=…; prints the sign-in link
	@exec $(PY) -m deploy.local first-member --name "$(NAME)" --email "$(EMAIL)"

.PHONY: setup
setup: $(VENV)/.dev ## Install everything for development and say what this machine lacks
	@$(PY) -m deploy.local prepare

.PHONY: check
check: $(VENV)/.dev ## Lint, format, types, layers, contracts: what CI runs first
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy shared services deploy tests
	$(VENV)/bin/lint-imports
	$(PY) -m pytest -q -n 0 tests/contract

.PHONY: test
test: $(VENV)/.dev ## Run all tests against a real Kafka and MongoDB that they start themselves
	@$(PY) -m compileall -q shared services deploy  # hundreds of processes start sooner
	@$(PY) -m shared.ui $(addprefix services/,planner scheduler inbox notifier)
	$(PY) -m pytest -n 3  # one more than cores: much of it is waiting for engines

.PHONY: faults
faults: $(VENV)/.dev ## Kill and pause everything under load, then check the books: SEED=n CYCLES=m
	@exec $(PY) -m tests.faults $(if $(SEED),--seed $(SEED)) $(if $(CYCLES),--cycles $(CYCLES))

.PHONY: screenshots
screenshots: $(VENV)/.dev ## Take the README's pictures anew, of a demo of their own
	$(PY) -m deploy.local.demo.pictures

.PHONY: bench
bench: $(VENV)/.dev ## Measure speed and memory on real engines: a table and .local/bench.json; ONLY=ingest,… picks
	@$(PY) -m tests.bench $(if $(ONLY),--only $(ONLY))

.PHONY: format
format: $(VENV)/.dev ## Format the code and mend what the linter can
	$(VENV)/bin/ruff check --fix-only
	$(VENV)/bin/ruff format

.PHONY: contracts
contracts: $(VENV)/.dev ## Write docs/asyncapi and docs/events.md anew from the code (RELEASE=1 keeps them as the release's promise)
	@$(PY) -m deploy.contracts $(if $(RELEASE),release)

.PHONY: dashboard
dashboard: $(VENV)/.dev ## Write Grafana's dashboard anew from deploy/grafana/panels.py
	@$(PY) -m deploy.grafana

.PHONY: pins
pins: $(VENV)/.bootstrap ## Write requirements/*.txt anew from pyproject.toml (UPGRADE=1 takes newer versions)
	@for set in planner scheduler inbox notifier local dev; do \
	  $(VENV)/bin/uv pip compile --quiet --generate-hashes --python-version 3.11 \
	    --custom-compile-command "make pins" $(if $(UPGRADE),--upgrade) \
	    pyproject.toml --group $$set --output-file requirements/$$set.txt; \
	done

$(VENV)/.bootstrap: requirements/uv.txt
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is missing: apt-get install python3.11 python3-venv (or set PYTHON)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Python's venv module is missing: apt-get install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

$(VENV)/.local $(VENV)/.dev: $(VENV)/.%: $(VENV)/.bootstrap requirements/%.txt
	@echo "Installing the $* set into $(VENV)…"
	@$(VENV)/bin/uv pip install --quiet --require-hashes --compile-bytecode -r requirements/$*.txt
	@touch $@

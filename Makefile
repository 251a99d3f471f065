# The commands of this project. `make help` lists them. Options go through ARGS: make up ARGS="--port 8010".

ARGS  ?=
BIN   := .venv/bin
STAMP := .venv/installed.stamp

# The first Python of the right age that can make an environment; PYTHON=/path/to/python chooses another.
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3; do \
    if $$python -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
    then command -v $$python; break; fi; done)

.DEFAULT_GOAL := help
.PHONY: help up demo test chaos conformance check bench fmt lock clean

help:  ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: $(STAMP)  ## run everything on this machine until Ctrl-C; ARGS="--port 8010 --home /some/folder"
	@exec $(BIN)/countenance up $(ARGS)

demo: $(STAMP)  ## play the main job against the running server; ARGS="--url http://127.0.0.1:8010"
	@exec $(BIN)/countenance demo $(ARGS)

test: $(STAMP)  ## run all tests; ARGS="tests/rules -k name"
	@exec $(BIN)/python -m pytest $(ARGS)

chaos: $(STAMP)  ## long sweeps: 10,000 random histories of bounties, 200 races of deeds that die; takes about an hour
	@exec $(BIN)/python -m pytest tests/faults tests/actions/test_bounty_concurrency.py \
	    tests/actions/test_bounty_histories.py --histories 10000 --crashes 200 $(ARGS)

conformance: $(STAMP)  ## run the protocols' own clients: graphql-http's audit, graphql-ws, graphql-sse, tus
	@exec $(BIN)/python -m pytest tests/realtime/test_clients.py tests/api/test_uploads.py $(ARGS)

check: $(STAMP)  ## format, lint, types, import contracts, the public contract, migrations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/countenance schema --check
	$(BIN)/python .ci/check_migrations.py

bench: $(STAMP)  ## measure; prints a table and writes JSON
	@exec $(BIN)/python -m benchmarks $(ARGS)

fmt: $(STAMP)  ## format, and mend what the linter can mend
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

lock: $(STAMP)  ## write requirements.lock from what is installed
	$(BIN)/python .ci/lock.py

clean:  ## remove the environment and all caches; never a home
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP): requirements.lock pyproject.toml
	@if [ -z "$(PYTHON)" ]; then \
	    echo "Python 3.11 or newer with its venv module is needed: install it (on Debian: apt install python3-venv)," \
	         "or name one with PYTHON=/path/to/python." >&2; exit 1; fi
	@if [ -e .venv ] && ! $(BIN)/python -c '' 2>/dev/null; then \
	    echo "The environment .venv is broken (its Python is gone); run 'make clean' and try again." >&2; exit 1; fi
	@echo "Installing the requirements into .venv; the first time takes some minutes." >&2
	@test -e $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --disable-pip-version-check --no-input --requirement requirements.lock >&2 || { \
	    echo "The requirements could not be installed; see above, check the network and the disk, try again." >&2; exit 1; }
	@$(BIN)/python -m pip install --disable-pip-version-check --no-input --quiet --no-deps --no-build-isolation --editable . >&2
	@touch $@

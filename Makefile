# Everything a person does with truyvet. Each target starts from nothing and again from something.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PEERS := .venv-bench

.PHONY: run test bench bench-peers bench-scenarios crash load lint docs install clean

install: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing pinned dependencies (about a minute the first time) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

run: install  ## load the sample city, print the F1/F2 of a case, serve the API
	@$(BIN)/truyvet demo --serve

test: install lint  ## everything that must hold
	$(BIN)/python -m pytest --numprocesses $(or $(WORKERS),2) --dist loadfile

lint: install  ## format, lint, types, import direction
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: install  ## speed beside peers, each first checked for equal answers
	$(BIN)/python -m pytest benchmarks --benchmark-enable --benchmark-only

bench-peers: $(PEERS)/.installed  ## epiworldpy and both covasims, in a venv of their own (about 650 MB)

$(PEERS)/.installed: benchmarks/requirements-bench.lock benchmarks/requirements-covasim3.lock
	@test -x $(PEERS)/bin/python || $(PYTHON) -m venv $(PEERS)
	@echo "Installing the peers of the benchmark (a minute or two the first time) ..."
	@$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r benchmarks/requirements-bench.lock
	@$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --upgrade \
		--target $(PEERS)/covasim-3 -r benchmarks/requirements-covasim3.lock
	@touch $@

bench-scenarios: install bench-peers  ## epidemics beside epiworldpy and covasim, equal answers first (about four minutes)
	$(BIN)/python -m benchmarks.scenarios --peers $(PEERS)

crash: install  ## 200 kills with SQLite, 50 with PostgreSQL; every other fault at full length (about an hour)
	$(BIN)/python -m benchmarks.crash --kills $(or $(KILLS),200)
	$(BIN)/python -m benchmarks.crash --kills $(or $(KILLS),50) --database postgres
	TRUYVET_LONG=1 $(BIN)/python -m pytest tests/crash

load: install  ## 20,000 events/s with questions and subscribers, then the highest rates; LONG=1 for 10 minutes
	$(BIN)/python -m benchmarks.load $(if $(LONG),--long)
	$(BIN)/python -m benchmarks.load --json --arrow --step-up

docs: install  ## regenerate the tables that come from the code
	$(BIN)/python -m engine.cli.docs

clean:  ## remove what was generated, never data under var/
	rm -rf $(VENV) build *.egg-info

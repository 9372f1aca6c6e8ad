# Everything a person does with truyvet. Each target starts from nothing and again from something.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PEERS := .venv-bench

.PHONY: run test bench bench-peers bench-large bench-check bench-record bench-scenarios growth profile crash load lint docs install clean

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

BENCH := POLARS_MAX_THREADS=1 $(PEERS)/bin/python -m pytest --benchmark-enable --benchmark-only --benchmark-columns=median,iqr,rounds -s

bench: bench-peers  ## every goal beside its peer, equal answers first; writes benchmarks/results.md (under 20 minutes)
	@rm -f var/bench/results.json var/bench/results.seconds.json
	$(BENCH) benchmarks; status=$$?; $(PEERS)/bin/python -m benchmarks.results && exit $$status

bench-large: bench-peers  ## 20 million fixes, ten minutes' load, growth to 100 million records, a province, 50 million cells (about an hour)
	@rm -f var/bench/large.json var/bench/large.seconds.json
	BENCH_LARGE=1 BENCH_RESULTS=var/bench/large.json $(BENCH) benchmarks/bench_fixes.py benchmarks/bench_growth.py benchmarks/bench_freshness.py
	$(PEERS)/bin/python -m benchmarks.province
	$(PEERS)/bin/python -m benchmarks.cells_check --points 50000000
	BENCH_RESULTS=var/bench/large.json $(PEERS)/bin/python -m benchmarks.results --page var/bench/large.md

bench-check: bench-peers  ## measures what has a peer again; fails when a ratio fell more than 20 % below benchmarks/recorded.json
	@rm -f var/bench/check.json var/bench/check.seconds.json
	BENCH_RESULTS=var/bench/check.json $(BENCH) benchmarks -m beside
	BENCH_RESULTS=var/bench/check.json $(PEERS)/bin/python -m benchmarks.results --check

bench-record: bench-peers  ## keep the ratios of the last make bench as those to hold
	$(PEERS)/bin/python -m benchmarks.results --record

growth: install  ## ingest time, memory and questions at 1, 3, 10, 30 and 100 million records, as a picture with slopes
	$(BIN)/python -m benchmarks.growth --large --png $(or $(PNG),var/bench/growth.png)

profile: bench-peers  ## flame graphs of ingest, trace and hex map; DOCS=1 puts them in docs/performance.md
	$(PEERS)/bin/python -m benchmarks.flames $(STAGES) $(if $(DOCS),--docs)

bench-peers: $(PEERS)/.installed  ## truyvet and everything it is compared with, in one environment (about 1 GB)

$(PEERS)/.installed: benchmarks/requirements-bench.lock benchmarks/requirements-covasim3.lock pyproject.toml
	@test -x $(PEERS)/bin/python || $(PYTHON) -m venv $(PEERS)
	@echo "Installing what the benchmarks compare with (a minute or two the first time) ..."
	@$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r benchmarks/requirements-bench.lock
	@$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes --no-deps --upgrade \
		--target $(PEERS)/covasim-3 -r benchmarks/requirements-covasim3.lock
	@$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

bench-scenarios: bench-peers  ## epidemics beside epiworldpy and covasim, and how alike they are (about four minutes)
	$(PEERS)/bin/python -m benchmarks.scenarios --peers $(PEERS)

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

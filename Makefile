# The commands. On a bare machine with Python 3.11 or 3.12, pip and git, `make run` is enough:
# it makes the environment first.

PYTHON ?= $(shell for p in python3.11 python3.12 python3; do command -v $$p >/dev/null 2>&1 \
	&& $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' 2>/dev/null \
	&& { echo $$p; break; }; done)
BIN := .venv/bin
ENVIRONMENT := .venv/.made-from-lock
PEERS := .venv-peers/.made
SUPERSET := .venv-superset/.made
DAGSTER_HOME ?= $(CURDIR)/data/dagster
export DAGSTER_HOME
export DAGSTER_DISABLE_TELEMETRY := 1
export DBT_SEND_ANONYMOUS_USAGE_STATS := false

.DEFAULT_GOAL := help
.PHONY: help run build check rebuild builds rollback serve metrics test verify chaos dev dashboards superset docs \
	reference screenshots bench withdraw restate lint clean

help: ## show these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(ENVIRONMENT) ## the demo: a real public data set from raw files to published marts
	@$(BIN)/python -m demo.complete_journey
	@$(BIN)/python -m orchestration.commands.build
	@$(BIN)/python -m orchestration.commands.summary

build: $(ENVIRONMENT) ## ingest, dbt, checks, publish, for whatever the settings point at; AGAIN=1: although nothing is new
	@$(BIN)/python -m orchestration.commands.build $(if $(AGAIN),--again)

check: $(ENVIRONMENT) ## are the definitions right? In seconds; a build looks first, too
	@$(BIN)/python -m orchestration.commands.check

builds: $(ENVIRONMENT) ## the builds that are kept, and the one that readers see
	@$(BIN)/python -m orchestration.commands.rollback --list

rollback: $(ENVIRONMENT) ## readers see the build before, at once; BUILD=...: a kept one that is named
	@$(BIN)/python -m orchestration.commands.rollback "$(BUILD)"

serve: $(ENVIRONMENT) ## fill PostgreSQL with the build that readers see; each publish does so by itself
	@$(BIN)/python -m orchestration.commands.serve_postgres

metrics: $(ENVIRONMENT) ## the metrics; QUERY="--metrics dau,mau --group-by metric_time": their values
	@$(BIN)/python -m orchestration.commands.metrics $(if $(QUERY),query $(QUERY),list metrics)

rebuild: $(ENVIRONMENT) ## everything anew; a damaged warehouse is set aside, and made from the raw files
	@$(BIN)/python -m orchestration.commands.rebuild

verify: $(ENVIRONMENT) ## incremental = rebuild, at random: RAW=data/raw SEED=7 ROUNDS=3 SCALE=20 ...
	@$(BIN)/python -m verify $(if $(RAW),--raw "$(RAW)") $(if $(SEED),--seed $(SEED)) \
		$(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SCALE),--scale $(SCALE)) \
		$(if $(DELIVERIES),--deliveries $(DELIVERIES)) $(if $(KILLS),--kills $(KILLS)) \
		$(if $(EACH),--each)

chaos: $(ENVIRONMENT) ## faults at random while readers read: MINUTES=10 SEED=7
	@$(BIN)/python -m verify.chaos $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED))

test: $(ENVIRONMENT) ## all tests; TESTS=tests/architecture: some of them
	@$(BIN)/python -m pytest -q -n auto --dist loadfile $(TESTS)

dev: $(ENVIRONMENT) ## Dagster's UI: lineage, checks, schedule, sensor
	@$(BIN)/python -m orchestration.commands.dev

dashboards: $(ENVIRONMENT) ## what is published, boards first, on http://127.0.0.1:3001
	@$(BIN)/python -m orchestration.commands.serve_pages $(if $(PORT),--port $(PORT))

superset: $(ENVIRONMENT) $(SUPERSET) ## Superset on http://127.0.0.1:8088; PROOF=1: show that it shows what is published
	@$(BIN)/python -m $(if $(PROOF),tests.bi.superset_proof,bi.superset.start) $(if $(PORT),--port $(PORT))

# Its packages clash with dbt's.
$(SUPERSET): bi/superset/requirements.txt bi/superset/constraints.txt
	@echo "making Superset's environment; it takes a few minutes and 900 MB ..."
	@test -x .venv-superset/bin/python || $(PYTHON) -m venv .venv-superset
	@.venv-superset/bin/python -m pip install --quiet --disable-pip-version-check \
		-r bi/superset/requirements.txt -c bi/superset/constraints.txt
	@touch $@

docs: $(ENVIRONMENT) ## dbt's documentation and column lineage, into data/published/docs
	@$(BIN)/python -m orchestration.commands.docs

reference: $(ENVIRONMENT) ## the tables in README and docs/ that state facts of the code, anew
	@$(BIN)/python -m reference

screenshots: $(ENVIRONMENT) ## pictures of the boards for the READMEs, in docs/images; needs Chromium
	@$(BIN)/python -m tests.screenshots

bench: $(ENVIRONMENT) $(PEERS) ## against peers, side by side; SCALE=20: 20 million events; ROW=funnel: one row
	@SCALE="$(SCALE)" ROW="$(ROW)" $(BIN)/python -m benchmarks

# ClickHouse in a process, retentioneering, lifetimes: their packages clash with dbt's.
$(PEERS): benchmarks/peers.txt
	@test -x .venv-peers/bin/python || $(PYTHON) -m venv .venv-peers
	@.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/peers.txt
	@cp benchmarks/peers.txt $@

withdraw: $(ENVIRONMENT) ## take a loaded file out: make withdraw FILE=events/2024-01-01.jsonl
	@$(BIN)/python -m orchestration.commands.withdraw "$(FILE)"

restate: $(ENVIRONMENT) ## compute days anew: make restate FROM=2017-03-01 TO=2017-03-07 REASON="…"
	@$(BIN)/python -m orchestration.commands.restate --reason="$(REASON)" "$(FROM)" "$(TO)"

lint: $(ENVIRONMENT) ## ruff
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

clean: ## remove the environment and what dbt has made; data/ stays
	rm -rf .venv .venv-peers .venv-superset dbt_project/target dbt_project/logs *.egg-info

# Every package is pinned in the lock, so nothing is to be resolved: --no-deps. The project
# itself needs no index: what builds it is in the lock too.
$(ENVIRONMENT): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or 3.12 is needed; give it as PYTHON=..."; exit 1; }
	@echo "making the environment with $(PYTHON); the first time takes a few minutes ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
		--no-build-isolation --editable .
	@touch $@

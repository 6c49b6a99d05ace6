# The commands. On a bare machine with Python 3.11 or 3.12, pip and git, `make run` is enough:
# it makes the environment first.

PYTHON ?= $(shell for p in python3.11 python3.12 python3; do command -v $$p >/dev/null 2>&1 \
	&& $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' 2>/dev/null \
	&& { echo $$p; break; }; done)
BIN := .venv/bin
ENVIRONMENT := .venv/.made-from-lock
PEERS := .venv-peers/.made
SUPERSET := .venv-superset/.made
SPARK := .venv-spark/.made
ENGINE := $(if $(filter spark,$(YUNYING_ENGINE)),$(SPARK))
# With DEMO=app every command is about the made-up business: its feeds and definitions, and a
# warehouse of its own below data/app.
ifeq ($(DEMO),app)
DAGSTER_HOME ?= $(CURDIR)/data/app/dagster
export YUNYING_RAW_DIR ?= data/app/raw
export YUNYING_SEEDS_DIR ?= demo/business/seeds
export YUNYING_WAREHOUSE ?= data/app/warehouse.duckdb
export YUNYING_PUBLISH_DIR ?= data/app/published
export YUNYING_SPARK_DIR ?= data/app/spark
export YUNYING_TIMEZONE ?= Asia/Shanghai
export YUNYING_CURRENCY ?= CNY
else ifneq ($(DEMO),)
$(error DEMO=$(DEMO) is unknown: give DEMO=app, or leave it out)
endif
DAGSTER_HOME ?= $(CURDIR)/data/dagster
export DAGSTER_HOME
export DAGSTER_DISABLE_TELEMETRY := 1
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
# Images that set it would have each process compile again all that it imports.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help run build check plan rebuild builds rollback serve metrics test test-long verify chaos dev dashboards superset \
	superset-assets spark spark-verify docs reference mart screenshots bench withdraw restate lint clean

help: ## show these commands ## 列出这些命令
	@awk -F ' ## ' '/^[a-z-]+:.* ## /{sub(/:.*/, "", $$1); printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(ENVIRONMENT) $(ENGINE) ## the demo: a real public data set from raw files to published marts; DEMO=app SIZE=1000000 SEED=2024: a made-up business ## 演示：一份真实的公开数据，从原始文件到发布的表；DEMO=app SIZE=1000000 SEED=2024：一家虚构的公司
	@$(BIN)/python -m $(if $(DEMO),demo.business $(if $(SIZE),--size $(SIZE)) $(if $(SEED),--seed $(SEED)),demo.complete_journey)
	@$(BIN)/python -m orchestration.commands.build
	@$(BIN)/python -m orchestration.commands.summary
	@$(if $(DEMO),echo "With DEMO=$(DEMO) behind them the commands are about this business.")

build: $(ENVIRONMENT) $(ENGINE) ## ingest, dbt, checks, publish, for whatever the settings point at; AGAIN=1: although nothing is new ## 按当前设置执行：导入、dbt、检查、发布；AGAIN=1：没有新东西也照跑
	@$(BIN)/python -m orchestration.commands.build $(if $(AGAIN),--again)

check: $(ENVIRONMENT) ## are the definitions right? In seconds; a build looks first, too ## 定义写对了吗？几秒钟就知道；构建也先看一遍
	@$(BIN)/python -m orchestration.commands.check

plan: $(ENVIRONMENT) ## rows of seeds/event_names.csv for events that came and have none, with guessed roles ## 给数据里有、埋点方案里没有的事件补上 seeds/event_names.csv 的行，并猜测角色
	@$(BIN)/python -m orchestration.commands.plan

builds: $(ENVIRONMENT) ## the builds that are kept, and the one that readers see ## 列出保留的各次构建，以及读者正在看的那一次
	@$(BIN)/python -m orchestration.commands.rollback --list

rollback: $(ENVIRONMENT) ## readers see the build before, at once; BUILD=...: a kept one that is named ## 读者立刻回到上一次构建；BUILD=...：指定保留着的某一次
	@$(BIN)/python -m orchestration.commands.rollback "$(BUILD)"

serve: $(ENVIRONMENT) ## fill PostgreSQL and the bucket with the build that readers see; each publish does so by itself ## 把读者正在看的那次构建写进 PostgreSQL 和桶；每次发布也会自动写
	@$(BIN)/python -m orchestration.commands.serve

metrics: $(ENVIRONMENT) ## the metrics; QUERY="--metrics dau,mau --group-by metric_time": their values ## 列出指标；QUERY="--metrics dau,mau --group-by metric_time"：给出数值
	@$(BIN)/python -m orchestration.commands.metrics $(if $(QUERY),query $(QUERY),list metrics)

rebuild: $(ENVIRONMENT) $(ENGINE) ## everything anew; a damaged warehouse is set aside, and made from the raw files ## 全部重建；损坏的工作库先挪到一边，再由原始文件重建
	@$(BIN)/python -m orchestration.commands.rebuild

verify: $(ENVIRONMENT) ## incremental = rebuild, at random: RAW=data/raw SEED=7 ROUNDS=3 SCALE=20 ... ## 随机检验“增量 = 重建”：RAW=data/raw SEED=7 ROUNDS=3 SCALE=20 ...
	@$(BIN)/python -m verify $(if $(RAW),--raw "$(RAW)") $(if $(SEED),--seed $(SEED)) \
		$(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SCALE),--scale $(SCALE)) \
		$(if $(DELIVERIES),--deliveries $(DELIVERIES)) $(if $(KILLS),--kills $(KILLS)) \
		$(if $(EACH),--each)

chaos: $(ENVIRONMENT) ## faults at random while readers read: MINUTES=10 SEED=7 ## 在读者查询的同时随机制造故障：MINUTES=10 SEED=7
	@$(BIN)/python -m verify.chaos $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED))

test: $(ENVIRONMENT) ## the tests; TESTS=tests/architecture: some of them ## 测试；TESTS=tests/architecture：只跑一部分
	@$(BIN)/python -m pytest -q -n auto --no-loadscope-reorder $(TESTS)

test-long: $(ENVIRONMENT) $(PEERS) ## more cases and larger worlds of what the tests show, over half an hour ## 更多情形、更大数据的测试，要半个多小时
	@$(BIN)/python -m pytest -q -n auto --no-loadscope-reorder -m long $(TESTS)

dev: $(ENVIRONMENT) $(ENGINE) ## Dagster's UI: lineage, checks, schedule, sensor ## Dagster 界面：血缘、检查、定时、传感器
	@$(BIN)/python -m orchestration.commands.dev

dashboards: $(ENVIRONMENT) ## what is published, boards first, on http://127.0.0.1:3001 ## 查看发布的内容，先看看板：http://127.0.0.1:3001
	@$(BIN)/python -m orchestration.commands.serve_pages $(if $(PORT),--port $(PORT))

superset: $(ENVIRONMENT) $(SUPERSET) ## Superset on http://127.0.0.1:8088; PROOF=1: show that it shows what is published ## Superset：http://127.0.0.1:8088；PROOF=1：证明它显示的就是发布的数据
	@$(BIN)/python -m $(if $(PROOF),tests.bi.superset_proof,bi.superset.start) $(if $(PORT),--port $(PORT))

superset-assets: $(ENVIRONMENT) ## Superset's dashboards in bi/superset/assets, anew from the boards; needs a build ## 根据看板重写 bi/superset/assets 里的 Superset 看板；先要有一次构建
	@$(BIN)/python -m bi.superset.export

# Its packages clash with dbt's.
$(SUPERSET): bi/superset/requirements.txt bi/superset/constraints.txt
	@echo "making Superset's environment; it takes a few minutes and 900 MB ..."
	@test -x .venv-superset/bin/python || $(PYTHON) -m venv .venv-superset
	@.venv-superset/bin/python -m pip install --quiet --disable-pip-version-check \
		-r bi/superset/requirements.txt -c bi/superset/constraints.txt
	@touch $@

spark: ## the demo by Spark: `make run` with YUNYING_ENGINE=spark, on a cluster of this machine; needs Java 17; DEMO=app ... ## 用 Spark 跑演示：设置 YUNYING_ENGINE=spark 的 `make run`，用本机集群；需要 Java 17；DEMO=app ……
	@YUNYING_ENGINE=spark $(MAKE) --no-print-directory run

spark-verify: $(ENVIRONMENT) $(SPARK) ## each table of facts and marts by Spark equals DuckDB's: SEED=7 SCALE=1, or RAW=data/raw; DELIVERIES=4: bit by bit; MODELS=+mart_retention_cohorts: some; MASTER=spark://host:7077 FOLDER=/shared: a cluster of yours ## 检验 Spark 的每张事实表和报表与 DuckDB 相同：SEED=7 SCALE=1，或 RAW=data/raw；DELIVERIES=4：分批送达；MODELS=+mart_retention_cohorts：只检验一部分；MASTER=spark://host:7077 FOLDER=/shared：用您自己的集群
	@.venv-spark/bin/python -m verify.spark $(if $(RAW),--raw "$(RAW)") $(if $(SEED),--seed $(SEED)) $(if $(SCALE),--scale $(SCALE)) \
		$(if $(MODELS),--models "$(MODELS)") $(if $(DELIVERIES),--deliveries $(DELIVERIES)) \
		$(if $(MASTER),--master "$(MASTER)") $(if $(FOLDER),--folder "$(FOLDER)")

# The packages of the lock, and a few of Spark's: a tenth of what all of them take twice.
$(SPARK): requirements-spark.txt $(ENVIRONMENT)
	@$(BIN)/python -m orchestration.engines.spark
	@echo "making Spark's environment; it takes a few minutes and 350 MB ..."
	@test -x .venv-spark/bin/python || $(BIN)/python -m venv .venv-spark
	@$(BIN)/python -c "import site; print('import site; site.addsitedir(%r)' % site.getsitepackages()[0])" \
		> $$(.venv-spark/bin/python -c "import site; print(site.getsitepackages()[0])")/locked.pth
	@.venv-spark/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r $<
	@touch $@

docs: $(ENVIRONMENT) ## dbt's documentation and column lineage, into data/published/docs ## dbt 文档和每一列的血缘，写到 data/published/docs
	@$(BIN)/python -m orchestration.commands.docs

reference: $(ENVIRONMENT) ## the tables in README and docs/ that state facts of the code, anew ## 重写 README 和 docs/ 中由代码生成的表格
	@$(BIN)/python -m reference

mart: $(ENVIRONMENT) ## begin a mart, all of it but the query: make mart NAME=mart_orders_daily AREA=product ## 新开一张报表，只差查询：make mart NAME=mart_orders_daily AREA=product
	@$(BIN)/python -m orchestration.commands.mart "$(NAME)" "$(AREA)"

screenshots: $(ENVIRONMENT) ## pictures of the boards for the READMEs, in docs/images; needs Chromium ## README 里的看板图片，放在 docs/images；需要 Chromium
	@$(BIN)/python -m tests.screenshots

bench: $(ENVIRONMENT) $(PEERS) ## against peers, side by side; SCALE=20: 20 million events; ROW=funnel: one row ## 与同类工具对比；SCALE=20：两千万事件；ROW=funnel：只测一项
	@SCALE="$(SCALE)" ROW="$(ROW)" $(BIN)/python -m benchmarks

# ClickHouse in a process, retentioneering, lifetimes: their packages clash with dbt's.
$(PEERS): benchmarks/peers.txt
	@test -x .venv-peers/bin/python || $(PYTHON) -m venv .venv-peers
	@.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/peers.txt
	@cp benchmarks/peers.txt $@

withdraw: $(ENVIRONMENT) ## take a loaded file out: make withdraw FILE=events/2024-01-01.jsonl ## 撤出一个已导入的文件：make withdraw FILE=events/2024-01-01.jsonl
	@$(BIN)/python -m orchestration.commands.withdraw "$(FILE)"

restate: $(ENVIRONMENT) ## compute days anew: make restate FROM=2017-03-01 TO=2017-03-07 REASON="…" ## 把某几天重新算一遍：make restate FROM=2017-03-01 TO=2017-03-07 REASON="…"
	@$(BIN)/python -m orchestration.commands.restate --reason="$(REASON)" "$(FROM)" "$(TO)"

lint: $(ENVIRONMENT) ## ruff: style and format of the Python code ## ruff：Python 代码的风格和格式
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

clean: ## remove the environment and what dbt has made; data/ stays ## 删除环境和 dbt 的产物；data/ 保留
	rm -rf .venv .venv-peers .venv-superset .venv-spark dbt_project/target dbt_project/logs *.egg-info

# Every package is pinned in the lock, so nothing is to be resolved: --no-deps. The project
# itself needs no index: what builds it is in the lock too. Python compiles what is imported, a
# part of what there is: half a minute less.
$(ENVIRONMENT): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or 3.12 is needed; give it as PYTHON=..."; exit 1; }
	@echo "making the environment with $(PYTHON); the first time takes a few minutes ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-compile \
		-r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
		--no-build-isolation --editable .
	@$(BIN)/python -m timelines
	@touch $@

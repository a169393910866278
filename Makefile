PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
DUCKDB_1 := build/duckdb-1.5.5
DBT := build/dbt
BUCKET := build/bucket
SPARK := build/spark
SITE := build/site-venv
WORKERS ?= 2
# A file at a time: what its tests share, such as a Spark cluster, is then made once. A test that
# hangs ends its worker, see pyproject.toml, and is tried on another one.
SPREAD := --dist loadfile --no-loadscope-reorder --max-worker-restart 2
ARGS ?=
ROWS ?= 10000000

.PHONY: help install demo test checks quick lint types unit timings unit-duckdb-1 docs generate snippets pictures site notebooks format bench bench-scale bench-memory bench-detection bench-suspects bench-inference bench-ingest bench-serve bench-lake dbt bench-dbt attack bench-regex audit clean

help: ## show this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

install: $(INSTALLED) ## set up .venv from pinned constraints

# torch first: packages that depend on it must find it installed, or pip fetches the CUDA build.
$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "fame-sql needs Python 3.11"'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt torch numpy
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: $(INSTALLED) ## build a demonstration warehouse and show its results
	$(BIN)/fame demo $(ARGS)

test: checks unit unit-duckdb-1 ## everything that CI runs

# Each uses one core, so two run side by side.
checks: $(INSTALLED) ## lint, types, the site, and what the tests need
	$(MAKE) --jobs 2 --output-sync lint types site $(DUCKDB_1)/.installed $(BUCKET)/.installed $(DBT)/.installed $(SPARK)/.installed

lint: $(INSTALLED) ## ruff, and the order of imports between rooms
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(INSTALLED) ## mypy, strict
	$(BIN)/mypy -p fame_sql

# Without Spark, dbt, the second DuckDB and the tests that take long: for every change while you work.
quick: $(INSTALLED) lint types ## lint, types and the quick tests
	HF_HUB_OFFLINE=1 $(BIN)/pytest -n $(WORKERS) $(SPREAD) -m "not slow and not spark and not dbt" $(ARGS)

timings: $(INSTALLED) $(DBT)/.installed $(SPARK)/.installed ## measure the tests: which are long is stored in tests/timings.csv
	HF_HUB_OFFLINE=1 $(BIN)/pytest -n $(WORKERS) $(SPREAD) --timings $(ARGS)

unit: $(INSTALLED) $(DBT)/.installed $(SPARK)/.installed ## all tests, on the installed DuckDB
	HF_HUB_OFFLINE=1 $(BIN)/pytest -n $(WORKERS) $(SPREAD) $(ARGS)

unit-duckdb-1: $(INSTALLED) $(DUCKDB_1)/.installed $(BUCKET)/.installed $(DBT)/.installed ## the tests that depend on DuckDB, on 1.5.5
	HF_HUB_OFFLINE=1 PYTHONPATH=$(DUCKDB_1) $(BIN)/pytest -n $(WORKERS) $(SPREAD) -m "not any_duckdb" $(ARGS)

$(DUCKDB_1)/.installed: | $(INSTALLED)
	rm -rf $(DUCKDB_1)
	$(BIN)/pip install --quiet --no-deps --target $(DUCKDB_1) duckdb==1.5.5 duckdb-extension-httpfs==1.5.5 \
		duckdb-extension-quack==1.5.5 duckdb-extension-ducklake==1.5.5 duckdb-extension-postgres-scanner==1.5.5
	touch $@

# A server of buckets, for the tests of lakes; in a process and a folder of its own.
$(BUCKET)/.installed: tests/support/bucket_requirements.txt | $(INSTALLED)
	rm -rf $(BUCKET)
	$(BIN)/pip install --quiet --no-deps --no-compile --target $(BUCKET) --requirement $<
	touch $@

# In a separate folder: dbt-core 1.11 needs a pathspec that mypy 2 refuses.
$(DBT)/.installed: dbt_project/requirements.txt | $(INSTALLED)
	rm -rf $(DBT)
	$(BIN)/pip install --quiet --no-deps --target $(DBT) --requirement $<
	touch $@

# In a separate folder: half a gigabyte that only the Spark tests need, and a pandas below 3.
$(SPARK)/.installed: fame_sql/spark/requirements.txt | $(INSTALLED)
	rm -rf $(SPARK)
	$(BIN)/pip install --quiet --no-deps --target $(SPARK) --requirement $<
	touch $@

dbt: $(INSTALLED) $(DBT)/.installed ## build and test the dbt package on the demonstration's warehouse
	test -f demo.duckdb || $(BIN)/fame demo
	cd dbt_project && PYTHONPATH=../$(DBT) FAME_WAREHOUSE=../demo.duckdb \
		../$(BIN)/python -W ignore -m dbt.cli.main build $(ARGS)

notebooks: dbt ## make the notebooks from their scripts, run on the demonstration's warehouse
	$(BIN)/fame incidents update --warehouse demo.duckdb
	FAME_WAREHOUSE=$(CURDIR)/demo.duckdb $(BIN)/python notebooks/execute.py notebooks/*.py

bench-dbt: $(INSTALLED) $(DBT)/.installed ## dbt's first build and daily increment, on 10 million rows
	$(BIN)/python benchmarks/dbt.py $(ARGS)

bench: $(INSTALLED) ## rows per second, live and stored, on 10 million rows
	$(BIN)/python benchmarks/scoring.py $(ARGS)

bench-scale: $(INSTALLED) ## the naive query over ROWS lines: as written, planned, stored
	$(BIN)/python benchmarks/scale.py --rows $(ROWS) $(ARGS)

bench-memory: $(INSTALLED) ## scoring and marts over ROWS lines with 2 GB of memory
	$(BIN)/python benchmarks/memory.py --rows $(ROWS) $(ARGS)

bench-detection: $(INSTALLED) ## how masks and heads change detection
	$(BIN)/python benchmarks/detection.py $(ARGS)

bench-suspects: $(INSTALLED) ## how 'fame look' does on the logs below the folder DATA
	$(BIN)/python benchmarks/suspects.py $(DATA) $(ARGS)

attack: $(INSTALLED) ## 1,000 kills, flipped bits, forged files, hostile texts: ARGS=--kills=60 for a sample
	HF_HUB_OFFLINE=1 $(BIN)/python -W ignore benchmarks/attack.py $(ARGS)

bench-regex: $(INSTALLED) ## time of masks, redaction and ingest on runs of one character
	$(BIN)/python -W ignore benchmarks/regex_time.py $(ARGS)

# Asks a public list of known vulnerabilities, so not part of 'make test'.
audit: $(INSTALLED) ## known vulnerabilities of the pinned packages; needs the network
	$(PYTHON) -m venv build/audit
	build/audit/bin/pip install --quiet pip-audit
	build/audit/bin/pip-audit --strict --requirement constraints.txt --no-deps --disable-pip

paper: $(INSTALLED) ## the FAME paper's protocol on a labelled log: make paper DATA=BGL.log
	$(BIN)/python -W ignore benchmarks/paper.py $(DATA) $(ARGS)

bench-ingest: $(INSTALLED) ## cost of ingest beside the limit, and beside a revision with BEFORE=rev
	$(BIN)/python benchmarks/ingest.py $(if $(BEFORE),--before $(BEFORE)) $(ARGS)

bench-serve: RECORDS ?= 200000
bench-serve: SECONDS ?= 60
bench-serve: KILLS ?= 10
bench-serve: LIMIT ?= 120
bench-serve: $(INSTALLED) ## records per second of the server, beside ingest, a steady load, and kills at random
	test -f demo.duckdb || $(BIN)/fame demo
	timeout $(LIMIT) $(BIN)/python benchmarks/serve.py --records $(RECORDS)
	$(BIN)/python benchmarks/serve_steady.py --rate 5000 --records $(RECORDS) --seconds $(SECONDS)
	HF_HUB_OFFLINE=1 timeout $(LIMIT) $(BIN)/python -W ignore benchmarks/attack.py --kills $(KILLS) --stages server

bench-lake: $(INSTALLED) $(DUCKDB_1)/.installed ## a lake beside a file: writers, readers, kills, small files (needs PostgreSQL)
	PYTHONPATH=$(DUCKDB_1) $(BIN)/python -W ignore benchmarks/lake.py $(ARGS)

bench-inference: $(INSTALLED) ## distinct messages per second by preset and runtime
	HF_HUB_OFFLINE=1 $(BIN)/python -W ignore benchmarks/inference.py $(ARGS)

generate: $(INSTALLED) ## the dbt macro, contracts and reference of a verdict's columns
	$(BIN)/python docs/generate_verdict.py

docs: $(INSTALLED) ## write the generated pages of the reference
	$(BIN)/python docs/generate.py

snippets: $(INSTALLED) ## run the code in the documentation and store its output
	rm -rf build/snippets && mkdir -p build/snippets
	cd build/snippets && ../../$(BIN)/python -W ignore ../../docs/snippets.py --write
	$(BIN)/python docs/generate.py

pictures: $(INSTALLED) ## take the pictures of the documentation again, with Chromium
	test -f demo.duckdb || $(BIN)/fame demo
	$(BIN)/fame incidents update --warehouse demo.duckdb
	$(BIN)/python docs/pictures.py demo.duckdb

site: $(SITE)/.installed ## build the documentation site into build/site
	NO_MKDOCS_2_WARNING=1 $(SITE)/bin/mkdocs build --strict

# In a separate environment: the package needs nothing that the site needs.
$(SITE)/.installed: docs/requirements.txt
	rm -rf $(SITE)
	$(PYTHON) -m venv $(SITE)
	$(SITE)/bin/pip install --quiet --requirement $<
	touch $@

format: $(INSTALLED) ## format the code with ruff
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

clean: ## remove built files and the environment
	rm -rf build .venv

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
DUCKDB_1 := build/duckdb-1.5.6
WORKERS ?= 2
ARGS ?=

.PHONY: help install demo test lint types unit unit-duckdb-1 docs format bench clean

help: ## show this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

install: $(INSTALLED) ## set up .venv from pinned constraints

# torch first: whatever depends on it must find it there, or pip fetches the CUDA build.
$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "fame-sql needs Python 3.11"'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt torch numpy
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: $(INSTALLED) ## build a demonstration warehouse and show what comes out
	$(BIN)/fame demo $(ARGS)

test: lint types unit unit-duckdb-1 ## everything that CI runs

lint: $(INSTALLED) ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# udfs/ and sql/ are installed inside the package; mypy must find them there as well.
types: $(INSTALLED) ## mypy, strict
	rm -rf build/types && mkdir -p build/types/fame_sql
	ln -s $(CURDIR)/fame_sql/* $(CURDIR)/udfs $(CURDIR)/sql build/types/fame_sql/
	cd build/types && $(CURDIR)/$(BIN)/mypy --config-file $(CURDIR)/pyproject.toml -p fame_sql

unit: $(INSTALLED) ## all tests, on the installed DuckDB
	HF_HUB_OFFLINE=1 $(BIN)/pytest -n $(WORKERS) $(ARGS)

unit-duckdb-1: $(INSTALLED) $(DUCKDB_1) ## all tests, on DuckDB 1.5.6
	HF_HUB_OFFLINE=1 PYTHONPATH=$(DUCKDB_1) $(BIN)/pytest -n $(WORKERS) $(ARGS)

$(DUCKDB_1):
	$(BIN)/pip install --quiet --no-deps --target $@ duckdb==1.5.6

bench: $(INSTALLED) ## rows a second, live and stored, on 10 million rows
	$(BIN)/python benchmarks/scoring.py $(ARGS)

docs: $(INSTALLED) ## the command reference, from the commands' help
	$(BIN)/python docs/generate.py

format: $(INSTALLED) ## ruff, changing files
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

clean: ## remove what was built
	rm -rf build .venv

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
DUCKDB_1 := build/duckdb-1.5.6
ARGS ?=

.PHONY: help install demo test lint types check format clean
help: ## Show what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

# `make run` starts Rygråd, `make test` proves it. Both install what they need into .venv from the hashed locks.
SHELL := /bin/bash
PYTHON ?= python3
PY := .venv/bin/python
export PYTHONDONTWRITEBYTECODE := 1
export HYPOTHESIS_STORAGE_DIRECTORY := .venv/.cache/hypothesis

.PHONY: help run test lint types unit rasa-test lock clean

help: ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

.venv/bin/uv:
	@echo "Preparing .venv …"
	@$(PYTHON) -m venv .venv
	@.venv/bin/pip install --quiet --disable-pip-version-check 'uv==0.13.8'

.venv/.installed: requirements.txt pyproject.toml | .venv/bin/uv
	@echo "Installing from the hashed lock …"
	@.venv/bin/uv pip install --quiet --python $(PY) --no-deps --require-hashes --compile-bytecode -r requirements.txt
	@.venv/bin/uv pip install --quiet --python $(PY) --no-deps --editable .
	@touch $@

.venv/.installed-dev: requirements-dev.txt .venv/.installed
	@echo "Installing what tests need …"
	@.venv/bin/uv pip install --quiet --python $(PY) --no-deps --require-hashes --compile-bytecode -r requirements-dev.txt
	@touch $@

run: .venv/.installed ## start everything; Ctrl-C stops it
	@exec .venv/bin/rygraad up

test: .venv/.installed-dev lint types unit ## everything that must hold

lint: .venv/.installed-dev ## ruff, and the one-way dependencies
	@.venv/bin/ruff check bot actions tests

types: .venv/.installed-dev ## mypy
	@.venv/bin/mypy bot actions

unit: .venv/.installed-dev ## pytest
	@$(PY) -m pytest

rasa-test: .venv/.installed-dev ## Rasa's own data validation and story tests (rules, not safety)
	@.venv/bin/rygraad train
	@.venv/bin/rygraad rasa data validate --fail-on-warnings
	@.venv/bin/rygraad rasa test core --stories tests/rasa --fail-on-prediction-errors --out .venv/.cache/rasa-test

lock: | .venv/bin/uv ## resolve the locks anew
	@.venv/bin/uv pip compile pyproject.toml --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --quiet -o requirements.txt
	@.venv/bin/uv pip compile pyproject.toml --group dev -c requirements.txt --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --quiet -o requirements-dev.txt

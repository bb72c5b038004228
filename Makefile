# `make run` starts Rygråd, `make test` proves it. Both install what they need into .venv from the hashed locks.
SHELL := /bin/bash
PYTHON ?= python3
PY := .venv/bin/python
export PYTHONDONTWRITEBYTECODE := 1
export HYPOTHESIS_STORAGE_DIRECTORY := .venv/.cache/hypothesis

.PHONY: help run test lint types rasa-test unit browser evaluate plain-rasa learning-curve simulation telegram-kills \
	thresholds fuzz load bench chaos soak lock

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

test: .venv/.installed-dev lint types rasa-test unit ## everything that must hold

lint: .venv/.installed-dev ## ruff, the one-way dependencies, and the texts
	@.venv/bin/ruff check bot actions tests
	@.venv/bin/ruff format --quiet --check bot actions tests
	@.venv/bin/lint-imports --no-cache > .venv/.cache/imports.log || (cat .venv/.cache/imports.log; exit 1)
	@.venv/bin/rygraad content check

types: .venv/.installed-dev ## mypy
	@.venv/bin/mypy bot actions

rasa-test: .venv/.installed-dev ## Rasa's own data validation and story tests (rules, not safety)
	@.venv/bin/rygraad train
	@.venv/bin/rygraad rasa data validate > .venv/.cache/validate.log 2>&1 || (cat .venv/.cache/validate.log; exit 1)
	@.venv/bin/rygraad rasa test core --fail-on-prediction-errors --out .venv/.cache/rasa-test > .venv/.cache/stories.log 2>&1 \
		|| (cat .venv/.cache/stories.log; exit 1)
	@echo "Rasa: data valid, stories pass."

unit: .venv/.installed-dev browser ## pytest: units, conversations, the running stack, the browser
	@$(PY) -m pytest

browser: .venv/.installed-dev ## a Chromium or Chrome for the tests: the installed one, else Debian's, else Playwright's
	@$(PY) -m tests.browser.provide

FILES ?= nlu_data/held_out/*/*.jsonl
QUESTIONS ?= nlu_data/held_out_topics/*/*.jsonl
evaluate: .venv/.installed ## measure screening and topics beside baselines; FILES="…" and QUESTIONS="…" name other labelled messages
	@.venv/bin/rygraad evaluate $(FILES) --into docs/safety/report.md
	@.venv/bin/rygraad evaluate-topics $(QUESTIONS) --into docs/topics.md

.venv/plain/.installed: bot/evaluation/plain/requirements.in bot/evaluation/plain/overrides.txt | .venv/bin/uv
	@$(PYTHON) -m venv .venv/plain
	@.venv/bin/uv pip install --no-config --quiet --python .venv/plain/bin/python --compile-bytecode \
		-r bot/evaluation/plain/requirements.in --override bot/evaluation/plain/overrides.txt
	@touch $@

plain-rasa: .venv/.installed .venv/plain/.installed ## a plain Rasa with TensorFlow, trained on the same data, to compare with; over an hour
	@.venv/bin/rygraad plain-rasa

learning-curve: .venv/.installed ## figures against the amount of data; takes minutes
	@.venv/bin/rygraad learning-curve $(FILES)

simulation: .venv/.installed-dev ## 200 patients over 26 weeks through the running stack, with 20 kills; about an hour
	@$(PY) -m tests.simulation

telegram-kills: .venv/.installed-dev ## conversations over Telegram with 50 kills; about ten minutes
	@$(PY) -m tests.kills

load: .venv/.installed-dev ## how fast it answers while 1, 10, 50 and 200 patients type; ten minutes on a quiet machine
	@$(PY) -m tests.load

bench: .venv/.installed-dev .venv/plain/.installed ## beside a plain Rasa, into docs/performance.md; training that one first takes half an hour
	@$(PY) -m tests.bench --two --postgres

chaos: .venv/.installed-dev ## two of everything, 200 kills and outages, every message accounted for; half an hour
	@$(PY) -m tests.chaos --minutes 40

soak: .venv/.installed-dev ## ten messages a second for 40 minutes: does memory grow?
	@$(PY) -m tests.soak

fuzz: .venv/.installed-dev ## ask every operation of the API 200 times, with examples drawn anew, on both databases; half an hour
	@RYGRAAD_FUZZ_EXAMPLES=200 $(PY) -m pytest tests/security

thresholds: .venv/.installed ## choose screening's thresholds on nlu_data/tuning
	@.venv/bin/rygraad thresholds

lock: | .venv/bin/uv ## resolve the locks anew
	@.venv/bin/uv pip compile pyproject.toml --python-version 3.11 --generate-hashes --no-header --quiet -o requirements.txt
	@.venv/bin/uv pip compile pyproject.toml --group dev -c requirements.txt --python-version 3.11 --generate-hashes --no-header --quiet -o requirements-dev.txt

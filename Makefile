# Two commands: `make serve` installs everything and serves the full base, `make test` installs and runs all tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 8000
export NEXUSKB_HOME ?= $(CURDIR)/.nexuskb

.PHONY: install serve test check format validate clean

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

serve: install
	$(BIN)/nexuskb serve --host $(HOST) --port $(PORT)

test: install
	$(BIN)/pytest

check: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: install
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

validate: install
	$(BIN)/nexuskb validate

clean:
	rm -rf $(VENV) .nexuskb .mypy_cache .ruff_cache .pytest_cache .hypothesis

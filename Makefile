# Two commands: `make serve` installs everything and serves the full base, `make test` installs and runs all tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 8000
export NEXUSKB_HOME ?= $(CURDIR)/.nexuskb

FRONTEND := $(wildcard api/frontend/*.* api/frontend/src/*)
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

# pip keeps to itself what a build has to say.
TELL := test -f api/nexuskb_api/static/built/manifest.json || printf '\n%s\n%s\n\n' \
  '*** The scripts of the pages were not built: the query page is a plain form. All else works without them.' \
  '*** When the npm registry can be reached: rm $(VENV)/.frontend && make install'

.PHONY: install serve test check format texts validate clean

install: $(VENV)/.installed $(VENV)/.frontend

$(VENV)/.installed: pyproject.toml hatch_build.py
	$(PYTHON) -m venv $(VENV)
	$(PIP) --editable '.[dev]'
	touch $(VENV)/.frontend $@
	@$(TELL)

# The scripts of the pages are built as the package is installed. Without them all pages work, so this may fail.
$(VENV)/.frontend: $(FRONTEND) | $(VENV)/.installed
	$(PIP) --no-deps --editable . || true
	touch $@
	@$(TELL)

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

# Gather the texts of the templates into the catalogue; LANGUAGE=ru brings locale/ru.po up to date with it.
LOCALE := api/nexuskb_api/locale
texts: install
	$(BIN)/pybabel -q extract -F pyproject.toml --no-location --sort-output --no-wrap --project=nexuskb \
	    --copyright-holder="the nexuskb authors" -o $(LOCALE)/nexuskb.pot api
	sed -i -E '/^("(POT-C|PO-R|Report-M|Last-T|Language-T|Generated-B)|# FIRST AUTHOR|#, fuzzy$$)/d' $(LOCALE)/nexuskb.pot
ifdef LANGUAGE
	$(BIN)/pybabel -q update --no-fuzzy-matching --ignore-obsolete --no-wrap -i $(LOCALE)/nexuskb.pot \
	    -l $(LANGUAGE) -o $(LOCALE)/$(LANGUAGE).po
endif

validate: install
	$(BIN)/nexuskb validate

clean:
	rm -rf $(VENV) .nexuskb .mypy_cache .ruff_cache .pytest_cache .hypothesis api/frontend/node_modules api/nexuskb_api/static/built

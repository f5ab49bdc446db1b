# Needs Python 3.11 and make; brings the rest into .venv. Every target can be run again at any time.

PYTHON ?= python3
PORT ?= 8501
JOBS ?= 2
BIN := .venv/bin
VIEWERS := segviz/viewers
VIEWER_SOURCES := $(shell find $(VIEWERS)/src $(wildcard $(VIEWERS)/*.json $(VIEWERS)/*.ts) -type f)

# Debian packages are installed where that needs no password; elsewhere the message says what to do.
ROOT := $(if $(filter 0,$(shell id -u)),,sudo -n)
APT := $(ROOT) apt-get -qq -y -o Dpkg::Use-Pty=0

.DEFAULT_GOAL := help
.PHONY: help app demo test check browser bench chaos clean

help:
	@echo "make app      set up, make the demonstration cases, serve http://localhost:$(PORT) (PORT=...)"
	@echo "make demo     make the demonstration cases"
	@echo "make test     every check and test (JOBS=... side by side)"
	@echo "make check    style, types and layers only"
	@echo "make browser  the tests in a real browser only"
	@echo "make bench    what is fast, side by side with what is usual (BENCH=\"--whole scene\" for one of them)"
	@echo "make chaos    kill -9 and full disks while masks are edited (CHAOS=\"--kills 50\" for fewer)"
	@echo "make clean    remove what make brought or built, the workspace stays"

app: demo
	$(BIN)/streamlit run app.py --server.port $(PORT)

demo: $(BIN)/.app
	$(BIN)/segviz demo

test: check $(BIN)/.chromium
	cd $(VIEWERS) && PATH="$(CURDIR)/$(BIN):$$PATH" npm test
	$(BIN)/pytest -n $(JOBS) --dist worksteal -m "not browser"
	$(BIN)/pytest -m browser

check: $(BIN)/.test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

browser: $(BIN)/.test $(BIN)/.chromium
	$(BIN)/pytest -m browser

bench: $(BIN)/.app
	$(BIN)/python tests/bench $(BENCH)

chaos: $(BIN)/.app
	$(BIN)/python tests/chaos $(CHAOS)

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	rm -rf $(VIEWERS)/assets $(VIEWERS)/node_modules
	find . -name __pycache__ -prune -exec rm -rf {} +

# pip builds the viewers as it installs the package, so their sources count as well
INSTALLED := requirements.txt pyproject.toml $(VIEWERS)/build.py $(VIEWER_SOURCES)

$(BIN)/.app: $(INSTALLED) | $(BIN)/pip
	$(BIN)/pip install --disable-pip-version-check -e .
	@touch $@

$(BIN)/.test: $(INSTALLED) | $(BIN)/pip
	$(BIN)/pip install --disable-pip-version-check -e '.[test]'
	@touch $(BIN)/.app $@

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "segviz needs Python 3.11 or later: make PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null \
		|| { $(APT) update && $(APT) install python3-venv; } \
		|| { echo "Python cannot make virtual environments here: sudo apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv .venv

$(BIN)/.chromium: | $(BIN)/pip
	@command -v chromium > /dev/null || command -v chromium-browser > /dev/null \
		|| { $(APT) update && $(APT) install chromium; } \
		|| echo "Without Chromium the browser tests are skipped: sudo apt-get install chromium"
	@touch $@

# lifeledger: make demo shows it, make test checks it.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO_DIR ?= $(CURDIR)/.demo
WORKERS ?= 2
SOAK_SECONDS ?= 600
BENCH ?=

.PHONY: demo test lint unit drill bench soak clean

# What is installed editable is not compiled by pip, and may never be where PYTHONDONTWRITEBYTECODE is set.
$(VENV)/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "lifeledger needs Python 3.11 or newer: make PYTHON=...")'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	$(BIN)/python -m compileall -q domain infrastructure migrations projections
	touch $@

demo: $(VENV)/installed
	$(BIN)/lifeledger demo examples --data-dir "$(DEMO_DIR)"

test: lint unit

lint: $(VENV)/installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: $(VENV)/installed
	$(BIN)/pytest --numprocesses $(WORKERS) --dist loadfile

drill: $(VENV)/installed
	$(BIN)/pytest -m drill --numprocesses $(WORKERS) --dist loadfile

bench: $(VENV)/installed
	$(BIN)/python -m benchmarks $(BENCH)

soak: $(VENV)/installed
	SOAK_SECONDS=$(SOAK_SECONDS) $(BIN)/pytest tests/soak --capture=no --verbose

clean:
	rm -rf $(VENV) build *.egg-info

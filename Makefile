# What a fresh checkout needs is Python 3.11 or newer, git and make.
#
#   make demo       run the quickstart notebook without a browser and print the answers as they come
#   make notebook   open it in JupyterLab
#   make test       run the tests
#   make bench      run the benchmarks
#   make check      format, lint, types and the quick tests
#   make clean      remove build results and caches; the environment in .venv stays
#
# PYTHON=/path/to/python picks the interpreter, VENV=folder the environment's place.

PYTHON ?= $(firstword $(foreach name,python3 python3.13 python3.12 python3.11 python,\
	$(shell $(name) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(name))) python3)
VENV ?= .venv

ifeq ($(OS),Windows_NT)
PY := $(VENV)/Scripts/python
else
PY := $(VENV)/bin/python
endif
PIP := $(PY) -m pip --disable-pip-version-check

DEMO_EXTRAS := local
NOTEBOOK_EXTRAS := local,lab,examples
TEST_EXTRAS := test,local,lab,images,otel,socks

.PHONY: demo notebook test bench check static clean

demo: $(VENV)/.a3s-demo
	@$(PY) -m a3s_kernel model fetch
	@$(PY) scripts/demo.py notebooks/quickstart.ipynb

notebook: $(VENV)/.a3s-notebook
	@$(PY) -m a3s_kernel model fetch
	@$(PY) -m jupyterlab notebooks/quickstart.ipynb $(LAB_OPTIONS)

test: $(VENV)/.a3s-test
	@$(PY) -m pytest $(PYTEST_OPTIONS)

bench: $(VENV)/.a3s-test
	@$(PY) -m benchmarks $(BENCH_OPTIONS)

check: $(VENV)/.a3s-test
	@VENV=$(VENV) scripts/check

static: $(VENV)/.a3s-test
	@VENV=$(VENV) scripts/check static

clean:
	rm -rf dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis

# The stamps are as good as pyproject.toml, the only file that says what must be installed.

$(VENV)/.a3s-venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; say make PYTHON=/path/to/python3.11")'
	@echo "Making the environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.a3s-demo: EXTRAS = $(DEMO_EXTRAS)
$(VENV)/.a3s-notebook: EXTRAS = $(NOTEBOOK_EXTRAS)
$(VENV)/.a3s-test: EXTRAS = $(TEST_EXTRAS)

$(VENV)/.a3s-%: pyproject.toml | $(VENV)/.a3s-venv
	@echo "Installing a3s-kernel[$(EXTRAS)] into $(VENV); the first time takes a few minutes"
	@$(PIP) install --editable ".[$(EXTRAS)]"
	@touch $@

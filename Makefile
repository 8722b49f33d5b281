# Every target but help and setup sets up first, which takes no time where nothing is to be done.
# `make test ARGS="-k cells"` passes arguments on; `make setup PYTHON=/path/to/python3.12` chooses the Python.
# `make test PYTHON=python3.12 VENV=.venv-3.12` does it in an environment of its own, beside .venv.

VENV ?= .venv
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
# The Python that sets up: the environment's own where there is one, else the first of these that runs.
PYTHON ?= $(or $(wildcard $(BIN)/python $(BIN)/python.exe),$(shell \
	for p in python3.11 python3.12 python3.13 python3; do $$p -c "" >/dev/null 2>&1 && { echo $$p; break; }; done))

.DEFAULT_GOAL := help
.PHONY: help setup report release test test-all test-newest lab site lint

help:
	@echo 'make setup     make .venv, with everything the kit needs'
	@echo 'make report    run the regimes at smoke size and write one HTML page with every plot'
	@echo 'make release   derive the students'"'"' notebooks into release/, and build dist/student.zip'
	@echo 'make test      run the tests, but for the slow ones'
	@echo 'make test-all  run all the tests'
	@echo 'make test-newest  run the tests with the newest versions that are allowed, in .venv-newest'
	@echo 'make lab       open JupyterLab on the notebooks'
	@echo 'make site      build the documentation as a site, dist/site/index.html'
	@echo 'make lint      check the code with ruff, its types with mypy'
	@echo 'More arguments: make test ARGS="-k cells". Another Python: make setup PYTHON=python3.12,'
	@echo 'or beside .venv: make test PYTHON=python3.12 VENV=.venv-3.12'

setup:
	@$(or $(PYTHON),$(error found no python3.11, python3.12, python3.13 or python3; install Python 3.11 to 3.13 or give PYTHON=/path/to/python)) -m rnnkit setup --folder $(VENV)

report release test test-all test-newest lab site: setup
	$(BIN)/rnnkit $@ $(ARGS)

lint: setup
	$(BIN)/python -c 'from rnnkit.clone.workshop import lint; raise SystemExit(lint())'

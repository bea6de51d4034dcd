# make predict    classify the demo clips, or CLIPS=folder OUTPUT=file REPORT=page.html; ARGS="..."
#                 are further options of predict.py
# make test       every check and test
# make setup      the virtual environment: command line, Python API, grader
# make dev        the same with what tests, lint and training need
# make slow       the tests that need the network or minutes
# make notebook   open the page to upload a clip
# make distributed  the tests of the Ray adapter
# make container  build the image with repo2docker and run it like a grader; needs root
# make weights    train all that ships: DATA=folder of labelled clips, INIT=folder of published weights
# make audit      software bills of materials, and a check against known vulnerabilities
# make binder     the branch for mybinder.org
# make lock       renew requirements/*.lock and environment.yml
# The newest Python from 3.11 to 3.13 that runs, unless PYTHON names one.
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
ifndef PYTHON
PYTHON := $(shell for python in python3.13 python3.12 python3.11 python3; do \
	$$python -c '$(FITS)' 2>/dev/null && echo $$python && break; done)
endif
CLIPS ?= demo
OUTPUT ?= submission.csv
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --retries 5 --require-hashes

.PHONY: setup dev version distributed notebook predict test lint slow container weights audit binder lock clean
.DELETE_ON_ERROR:

setup: $(VENV)/.cpu

$(BIN)/python:
	@$(or $(PYTHON),false) -c '$(FITS)' || { echo "no Python from 3.11 to 3.13 found: install one (apt install python3 python3-venv) or name it with PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv $(VENV)

# A stamp holds the date of the last installation; a changed lock makes it stale.
$(VENV)/.cpu: requirements/cpu.lock | $(BIN)/python
	$(PIP) -r requirements/cpu.lock
	@touch $@

$(VENV)/.dev: requirements/dev.lock $(VENV)/.cpu
	$(PIP) -r requirements/dev.lock
	@touch $@

version: $(BIN)/python
	@$(BIN)/python -c 'import sys; print("%d.%d" % sys.version_info[:2])'

# What the notebooks need; their tests are slow ones.
$(VENV)/.notebook: requirements/notebook.lock $(VENV)/.dev
	$(PIP) -r requirements/notebook.lock
	@touch $@

# What the Ray adapter and its tests need.
$(VENV)/.distributed: requirements/distributed.lock $(VENV)/.dev
	$(PIP) -r requirements/distributed.lock
	@touch $@

dev: $(VENV)/.dev

notebook: $(VENV)/.notebook
	$(BIN)/voila notebooks/upload.ipynb

predict: setup
	@$(BIN)/python predict.py "$(CLIPS)" -o "$(OUTPUT)" --top 3 $(if $(REPORT),--report "$(REPORT)") $(ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# TESTS names folders or files; all quick tests if left out.
test: lint
	$(BIN)/python -m pytest $(TESTS)

# The tests that the default run leaves out: real recordings fetched from Debian packages.
slow: $(VENV)/.notebook
	$(BIN)/python -m pytest -m slow

# The tests on a local Ray cluster and a local object store.
distributed: $(VENV)/.distributed
	$(BIN)/python -m pytest -n 0 -m "slow or not slow" tests/model/distributed/test_distributed.py tests/model/distributed/test_cluster.py

# Build the image with repo2docker and run it as a grader does; needs root on Debian.
container: $(VENV)/.dev
	.ci/container/run

# Interrupted, the same command continues; runs/NAME/log.txt has the times.
TRAIN = $(BIN)/python -m training train --data "$(DATA)" --replace
weights: $(VENV)/.dev
	for name in mobilenet best; do $(TRAIN) --system $$name --init "$(INIT)" --sources || exit 1; done
	for name in agf shortterm xgboost stft xception_narrow dpn_narrow svm; do $(TRAIN) --system $$name || exit 1; done
	$(BIN)/python -m training baselines
	for name in mobilenet best; do $(BIN)/python -m training evaluate --system $$name || exit 1; done
	$(BIN)/python -m benchmarks systems
	$(BIN)/python -m training leaderboard

audit: $(VENV)/.dev
	requirements/audit.sh

binder:
	requirements/binder.sh

lock: $(VENV)/.dev
	requirements/lock.sh

clean:
	rm -rf $(VENV) submission.csv submission.errors.jsonl

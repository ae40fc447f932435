# All targets need Python >= 3.11 and make only.

PYTHON ?= python3
VENV ?= .venv
RUN := $(VENV)/bin/python
DEMO ?= runs/demo
# Tests that compile little.
QUICK := tests/assignment/flow_test.py tests/assignment/joint_test.py \
  tests/commands/console_test.py tests/config_test.py tests/data \
  tests/losses_test.py tests/runs tests/experiments/configs_test.py

.PHONY: demo test quick docs clean

demo: $(VENV)/.ready  ## train, score and report the demo (a few minutes)
	$(RUN) -m experiments.train --config=experiments/configs/demo.py \
	  --workdir=$(DEMO)

test: $(VENV)/.ready  ## lint and types, then every test on all cores
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy
	$(RUN) -m pytest -q -n auto --dist loadfile

quick: $(VENV)/.ready  ## lint, types, and the tests that compile little
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy
	$(RUN) -m pytest -q -n auto --dist loadfile $(QUICK)

docs: $(VENV)/.ready  ## the documentation site, in docs/_build/html
	$(RUN) -m sphinx -b html -W --keep-going -d docs/_build/doctrees \
	  docs docs/_build/html

$(VENV)/.ready: requirements.txt setup.cfg
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
	  f"Python >= 3.11 is needed, {sys.executable} is " + sys.version + \
	  "; name another: make PYTHON=/path/to/python")'
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check \
	  -r requirements.txt -e .
	touch $@

clean:  ## remove the environment, not the runs
	rm -rf $(VENV) *.egg-info

# `make demo` and `make test` need Python >= 3.11 and make, and nothing else.

PYTHON ?= python3
VENV ?= .venv
RUN := $(VENV)/bin/python
DEMO ?= runs/demo

.PHONY: demo test clean

demo: $(VENV)/.ready  ## train, score and report the demo (about three minutes)
	$(RUN) -m experiments.train --config=experiments/configs/demo.py \
	  --workdir=$(DEMO)

test: $(VENV)/.ready  ## lint, then every test
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m pytest -q

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

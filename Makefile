# All targets need Python >= 3.11 and make only.

PYTHON ?= python3
VENV ?= .venv
RUN := $(VENV)/bin/python
DEMO ?= runs/demo
# Tests that compile little.
QUICK := tests/assignment/flow_test.py tests/assignment/joint_test.py \
  tests/commands/console_test.py tests/config_test.py tests/data \
  tests/losses_test.py tests/runs tests/experiments/configs_test.py

.PHONY: demo test quick coverage colab newest lock audit docs clean

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

coverage: $(VENV)/.ready  ## every test, and which lines they leave out
	$(RUN) -m pytest -q -n auto --dist loadfile --cov \
	  --cov-report=term:skip-covered

colab: PINS := jax==0.7.2 jaxlib==0.7.2 flax==0.11.2 \
  orbax-checkpoint==0.12.4 numpy==2.1.3
colab newest: PYTHON = python3.13
colab newest:  ## every test with Colab's versions; with the newest of all
	rm -rf .venvs/$@
	$(PYTHON) -m venv .venvs/$@
	.venvs/$@/bin/python -m pip install --quiet --disable-pip-version-check \
	  -e '.[test]' $(PINS)
	.venvs/$@/bin/python -m pip check
	.venvs/$@/bin/python -m pip freeze --exclude-editable
	.venvs/$@/bin/python -m pytest -q -n auto --dist loadfile $(TESTS)

lock:  ## requirements.lock from requirements.txt; needs uv
	uv pip compile --quiet --universal --python-version 3.11 \
	  --generate-hashes --custom-compile-command "make lock" \
	  --output-file requirements.lock requirements.txt

audit:  ## known vulnerabilities of the locked versions; needs pip-audit
	pip-audit --disable-pip --require-hashes -r requirements.lock

docs: $(VENV)/.ready  ## the documentation site, in docs/_build/html
	$(RUN) -m sphinx -b html -W --keep-going -d docs/_build/doctrees \
	  docs docs/_build/html

$(VENV)/.ready: requirements.lock setup.cfg
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
	  f"Python >= 3.11 is needed, {sys.executable} is " + sys.version + \
	  "; name another: make PYTHON=/path/to/python")'
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check \
	  --require-hashes -r requirements.lock
	$(RUN) -m pip install --quiet --disable-pip-version-check \
	  --no-deps --no-build-isolation -e .
	$(RUN) -m pip check
	touch $@

clean:  ## remove the environment, not the runs
	rm -rf $(VENV) .venvs *.egg-info

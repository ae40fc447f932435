"""The same config and seed give the same bits, also in another process."""

import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from cascade_jax.evaluation import evaluate, evaluation_file
from cascade_jax.runs import log_file
from cascade_jax.training import loop
from tests.helpers import tiny_run
from tests.helpers.timings import without_timings

ELSEWHERE = """
import sys
from tests.training import determinism_test
determinism_test.train_and_evaluate(sys.argv[1])
"""


def train_and_evaluate(folder):
  dataset = tiny_run.tiny_dataset()
  loop.train(tiny_run.tiny_config(), folder, dataset)
  evaluate.evaluate_run(folder, dataset=dataset)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
  """One run in this process; one in another, which compiles it anew."""
  here, there = (tmp_path_factory.mktemp(name) for name in ("here", "there"))
  train_and_evaluate(here)
  subprocess.run(
    [sys.executable, "-c", ELSEWHERE, there],
    env=os.environ
    | {"JAX_ENABLE_COMPILATION_CACHE": "false", "PYTHONHASHSEED": "3"},
    check=True,
  )
  return here, there


def test_weights_have_the_same_bits(folders):
  digests = [
    (folder / "checkpoints" / "8" / "digests" / "metadata").read_text()
    for folder in folders
  ]
  assert digests[0] == digests[1] and "params" in digests[0]


def test_logs_and_scores_are_equal(folders):
  logs = [list(map(without_timings, log_file.read(each))) for each in folders]
  assert logs[0] == logs[1] and len(logs[0]) == 8
  evaluations = [
    without_timings(evaluation_file.read(each)) for each in folders
  ]
  assert evaluations[0] == evaluations[1]


def test_arrays_of_the_evaluation_have_the_same_bits(folders):
  here, there = (
    dict(np.load(pathlib.Path(each) / "evaluation.npz")) for each in folders
  )
  assert here.keys() == there.keys()
  for name, array in here.items():
    assert array.tobytes() == there[name].tobytes(), name

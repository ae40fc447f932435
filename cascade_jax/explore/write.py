"""Writing the page of a run."""

import pathlib

from absl import logging

from cascade_jax import atomic
from cascade_jax.activity import activity
from cascade_jax.errors import UserError
from cascade_jax.evaluation import evaluate
from cascade_jax.evaluation.evaluate import Evaluator
from cascade_jax.explore import contents
from cascade_jax.explore.page import page
from cascade_jax.report.run import EXPLORER
from cascade_jax.types import TrainState


def evaluate_and_explore(evaluator: Evaluator, folder: pathlib.Path) -> dict:
  """Writes a run's evaluation files, and explore.html if its decoder allows it.

  Args:
    evaluator: whose method and data set the run has.
    folder: of the run, which `evaluate.opened` has locked.

  Returns:
    The contents of `evaluation.json`.
  """
  state = evaluator.restore(folder)
  results = evaluate.evaluate_state(evaluator, state, folder)
  path = folder / EXPLORER
  try:
    with activity(f"writing {path.name}"):
      text = page(contents.of_state(evaluator, state))
  except UserError as error:  # a decoder of the user's own
    logging.warning("there will be no %s: %s", EXPLORER, error)
    path.unlink(missing_ok=True)  # the report must not link to an older model
  else:
    atomic.write(path, text.encode())
  return results


def write_page(
  evaluator: Evaluator, state: TrainState, path: pathlib.Path
) -> None:
  """Writes the page in which one explores a state; one file, no network.

  Args:
    evaluator: whose method and data set the state has.
    state: of one replica.
    path: of the page; a file that is there is replaced.

  Raises:
    UserError: the page can't compute the method's decoder; nothing is written.
  """
  with activity(f"writing {path.name}"):
    text = page(contents.of_state(evaluator, state))
    atomic.write(path, text.encode())

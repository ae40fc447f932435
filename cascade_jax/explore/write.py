"""Writing the page of a run."""

import pathlib

from absl import logging

from cascade_jax.errors import UserError
from cascade_jax.evaluation.evaluate import Evaluator
from cascade_jax.explore import contents
from cascade_jax.explore.page import page
from cascade_jax.report.run import EXPLORER
from cascade_jax.types import TrainState


def write_explorer(evaluator: Evaluator, folder: pathlib.Path) -> None:
  """Writes explore.html of a run's newest state, if its decoder allows it.

  Args:
    evaluator: whose method and data set the run has.
    folder: of the run.
  """
  path = folder / EXPLORER
  try:
    write_page(evaluator, evaluator.restore(folder), path)
  except UserError as error:  # a decoder of the user's own
    logging.warning("there will be no %s: %s", EXPLORER, error)
    path.unlink(missing_ok=True)  # the report must not link to an older model


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
  text = page(contents.of_state(evaluator, state))
  partial = path.with_name(f".{path.name}.partial")
  partial.write_text(text, encoding="utf-8")
  partial.replace(path)

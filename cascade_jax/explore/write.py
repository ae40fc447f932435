"""Writing the page of a run."""

import pathlib

from cascade_jax.evaluation.evaluate import Evaluator
from cascade_jax.explore import contents
from cascade_jax.explore.page import page
from cascade_jax.types import TrainState


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

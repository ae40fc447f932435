"""Which category the images of each class get, by the value of a factor.

Shapes: N images, S categories, C classes, V values of the factor.
"""

import contextlib
import os

import jax
import numpy as np

from cascade_jax.activity import activity
from cascade_jax.errors import UserError
from cascade_jax.evaluation import evaluate, scores
from cascade_jax.runs.checkpoints import Checkpoints


def category_shares(
  categories: np.ndarray,
  classes: np.ndarray,
  values: np.ndarray,
  sizes: tuple[int, int, int],
) -> np.ndarray:
  """Returns the share of each category among the images of class and value.

  Args:
    categories: `[N]`, from 0.
    classes: `[N]`, the true classes.
    values: `[N]`, of another factor.
    sizes: S, C and V.

  Returns:
    `[C, V, S]`; its rows sum to 1, or are NaN where there is no image.
  """
  num_categories, num_classes, num_values = sizes
  counts = np.zeros((num_classes, num_values, num_categories))
  np.add.at(counts, (classes, values, categories), 1)
  with np.errstate(invalid="ignore"):
    return counts / counts.sum(axis=-1, keepdims=True)


def of_run(
  folder: str | os.PathLike, factor: str, num_images: int
) -> tuple[dict[int, np.ndarray], tuple[str, ...]]:
  """Returns the shares at each checkpoint of a run whose code was in use.

  Args:
    folder: of the run, of one discrete variable.
    factor: its values are told apart.
    num_images: size of the random sample; 0 for all.

  Returns:
    The shares `[C, V, S]` by step, and the names of the C classes.

  Raises:
    UserError: the run has no discrete code, no checkpoint with the code in use,
      or no such factor.
  """
  with evaluate.opened([folder], num_images) as ((path,), evaluator):
    dataset, method = evaluator.dataset, evaluator.method
    if factor not in dataset.factor_names or dataset.classes is None:
      raise UserError(
        f"--factor is {factor!r}; data set {dataset.name!r} must have this "
        f"factor and classes, its factors are {dataset.factor_names}"
      )
    if len(method.num_categories) != 1:
      raise UserError(
        f"{path} has {len(method.num_categories)} discrete variables; shares "
        "are of one"
      )
    assert dataset.factors is not None
    column = dataset.factor_names.index(factor)
    sizes = (
      method.num_categories[0],
      int(dataset.classes.max()) + 1,
      dataset.factor_sizes[column],
    )
    indices = scores.sample(len(dataset.images), num_images)
    shares = {}
    with activity("compiling what is restored"):
      like = jax.jit(method.init)(0)
    with contextlib.closing(Checkpoints(path / "checkpoints")) as checkpoints:
      for step in checkpoints.steps:
        with activity(f"restoring step {step}"):
          state = checkpoints.restore(like, step)
        if state is None or not evaluator.stage(state).discrete:
          continue
        inferred = evaluator.infer(state, indices, discrete=True)
        shares[int(state.step)] = category_shares(
          inferred.categories[:, 0],
          dataset.classes[indices],
          dataset.factors[indices, column],
          sizes,
        )
  if not shares:
    raise UserError(f"{path} has no checkpoint whose discrete code was in use")
  return shares, dataset.class_names

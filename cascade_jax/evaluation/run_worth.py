"""What the dimensions of a run are worth: the table and its numbers."""

import functools
import os
import time
from collections.abc import Mapping

import numpy as np

from cascade_jax import data
from cascade_jax.activity import activity
from cascade_jax.evaluation import evaluate, scores
from cascade_jax.evaluation.dimension_worth import Codes, dimension_worth
from cascade_jax.evaluation.tables import markdown_table
from cascade_jax.runs.provenance import provenance
from cascade_jax.types import Representation

_PROTOCOL = (
  "Rate: the mean KL of a dimension, the entropy of the code. Loss: of the "
  "reconstruction from one sample of z, if a dimension is unknown to the "
  "decoder. The unknown one is averaged over: the image is the mean of those "
  "decoded at 64 quantiles of the dimension, or at all categories, weighted by "
  "their frequency."
)


def run_worth(folder: str | os.PathLike, num_images: int) -> dict:
  """Returns what the dimensions of a run are worth, for a JSON file.

  Args:
    folder: of a run, whose newest checkpoint is taken.
    num_images: size of the random sample of images; 0 for all, as for more than
      there are.

  Raises:
    UserError: as for `evaluate.evaluate_run`, or the encoder is deterministic.
  """
  with evaluate.opened([folder]) as ((path,), evaluator):
    started = time.perf_counter()
    state = evaluator.restore(path)
    stage, dataset = evaluator.stage(state), evaluator.dataset
    indices = scores.sample(len(dataset.images), num_images)
    inferred = evaluator.infer(state, indices, stage.discrete)
    with activity(f"decoding {len(indices)} images without each dimension"):
      variables = dimension_worth(
        functools.partial(evaluator.decode, state.params),
        data.HostImages(dataset)[indices],
        _codes(inferred, evaluator.method.num_categories),
        likelihood=evaluator.config.likelihood,
      )
  weights = {}
  if stage.kl_weights is not None:
    weights = {f"z{j + 1}": float(w) for j, w in enumerate(stage.kl_weights)}
  return {
    "run": os.fspath(folder),
    "step": int(state.step),
    "seed": int(state.seed),
    "dataset": dataset.name,
    "num_images": len(indices),
    "protocol": _PROTOCOL,
    "variables": {
      variable.name: {
        "kl_weight": weights.get(variable.name),
        "rate": variable.rate,
        "loss": variable.loss,
        "loss_error": variable.error,
        "worth": variable.worth,
      }
      for variable in variables
    },
    "seconds": time.perf_counter() - started,
    **provenance(),
  }


def to_markdown(content: Mapping) -> str:
  """Returns what `run_worth` returns as text with a table."""
  rows = [
    (
      name,
      "" if entry["kl_weight"] is None else f"{entry['kl_weight']:g}",
      f"{entry['rate']:.2f}",
      f"{entry['loss']:.1f} ± {entry['loss_error']:.1f}",
      f"{entry['worth']:.1f}",
    )
    for name, entry in content["variables"].items()
  ]
  header = ("", "KL weight", "rate, nats", "loss, nats", "worth")
  return (
    f"{content['run']}, step {content['step']}, {content['num_images']} images "
    f"of {content['dataset']}. {content['protocol']}\n\n"
    + markdown_table(header, rows)
  )


def _codes(
  inferred: Representation[np.ndarray], num_categories: tuple[int, ...]
) -> Codes:
  """Returns the codes, with the joint category of each image."""
  joint = np.full(len(inferred.mean), -1)
  if inferred.categories.shape[1]:
    joint = np.ravel_multi_index(tuple(inferred.categories.T), num_categories)
  kl = scores.mean_kl(inferred)
  return Codes(inferred.mean, inferred.scale, kl, joint)

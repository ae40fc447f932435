"""Evaluation of trained models: scores, and the arrays that pictures show.

| file | contents |
|---|---|
| `evaluation.json` | scores, protocol, votes, confusion matrix, KL |
| `evaluation.npz` | traversals and reconstructions |
| `codes.npz` | codes of 10,000 images for `experiments.score`; on demand |
"""

import contextlib
import functools
import math
import os
import pathlib
import time
from collections.abc import Iterator, Sequence
from typing import Any

import jax
import ml_collections
import numpy as np
from absl import logging

from cascade_jax import atomic, data, methods, metrics, startup
from cascade_jax import config as config_lib
from cascade_jax.activity import activity
from cascade_jax.errors import UserError
from cascade_jax.evaluation import (
  code_merits,
  evaluation_file,
  metric_scores,
  pictures,
  scores,
)
from cascade_jax.evaluation.represent import compile_represent
from cascade_jax.methods import Method
from cascade_jax.metrics import codes_file
from cascade_jax.runs import checkpoints, json_file, workdir
from cascade_jax.sharding import spread
from cascade_jax.types import Representation, Stage, TrainState

_INFORMATION_SAMPLES = 4096


def evaluate_run(
  folder: str | os.PathLike,
  num_images: int | None = None,
  dataset: data.Dataset | None = None,
  all_metrics: bool = False,
) -> dict:
  """Scores the newest checkpoint of a run, and writes the evaluation files.

  Args:
    folder: of the run.
    num_images: size of the random sample, 0 for all images; None as in the
      config.
    dataset: used instead of the one that the config names.
    all_metrics: whether to compute the slower metrics of `cascade_jax.metrics`
      and the merits of the code too, on 10,000 images, whose codes are saved.

  Returns:
    The contents of `evaluation.json`.

  Raises:
    UserError: no run or no checkpoint in the folder, too large a sample, a run
      that is still training, or a run of several replicas, each of which has a
      folder of its own.
  """
  (results,) = evaluate_runs([folder], num_images, dataset, all_metrics)
  return results


def evaluate_runs(
  folders: Sequence[str | os.PathLike],
  num_images: int | None = None,
  dataset: data.Dataset | None = None,
  all_metrics: bool = False,
) -> list[dict]:
  """Does `evaluate_run` for runs that differ in their seed only.

  They share the data set and the compiled functions.
  """
  with opened(folders, num_images, dataset, all_metrics) as (paths, evaluate):
    return [
      evaluate_state(evaluate, evaluate.restore(path), path) for path in paths
    ]


@contextlib.contextmanager
def opened(
  folders: Sequence[str | os.PathLike],
  num_images: int | None = None,
  dataset: data.Dataset | None = None,
  all_metrics: bool = False,
) -> Iterator[tuple[list[pathlib.Path], "Evaluator"]]:
  """Locks the folders of runs that differ in their seed only.

  Arguments and errors are those of `evaluate_run`.

  Yields:
    The folders' absolute paths, and what evaluates the states in them.
  """
  startup.check_cpu_sums()
  paths = [pathlib.Path(folder).expanduser().resolve() for folder in folders]
  # Before the claim, which would create a folder for a mistyped name.
  configs = [_read_config(path) for path in paths]
  config = configs[0]
  with contextlib.ExitStack() as locks:
    for path in paths:
      locks.enter_context(workdir.claim(path))
    if num_images is not None:
      config.evaluation_images = num_images
    config_lib.check(config)
    dataset = dataset or data.load(**config.data)
    config_lib.check_against_data(
      config, len(dataset.images), dataset.image_shape
    )
    method = methods.build(config, dataset.image_shape)
    yield paths, Evaluator(config, method, dataset, all_metrics)


def _read_config(folder: pathlib.Path) -> ml_collections.ConfigDict:
  config = workdir.read_config(folder)
  if config.num_replicas > 1:
    raise UserError(
      f"{folder} holds {config.num_replicas} replicas, each in a folder of its "
      "own; name those, or score all with "
      f"python -m experiments.evaluate --workdir={folder}"
    )
  return config


def evaluate_state(
  evaluate: "Evaluator", state: TrainState, folder: pathlib.Path
) -> dict:
  """Does `evaluate_run` for a state of a folder that `opened` has locked."""
  results, arrays, inputs = evaluate(state)
  with activity("writing the evaluation", announced=False):
    atomic.write_by(
      folder / "evaluation.npz",
      lambda file: np.savez_compressed(file, **arrays),
    )
    if inputs is not None:
      codes_file.write(folder / "codes.npz", inputs)
  json_file.write(folder / evaluation_file.NAME, evaluation_file.KIND, results)
  return results


class Evaluator:
  """Evaluation of states of one method on one data set; it compiles once.

  Args:
    config: of the runs; seeds are read from the states.
    method: of the states.
    dataset: on the host.
    all_metrics: as in `evaluate_run`.

  Attributes:
    config: of the runs.
    method: of the states.
    dataset: on the host.
    decode: the compiled `method.decode`.
  """

  def __init__(
    self,
    config: ml_collections.ConfigDict,
    method: Method,
    dataset: data.Dataset,
    all_metrics: bool = False,
  ) -> None:
    self.method = method
    self.config = config
    self._all_metrics = all_metrics
    self._spread = spread(1)
    self.dataset = dataset
    self._on_device = data.to_device(dataset, self._spread)
    self._represent = compile_represent(method, self._on_device, self._spread)
    self._code_merits = code_merits.compile_code_merits(
      method, self._on_device, config.likelihood
    )
    self.decode = jax.jit(method.decode)

  def __call__(
    self, state: TrainState
  ) -> tuple[dict, dict[str, Any], metrics.MetricInputs | None]:
    """Returns the contents of the three files: scores, arrays, codes."""
    started = time.perf_counter()
    config, dataset, step = self.config, self.dataset, int(state.step)
    discrete = self.stage(state).discrete
    sizes = self.method.num_categories if discrete else ()
    indices = scores.sample(len(dataset.images), config.evaluation_images)
    shown = pictures.shown_images(len(dataset.images))
    logging.info("evaluating step %d on %d images", step, len(indices))
    scored, pictured = _split(
      self.infer(state, np.concatenate([indices, shown]), discrete),
      len(indices),
    )
    kl = scores.mean_kl(scored)
    with activity("estimating the information in the latents"):
      information, errors = scores.latent_information(
        scored, _INFORMATION_SAMPLES
      )
    with activity("scoring the representation", announced=False):
      scores_of_state = scores.score_representation(
        scored, kl, dataset, indices
      )
    results = {
      "step": step,
      "seed": int(state.seed),
      "dataset": dataset.name,
      "num_images": len(indices),
      "kl": None if kl is None else kl.tolist(),
      "reconstruction": float(scored.reconstruction.mean()),
      "elbo_at_mean": scores.elbo_at_mean(scored, kl, math.prod(sizes)),
      "protocol": scores.PROTOCOL,
      **scores_of_state,
      "information": information,
      "information_errors": errors,
    }
    inputs = None
    if self._all_metrics:
      inputs = metric_scores.metric_inputs(scored, kl, dataset, indices)
      results |= metric_scores.score_all_metrics(inputs)
      rows = metric_scores.metric_rows(len(indices))
      with activity(f"computing the merits of the code, {len(rows)} images"):
        results["merits"] = self._code_merits(
          state.params, indices[rows], jax.tree.map(lambda x: x[rows], scored)
        )
      results["merits_protocol"] = code_merits.PROTOCOL
    results["seconds"] = time.perf_counter() - started
    decode = functools.partial(self.decode, state.params)
    with activity("decoding traversals and reconstructions"):
      arrays = pictures.traversals(
        decode, sizes, np.zeros(config.num_continuous, np.float32)
      )
      arrays |= pictures.reconstructions(
        decode, self._on_device, shown, pictured, sizes
      )
    return results, arrays, inputs

  def restore(self, folder: pathlib.Path) -> TrainState:
    """Returns the newest state of a run; a `UserError` if there is none."""
    with activity(f"restoring the newest checkpoint of {folder}"):
      return checkpoints.restore_newest(folder, self.method.init)

  def stage(self, state: TrainState) -> Stage:
    """Returns what the last update ran under, not what the next one will."""
    return self.method.schedule(max(int(state.step) - 1, 0))

  def infer(
    self, state: TrainState, indices: np.ndarray, discrete: bool
  ) -> Representation[np.ndarray]:
    """Returns the representation of images, in NumPy arrays."""
    params = self._spread.put(jax.tree.map(lambda x: x[None], state.params))
    with activity(f"encoding {len(indices)} images"):
      stacked = self._represent(params, indices, discrete)
    return jax.tree.map(lambda x: x[0], stacked)


def _split(
  representation: Representation[np.ndarray], count: int
) -> tuple[Representation[np.ndarray], Representation[np.ndarray]]:
  """Returns the first `count` rows, and the others."""
  return (
    jax.tree.map(lambda x: x[:count], representation),
    jax.tree.map(lambda x: x[count:], representation),
  )

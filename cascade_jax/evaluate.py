"""What a trained model is worth: scores, and the arrays that pictures show.

| file | holds |
|---|---|
| `evaluation.json` | scores, protocol, votes, confusion matrix, KL |
| `evaluation.npz` | traversals and reconstructions |
"""

import contextlib
import functools
import math
import os
import pathlib
import time
from collections.abc import Sequence

import jax
import ml_collections
import numpy as np
from absl import logging

from cascade_jax import config as config_lib
from cascade_jax import data, json_file, methods, scores, startup, workdir
from cascade_jax.checkpoints import Checkpoints
from cascade_jax.records import Method, Representation, TrainState
from cascade_jax.represent import compile_represent
from cascade_jax.spread import spread

_TRAVERSAL_FRAMES = 21
_NUM_RECONSTRUCTIONS = 16
_INFORMATION_SAMPLES = 4096


def evaluate_run(
  folder: str | os.PathLike,
  num_images: int | None = None,
  dataset: data.Dataset | None = None,
) -> dict:
  """Scores the newest checkpoint of a run; writes the two evaluation files.

  Args:
    folder: of the run.
    num_images: a random sample of so many, 0 for all; None as in the config.
    dataset: instead of the one that the config names.

  Returns:
    What `evaluation.json` holds.

  Raises:
    ValueError: no run or no checkpoint there, or too large a sample; or a run
      of several replicas, each of which has a folder of its own.
    RuntimeError: the run is still training.
  """
  (results,) = evaluate_runs([folder], num_images, dataset)
  return results


def evaluate_runs(
  folders: Sequence[str | os.PathLike],
  num_images: int | None = None,
  dataset: data.Dataset | None = None,
) -> list[dict]:
  """`evaluate_run` for runs that differ in their seed only.

  They share the data set and what is compiled.
  """
  startup.check_cpu_sums()
  folders = [pathlib.Path(folder).expanduser().resolve() for folder in folders]
  # Before the claim, which would make a folder of a mistyped name.
  configs = [_read_config(folder) for folder in folders]
  config = configs[0]
  with contextlib.ExitStack() as held:
    for folder in folders:
      held.enter_context(workdir.claim(folder))
    if num_images is not None:
      config.evaluation_images = num_images
    config_lib.check(config)
    dataset = dataset or data.load(**config.data)
    config_lib.check_against_data(config, len(dataset.images))
    # In the place of the host's images: two copies would be 754 MB.
    dataset = dataset._replace(images=spread(1).share(dataset.images))
    method = methods.build(config, dataset.image_shape)
    evaluate = Evaluator(config, method, dataset)
    return [_evaluate_folder(evaluate, folder) for folder in folders]


def _read_config(folder: pathlib.Path) -> ml_collections.ConfigDict:
  config = workdir.read_config(folder)
  if config.num_replicas > 1:
    raise ValueError(
      f"{folder} holds {config.num_replicas} replicas, each in a folder of its "
      "own; name those, or score all with "
      f"python -m experiments.evaluate --workdir={folder}"
    )
  return config


def _evaluate_folder(evaluate: "Evaluator", folder: pathlib.Path) -> dict:
  state = _restore(folder, jax.jit(evaluate.method.init)(0))
  results, pictures = evaluate(state)
  np.savez_compressed(folder / "evaluation.npz", **pictures)
  json_file.write(folder / "evaluation.json", results)
  return results


def _restore(folder: pathlib.Path, like: TrainState) -> TrainState:
  with contextlib.closing(Checkpoints(folder / "checkpoints")) as checkpoints:
    state = checkpoints.restore(like)
  if state is None:
    raise ValueError(
      f"{folder} holds no checkpoint yet; train with "
      f"python -m experiments.train --workdir={folder}"
    )
  return state


class Evaluator:
  """Scores states of one method on one data set; compiles once.

  Args:
    config: of the runs; their seeds are the states'.
    method: that the states are of.
    dataset: its images on the host or on the device of `spread(1)`.
  """

  def __init__(
    self,
    config: ml_collections.ConfigDict,
    method: Method,
    dataset: data.Dataset,
  ):
    self.method = method
    self._config = config
    self._spread = spread(1)
    self._dataset = dataset._replace(images=self._spread.share(dataset.images))
    self._represent = compile_represent(method, self._dataset, self._spread)
    self._decode = jax.jit(method.decode)

  def __call__(self, state: TrainState) -> tuple[dict, dict[str, np.ndarray]]:
    """The content of `evaluation.json` and of `evaluation.npz`."""
    started = time.perf_counter()
    config, dataset, step = self._config, self._dataset, int(state.step)
    # The stage that the last update ran under, not the one that comes next.
    discrete = self.method.stage(max(step - 1, 0)).discrete
    indices = scores.sample(len(dataset.images), config.evaluation_images)
    shown = _shown(len(dataset.images))
    logging.info("evaluating step %d on %d images", step, len(indices))
    codes = self._codes(state, np.concatenate([indices, shown]), discrete)
    codes, codes_shown = _split(codes, len(indices))
    kl = scores.mean_kl(codes)
    information, errors = scores.latent_information(codes, _INFORMATION_SAMPLES)
    results = {
      "step": step,
      "seed": int(state.seed),
      "dataset": dataset.name,
      "num_images": len(indices),
      "kl": None if kl is None else kl.tolist(),
      "reconstruction": float(codes.reconstruction.mean()),
      "protocol": scores.PROTOCOL,
      **scores.of_codes(codes, kl, dataset, indices),
      "information": information,
      "information_errors": errors,
      "seconds": time.perf_counter() - started,
    }
    decode = functools.partial(self._decode, state.params)
    sizes = self.method.num_categories if discrete else ()
    pictures = _traversals(decode, config.num_continuous, sizes)
    pictures |= _reconstructions(decode, dataset, shown, codes_shown, sizes)
    return results, pictures

  def _codes(self, state, indices, discrete) -> Representation:
    params = self._spread.put(jax.tree.map(lambda x: x[None], state.params))
    codes = self._represent(params, indices, discrete)
    return jax.tree.map(lambda x: x[0], codes)


def _split(codes: Representation, count: int):
  """The first `count` rows, and the others."""
  return (
    jax.tree.map(lambda x: x[:count], codes),
    jax.tree.map(lambda x: x[count:], codes),
  )


def _traversals(decode, m, sizes) -> dict[str, np.ndarray]:
  """One dimension moved from -1 to 1, the others at 0; a row a joint code."""
  values = np.linspace(-1, 1, _TRAVERSAL_FRAMES, dtype=np.float32)
  categories = range(math.prod(sizes)) if sizes else (-1,)
  latents = (values[:, None, None] * np.eye(m, dtype=np.float32)).reshape(-1, m)
  rows = [
    np.asarray(decode(latents, np.full(len(latents), category)))
    for category in categories
  ]
  frames = np.stack(rows, axis=1)  # [T * m, R, H, W, C]
  frames = frames.reshape(len(values), m, *frames.shape[1:]).swapaxes(1, 2)
  each = np.stack(np.unravel_index(categories, sizes), 1) if sizes else []
  return {
    "traversals": frames,
    "traversal_values": values,
    "traversal_categories": np.reshape(each, (len(rows), len(sizes))),
  }


def _shown(num_images: int) -> np.ndarray:
  """Indices of the few images that reconstructions are shown of."""
  count = min(_NUM_RECONSTRUCTIONS, num_images)
  return np.random.default_rng(1).choice(num_images, count, replace=False)


def _reconstructions(
  decode, dataset, shown, codes, sizes
) -> dict[str, np.ndarray]:
  """A few images, and what the decoder makes of their codes."""
  rows = dataset.images[shown]
  originals = data.unpack(rows, dataset.image_shape, dataset.bits)
  joint = np.full(len(shown), -1)
  if sizes:
    joint = np.ravel_multi_index(tuple(codes.categories.T), sizes)
  return {
    "originals": np.asarray(originals),
    "reconstructions": np.asarray(decode(codes.mean, joint)),
    "reconstruction_categories": codes.categories,
  }

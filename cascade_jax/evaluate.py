"""What a trained model is worth: scores, and the arrays that pictures show.

| file | holds |
|---|---|
| `evaluation.json` | scores, protocol, votes, confusion matrix, KL |
| `evaluation.npz` | traversals and reconstructions |
"""

import os
import pathlib
import time
from collections.abc import Callable

import jax
import ml_collections
import numpy as np
from absl import logging

from cascade_jax import config as config_lib
from cascade_jax import (
  data,
  json_file,
  losses,
  methods,
  metrics,
  startup,
  workdir,
)
from cascade_jax.checkpoints import Checkpoints
from cascade_jax.records import Method, Posterior, Representation, TrainState

PROTOCOL = {
  "disentanglement_score": (
    "FactorVAE metric (Kim & Mnih 2018) as in Jeong & Song 2019: 800 votes of "
    "100 images, dimensions with mean KL <= 0.1 nats dropped, the discrete "
    "code as one more column, majority classifier scored on the votes it was "
    "made from."
  ),
  "classification_accuracy": (
    "Best one-to-one relabelling of the categories, found on the images that "
    "are scored; each image at its likeliest category."
  ),
}
_BATCH_SIZE = 512
_TRAVERSAL_FRAMES = 21
_NUM_RECONSTRUCTIONS = 16


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
    ValueError: no run or no checkpoint there, or too large a sample.
    RuntimeError: the run is still training.
  """
  startup.check_cpu_sums()
  # Before the claim, which would make a folder of a mistyped name.
  config = workdir.read_config(pathlib.Path(folder).expanduser().resolve())
  with workdir.claim(folder) as folder:
    if num_images is not None:
      config.evaluation_images = num_images
    config_lib.check(config)
    dataset = dataset or data.load(**config.data)
    config_lib.check_against_data(config, len(dataset.images))
    method = methods.build(config, dataset.image_shape)
    state = _restore(folder, method.init(config.seed))
    results, pictures = evaluate(config, method, state, dataset)
    np.savez_compressed(folder / "evaluation.npz", **pictures)
    json_file.write(folder / "evaluation.json", results)
  return results


def _restore(folder: pathlib.Path, like: TrainState) -> TrainState:
  checkpoints = Checkpoints(folder / "checkpoints")
  try:
    state = checkpoints.restore(like)
  finally:
    checkpoints.close()
  if state is None:
    raise ValueError(
      f"{folder} holds no checkpoint yet; train with "
      f"python -m experiments.train --workdir={folder}"
    )
  return state


def evaluate(
  config: ml_collections.ConfigDict,
  method: Method,
  state: TrainState,
  dataset: data.Dataset,
) -> tuple[dict, dict[str, np.ndarray]]:
  """The content of `evaluation.json` and of `evaluation.npz`."""
  started = time.perf_counter()
  step = int(state.step)
  # The stage that the last update ran under, not the one that comes next.
  discrete = method.stage(max(step - 1, 0)).discrete
  indices = _sample(len(dataset.images), config.evaluation_images)
  logging.info("evaluating step %d on %d images", step, len(indices))
  represent = compile_represent(method, dataset, discrete)
  codes = represent(state.params, indices)
  kl = _mean_kl(codes)
  results = {
    "step": step,
    "seed": config.seed,
    "dataset": dataset.name,
    "num_images": len(indices),
    "kl": kl.tolist(),
    "reconstruction": float(codes.costs.min(axis=1).mean()),
    "protocol": PROTOCOL,
    **_scores(codes, kl, dataset, indices, discrete),
    "seconds": time.perf_counter() - started,
  }
  pictures = _traversals(method, state.params, config, discrete)
  pictures |= _reconstructions(method, represent, state.params, dataset)
  return results, pictures


def compile_represent(
  method: Method, dataset: data.Dataset, discrete: bool
) -> Callable[..., Representation]:
  """A function `params, indices [N]` to the images' representation.

  It runs in batches, and its result is of NumPy arrays.

  Args:
    method: gives `represent`.
    dataset: the images.
    discrete: whether the discrete code is in use.
  """

  @jax.jit
  def of_rows(params, rows):
    images = data.unpack(rows, dataset.image_shape, dataset.bits)
    return method.represent(params, images, discrete)

  def represent(params, indices):
    batches = []
    for start in range(0, len(indices), _BATCH_SIZE):
      batch = indices[start : start + _BATCH_SIZE]
      padded = np.resize(batch, _BATCH_SIZE)  # one compilation serves all
      batches.append(jax.device_get(of_rows(params, dataset.images[padded])))
    return jax.tree.map(
      lambda *parts: np.concatenate(parts)[: len(indices)], *batches
    )

  return represent


def _sample(num_images: int, size: int) -> np.ndarray:
  """All indices, or `size` of them at random; always the same ones."""
  if not size:
    return np.arange(num_images)
  return np.sort(np.random.default_rng(0).permutation(num_images)[:size])


def _mean_kl(codes: Representation) -> np.ndarray:
  posterior = Posterior(codes.mean, codes.scale)
  return np.asarray(losses.kl_per_dimension(posterior)).mean(axis=0)


def _scores(codes, kl, dataset, indices, discrete) -> dict:
  """Both scores with what they were made of; None where nothing is known."""
  results = {"disentanglement_score": None, "classification_accuracy": None}
  if dataset.factors is None:
    return results
  factors = dataset.factors[indices]
  categories = codes.categories if discrete else None
  score = metrics.disentanglement_score(
    codes.mean, factors, kl=kl, categories=categories
  )
  results |= {
    "disentanglement_score": score.score,
    "votes": score.votes.tolist(),
    "vote_columns": [f"z{column + 1}" for column in score.columns]
    + ["code"] * score.has_code,
    "vote_factors": [dataset.factor_names[f] for f in score.factors],
    "column_factors": [
      dataset.factor_names[f] if f >= 0 else None for f in score.column_factors
    ],
  }
  if discrete and dataset.class_factor is not None:
    classes = factors[:, dataset.factor_names.index(dataset.class_factor)]
    accuracy = metrics.classification_accuracy(categories, classes)
    results |= {
      "classification_accuracy": accuracy.accuracy,
      "confusion": accuracy.confusion.tolist(),
      "relabelling": accuracy.relabelling.tolist(),
      "class_names": list(dataset.class_names),
    }
  return results


def _traversals(method, params, config, discrete) -> dict[str, np.ndarray]:
  """One dimension moved from -1 to 1, the others at 0; a row a category."""
  values = np.linspace(-1, 1, _TRAVERSAL_FRAMES, dtype=np.float32)
  m = config.num_continuous
  categories = range(config.num_categories) if discrete else (-1,)
  latents = (values[:, None, None] * np.eye(m, dtype=np.float32)).reshape(-1, m)
  decode = jax.jit(method.decode)
  rows = [
    np.asarray(decode(params, latents, np.full(len(latents), category)))
    for category in categories
  ]
  frames = np.stack(rows, axis=1)  # [T * m, R, H, W, C]
  frames = frames.reshape(len(values), m, *frames.shape[1:]).swapaxes(1, 2)
  return {"traversals": frames, "traversal_values": values}


def _reconstructions(method, represent, params, dataset):
  """A few images, and what the decoder makes of their codes."""
  rng = np.random.default_rng(1)
  count = min(_NUM_RECONSTRUCTIONS, len(dataset.images))
  indices = rng.choice(len(dataset.images), count, replace=False)
  codes = represent(params, indices)
  rows = dataset.images[indices]
  originals = data.unpack(rows, dataset.image_shape, dataset.bits)
  decoded = method.decode(params, codes.mean, codes.categories)
  return {
    "originals": np.asarray(originals),
    "reconstructions": np.asarray(decoded),
    "reconstruction_categories": codes.categories,
  }

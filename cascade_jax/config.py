"""The settings of a run, their defaults and their checks.

The defaults are the paper's dSprites run (Jeong & Song 2019; numbers from the
authors' code). Configs in `experiments/configs` start from `default()`. A
method's settings are the keyword arguments of its builder, and are explained
there (`cascade_jax/methods`). Settings that only one method has stand in a
group of its name. `pairwise_weight` and `solver` belong to the training step.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import ml_collections
import numpy as np
from ml_collections import config_dict

from cascade_jax import methods, profiling, trackers
from cascade_jax.assignment import flow
from cascade_jax.errors import UserError
from cascade_jax.methods import registry
from cascade_jax.networks import models


def default() -> ml_collections.ConfigDict:
  """Returns every key, at the paper's value where the paper has one."""
  return ml_collections.ConfigDict(
    {
      "method": "cascade_vae",
      "data": {  # options of `cascade_jax.data.load`
        "name": "dsprites",
        "path": "",  # of a file or folder, where the data set is one
        "tfds": "",  # the name of the data set in TensorFlow Datasets
        "fit": "",  # or "pad", "resize", "crop": images of other sizes
        "stream": False,  # whether files stay on disk; larger than memory
        "image_size": 64,
        "downsample": "every_second",  # or "mean", for 32 pixels
        "num_orientations": 40,  # the first so many of dSprites' 40
        "num_images": 100_000,  # at most, of dsprites_color, dsprites_noisy
        "unverified": False,  # dsprites_file: whether other digests are read
      },
      "likelihood": "bernoulli",  # or "gaussian"
      "num_continuous": 6,  # m
      "num_categories": (3,),  # S of each discrete variable
      "beta_low": 1.0,  # cascades: KL weight of an opened dimension
      "beta_high": 10.0,  # cascades: KL weight of the others
      "phase_steps": 20_000,  # cascades
      "discrete_start_phase": 4,  # cascades: zero codes before it
      "pairwise_weight": 1e-3,  # nats for each unordered pair in a category
      "reset_adam_at_phase": True,  # cascades
      **registry.groups(),
      "learning_rate": 1e-4,
      "weight_penalty": 4e-5,  # L2 of the encoder's and decoder's kernels
      # Convolutions on blocks; the backend decides unless it is set.
      "fast_networks": config_dict.placeholder(bool),
      "batch_size": 64,
      "num_steps": 300_000,
      "seed": 0,
      "num_replicas": 1,  # seeds, from `seed` on, trained side by side
      "num_devices": 1,  # that divide the batch of each replica
      "solver": "host",  # of the codes; or "device"
      "log_every": 100,  # steps
      "checkpoint_every": 5_000,  # steps
      "keep_checkpoints": 2,
      "evaluation_images": 0,  # size of the sample; 0 means all images
      "evaluate_every": 0,  # steps of training; phases' ends always are scored
      "evaluate_every_images": 10_000,  # size of the sample, or all images
      "trackers": (),  # beside metrics.jsonl: "tensorboard", "wandb", "mlflow"
      "profile_steps": "",  # or "500-520": a trace of what follows step 500
    }
  )


# These only show a run; they change neither what it computes nor its scores.
SHOWING_KEYS = frozenset({"trackers", "profile_steps"})
# These may differ when a run is resumed: they don't change what it computes.
# "group.key" within groups.
RESUMABLE_KEYS = frozenset(
  {
    "num_steps",
    "num_devices",  # but for the order in which sums over a batch are made
    "log_every",
    "checkpoint_every",
    "keep_checkpoints",
    "evaluation_images",
    "evaluate_every",
    "evaluate_every_images",
    "data.stream",
    *SHOWING_KEYS,
  }
)
# Of configs of earlier versions, which are read without them. They may only be
# keys like the resumable ones: "tensorboard" is now one of `trackers`.
REMOVED_KEYS = frozenset({"tensorboard"})
SOLVERS = ("host", "device")

_AT_LEAST = {
  "batch_size": 1,
  "num_steps": 1,
  "seed": 0,
  "num_replicas": 1,
  "num_devices": 1,
  "log_every": 1,
  "checkpoint_every": 1,
  "keep_checkpoints": 1,
  "evaluation_images": 0,
  "evaluate_every": 0,
  "evaluate_every_images": 1,
}
_MOST_REPLICAS = 1_000
_LARGEST = float(np.finfo(np.float32).max)


def check(config: ml_collections.ConfigDict) -> None:
  """Refuses a config that cannot be run, before any work starts.

  Raises:
    UserError: names the key, its value and what is expected.
  """
  trackers.check_names(config.trackers)
  profiling.steps(config.profile_steps, config.num_steps)
  _check_numbers(config)
  for key, least in _AT_LEAST.items():
    if config[key] < least:
      raise UserError(
        f"config.{key} is {config[key]}; it must be {least} or more"
      )
  if not 0 <= config.pairwise_weight < math.inf:
    raise UserError(
      f"config.pairwise_weight is {config.pairwise_weight}; it must be a "
      "finite number >= 0"
    )
  if config.data.image_size not in models.IMAGE_SIZES:
    raise UserError(
      f"config.data.image_size is {config.data.image_size}; the networks take "
      f"{models.IMAGE_SIZES} pixels"
    )
  _check_replicas(config)
  _check_method(config)


def _check_numbers(config: ml_collections.ConfigDict) -> None:
  """Refuses numbers that do not fit in the 32 bits of an array."""
  for key, value in flat(config):
    for number in value if isinstance(value, list | tuple) else (value,):
      if isinstance(number, int) and not -(2**31) <= number < 2**31:
        raise UserError(
          f"config.{key} is {value}; it must be an integer of 32 bits, below "
          "2**31"
        )
      # Not `>`: every comparison with NaN is false.
      if isinstance(number, float) and not abs(number) <= _LARGEST:
        raise UserError(
          f"config.{key} is {value}; it must be a finite number of float32, "
          f"up to {_LARGEST:.1e}"
        )


def flat(
  settings: Mapping[str, Any], prefix: str = ""
) -> Iterator[tuple[str, Any]]:
  """Yields the settings with their keys, "group.key" within groups."""
  for key, value in settings.items():
    if isinstance(value, Mapping | ml_collections.ConfigDict):
      yield from flat(value, f"{prefix}{key}.")
    else:
      yield f"{prefix}{key}", value


def _check_method(config: ml_collections.ConfigDict) -> None:
  """Refuses settings that the method or the solver of its codes refuses."""
  if config.solver not in SOLVERS:
    raise UserError(
      f"config.solver is {config.solver!r}; it must be one of {SOLVERS}"
    )
  if config.method not in methods.METHODS:
    registry.own_module(config.method)
    return
  sizes = tuple(config.num_categories)
  if not sizes:
    raise UserError(
      "config.num_categories is (); it must name a number of categories for "
      "each discrete variable; CascadeVAE without a discrete code is method "
      "'cascade_vae_c'"
    )
  method = smallest_method(config)
  if method.solves_codes:
    _check_pairwise_weight(config)
  if method.solves_codes and config.solver == "device" and len(sizes) > 1:
    raise UserError(
      f"config.solver is 'device', but config.num_categories {sizes} are "
      "several discrete variables, which only --config.solver=host solves"
    )


def _check_pairwise_weight(config: ml_collections.ConfigDict) -> None:
  """Refuses a weight whose costs the solver can't hold as integers."""
  for size in config.num_categories:
    try:
      flow.integer_scale(config.batch_size, size, config.pairwise_weight)
    except UserError as error:  # its message starts with the setting
      raise UserError(f"config.{error}") from error


def smallest_method(config: ml_collections.ConfigDict) -> methods.Method:
  """Returns the config's method for images of the smallest size."""
  size = models.IMAGE_SIZES[0]
  return methods.build(config, (size, size, 1))


def _check_replicas(config: ml_collections.ConfigDict) -> None:
  if config.batch_size % config.num_devices:
    raise UserError(
      f"config.num_devices is {config.num_devices}, which must divide "
      f"config.batch_size, {config.batch_size}"
    )
  if config.num_replicas > 1 and config.keep_checkpoints < 2:
    # A kill between two replicas' saves leaves them one checkpoint apart.
    raise UserError(
      f"config.keep_checkpoints is {config.keep_checkpoints}; it must be 2 or "
      "more with config.num_replicas > 1, so that all replicas keep one of "
      "the same step"
    )
  if config.num_replicas > _MOST_REPLICAS:
    raise UserError(
      f"config.num_replicas is {config.num_replicas}; it must be "
      f"{_MOST_REPLICAS} or less"
    )
  if config.seed + config.num_replicas > 2**31:
    raise UserError(
      f"config.num_replicas is {config.num_replicas}; the last seed, "
      f"{config.seed + config.num_replicas - 1}, must be below 2**31"
    )


def check_against_data(
  config: ml_collections.ConfigDict,
  num_images: int,
  image_shape: Sequence[int],
) -> None:
  """Makes the checks that need the number of images and their shape H, W, C.

  Raises:
    UserError: images of a size that the networks do not take; or the batch or
      the evaluation sample is larger than the data.
  """
  height, width, _ = image_shape
  if height != width or height not in models.IMAGE_SIZES:
    raise UserError(
      f"the data set has images of {height}x{width} pixels; the networks take "
      f"squares of {models.IMAGE_SIZES}: resize or pad them (cascade_jax.data."
      "from_arrays has the argument `fit`)"
    )
  for key in ("batch_size", "evaluation_images"):
    if config[key] > num_images:
      raise UserError(
        f"config.{key} is {config[key]}, but the data set has {num_images} "
        f"images; it must be {num_images} or less"
      )

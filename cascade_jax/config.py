"""The settings of a run, their defaults and their checks.

Defaults are the paper's dSprites run (Jeong & Song 2019; numbers from the
authors' code). Configs in `experiments/configs` start from `default()`. What
only one of the other methods reads stands under its name, and is explained in
its file in `cascade_jax/methods`.
"""

import math

import ml_collections

from cascade_jax import losses, methods
from cascade_jax.errors import UserError
from cascade_jax.networks import models


def default() -> ml_collections.ConfigDict:
  """Every key there is, at the paper's value where the paper has one."""
  return ml_collections.ConfigDict(
    {
      "method": "cascade_vae",
      "data": {  # options of `cascade_jax.data.load`
        "name": "dsprites",
        "path": "",  # of a file, where the data set is one
        "image_size": 64,
        "downsample": "every_second",  # or "mean", for 32 pixels
        "num_orientations": 40,  # the first so many of dSprites' 40
      },
      "likelihood": "bernoulli",  # or "gaussian"
      "num_continuous": 6,  # m
      "num_categories": (3,),  # S of each discrete variable
      "beta_low": 1.0,  # of the cascade: KL weight of an opened dimension
      "beta_high": 10.0,  # of the cascade: KL weight of the others
      "phase_steps": 20_000,  # of the cascade
      "discrete_start_phase": 4,  # of the cascade: zero codes before it
      "pairwise_weight": 1e-3,  # nats for each unordered pair in a category
      "reset_adam_at_phase": True,  # of the cascade
      **methods.defaults(),
      "learning_rate": 1e-4,
      "weight_penalty": 4e-5,  # L2 of the encoder's and decoder's kernels
      "batch_size": 64,
      "num_steps": 300_000,
      "seed": 0,
      "num_replicas": 1,  # seeds, from `seed` on, trained side by side
      "solver": "host",  # of the codes; or "device"
      "log_every": 100,  # steps
      "checkpoint_every": 5_000,  # steps
      "keep_checkpoints": 2,
      "evaluation_images": 0,  # a sample of so many; 0 means all
      "evaluate_every": 0,  # steps, while it trains; phases' ends always are
      "evaluate_every_images": 10_000,  # a sample of so many, or all
      "tensorboard": False,
    }
  )


# May differ when a run goes on: they don't change what it computes.
RESUMABLE_KEYS = frozenset(
  {
    "num_steps",
    "log_every",
    "checkpoint_every",
    "keep_checkpoints",
    "evaluation_images",
    "evaluate_every",
    "evaluate_every_images",
    "tensorboard",
  }
)
SOLVERS = ("host", "device")

_AT_LEAST = {
  "num_continuous": 1,
  "phase_steps": 1,
  "discrete_start_phase": 0,
  "batch_size": 1,
  "num_steps": 1,
  "seed": 0,
  "num_replicas": 1,
  "log_every": 1,
  "checkpoint_every": 1,
  "keep_checkpoints": 1,
  "evaluation_images": 0,
  "evaluate_every": 0,
  "evaluate_every_images": 1,
}
_NOT_NEGATIVE = ("beta_low", "beta_high", "pairwise_weight", "weight_penalty")


def check(config: ml_collections.ConfigDict) -> None:
  """Refuses a config that can't be run, before any work starts.

  Raises:
    UserError: names the key, its value and what is expected.
  """
  for key, least in _AT_LEAST.items():
    if not least <= config[key] < 2**31:
      raise UserError(
        f"config.{key} is {config[key]}; it must be {least} or more"
        + (" and below 2**31" if config[key] > least else "")
      )
  for key in _NOT_NEGATIVE:
    _check_least(key, config[key], 0)
  if not 0 < config.learning_rate < math.inf:
    raise UserError(
      f"config.learning_rate is {config.learning_rate}; it must be positive"
    )
  sizes = config.num_categories
  if not sizes or not all(isinstance(s, int) and s >= 2 for s in sizes):
    raise UserError(
      f"config.num_categories is {tuple(sizes)}; it must name a number of "
      "categories, 2 or more, for each discrete variable: (3,) or (3, 4)"
    )
  for key, known in (("likelihood", losses.LIKELIHOODS), ("solver", SOLVERS)):
    if config[key] not in known:
      raise UserError(
        f"config.{key} is {config[key]!r}; it must be one of {known}"
      )
  if config.solver == "device" and len(sizes) > 1:
    raise UserError(
      f"config.solver is 'device', but config.num_categories {tuple(sizes)} "
      "are several discrete variables, which only --config.solver=host solves"
    )
  if config.beta_low > config.beta_high:
    raise UserError(
      f"config.beta_low is {config.beta_low}, above config.beta_high "
      f"{config.beta_high}; the cascade relieves from high to low"
    )
  _check_replicas(config)
  models.conv_channels(config.data.image_size)


def check_options(
  config: ml_collections.ConfigDict, group: str, **least: float
) -> None:
  """Refuses a method's own settings that are below what they may be.

  Args:
    config: of the run.
    group: the method's name.
    **least: of each setting that is checked.

  Raises:
    UserError: names the key, its value and what is expected.
  """
  for key, lowest in least.items():
    _check_least(f"{group}.{key}", config[group][key], lowest)


def _check_least(key: str, value: float, least: float) -> None:
  if not (math.isfinite(value) and value >= least):
    raise UserError(
      f"config.{key} is {value}; it must be a finite number >= {least}"
    )


def _check_replicas(config: ml_collections.ConfigDict) -> None:
  if config.num_replicas > 1 and config.keep_checkpoints < 2:
    # A kill between two replicas' saves leaves them one checkpoint apart.
    raise UserError(
      f"config.keep_checkpoints is {config.keep_checkpoints}; it must be 2 or "
      "more with config.num_replicas > 1, so that all replicas keep one of "
      "the same step"
    )
  if config.seed + config.num_replicas > 2**31:
    raise UserError(
      f"config.num_replicas is {config.num_replicas}; the last seed, "
      f"{config.seed + config.num_replicas - 1}, must be below 2**31"
    )


def check_against_data(
  config: ml_collections.ConfigDict,
  num_images: int,
  image_shape: tuple[int, int, int],
) -> None:
  """The checks that need the data set's size and that of its images H, W, C.

  Raises:
    UserError: images of a size that the networks don't take; or the batch or
      the evaluation sample is larger than the data.
  """
  height, width, _ = image_shape
  if height != width or height not in models.IMAGE_SIZES:
    raise UserError(
      f"the data set has images of {height}x{width} pixels; the networks take "
      f"squares of {models.IMAGE_SIZES}: resize or pad them"
    )
  for key in ("batch_size", "evaluation_images"):
    if config[key] > num_images:
      raise UserError(
        f"config.{key} is {config[key]}, but the data set has {num_images} "
        f"images; it must be {num_images} or less"
      )

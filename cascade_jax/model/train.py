"""Training from arrays, without a config file."""

import copy
import os
import pathlib
from collections.abc import Mapping
from typing import Any

import ml_collections
import numpy as np

from cascade_jax import config as config_lib
from cascade_jax import data, explore, report, unread
from cascade_jax.configs import own
from cascade_jax.errors import UserError
from cascade_jax.evaluation import evaluate
from cascade_jax.model.load import load
from cascade_jax.model.model import Model
from cascade_jax.runs import workdir as workdir_lib
from cascade_jax.training import loop


def train(
  images: np.ndarray | data.Dataset,
  workdir: str | os.PathLike,
  config: ml_collections.ConfigDict | None = None,
  **settings: Any,
) -> Model:
  """Trains, scores and reports a run on images, and returns its model.

  Called again with the same arguments it goes on where it stopped, bit for bit.

  Args:
    images: `[N, H, W]` or `[N, H, W, C]`: bool, uint8 or float in [0, 1]; or a
      data set, which `data.from_arrays` makes of images with their factors.
    workdir: the folder of the run, with its log, checkpoints, report.html and
      explore.html.
    config: the settings to start from; by default those of `configs.own`.
    **settings: that differ, such as `num_steps=5000`, `num_categories=(4,)`; a
      dict for a group of settings, `cascade_vae={"taught_phases": 6}`.

  Raises:
    UserError: a setting that there is not, or as for `training.loop.train`.
  """
  if isinstance(images, data.Dataset):
    dataset = images
  else:
    dataset = data.from_arrays("images", images)
  config = _with_settings(config, settings)
  config.data.name = data.GIVEN
  if not workdir_lib.holds_run(workdir):
    keys = [key for key, _ in config_lib.flat(settings)]
    unread.check(config, keys)
  if config.num_replicas > 1:
    raise UserError(
      f"num_replicas is {config.num_replicas}; train one seed at a time here, "
      "or several with python -m experiments.train"
    )
  folder = pathlib.Path(workdir).expanduser()
  loop.train(config, folder, dataset)
  with evaluate.opened([folder], dataset=dataset, all_metrics=True) as (
    (path,),
    evaluator,
  ):
    explore.evaluate_and_explore(evaluator, path)
  report.write_report(folder)
  return load(folder)


def _with_settings(
  config: ml_collections.ConfigDict | None, settings: Mapping[str, Any]
) -> ml_collections.ConfigDict:
  """Returns a copy of a config, or of the default, with other settings."""
  changed = own.get_config() if config is None else copy.deepcopy(config)
  try:
    changed.update(settings)
  except (AttributeError, KeyError, TypeError, ValueError) as error:
    raise UserError(
      f"the settings {dict(settings)} can't be made: {error}; "
      "cascade_jax/config.py lists all settings and their types"
    ) from error
  unknown = set(settings) - set(config_lib.default())
  if unknown:
    raise UserError(
      f"there is no setting {', '.join(sorted(unknown))}; "
      "cascade_jax/config.py lists all settings"
    )
  return changed.copy_and_resolve_references()

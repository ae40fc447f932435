"""The page in which one explores a model, on images that are handed over."""

import os
import pathlib

import jax.numpy as jnp
import numpy as np

from cascade_jax import data, explore, methods
from cascade_jax.errors import UserError
from cascade_jax.evaluation.evaluate import Evaluator
from cascade_jax.model.contents import Contents
from cascade_jax.runs import workdir
from cascade_jax.types import TrainState


def write_page(
  contents: Contents,
  images: np.ndarray | data.Dataset,
  path: str | os.PathLike,
) -> None:
  """Writes the page; arguments and errors are those of `Model.explore`."""
  path = pathlib.Path(path).expanduser()
  if path.suffix != ".html" or not path.parent.is_dir():
    raise UserError(
      f"{path} can't be written; name an .html file in a folder that exists"
    )
  config = workdir.config_of(contents.config, "the model's config")
  if isinstance(images, data.Dataset):
    dataset = images
  else:
    dataset = data.from_arrays(contents.dataset, images, fit=config.data.fit)
  if dataset.image_shape != contents.image_shape:
    raise UserError(
      f"images of {dataset.name!r} have shape {dataset.image_shape}; the model "
      f"takes {contents.image_shape}"
    )
  method = methods.build(config, contents.image_shape)
  state = TrainState(
    step=jnp.int32(contents.step),
    seed=jnp.uint32(contents.seed),
    params=contents.params,
    optimizer=None,
  )
  explore.write_page(Evaluator(config, method, dataset), state, path)

"""Reading of a peer's folder."""

import pathlib
from types import ModuleType
from typing import Any

import jax
import numpy as np

from cascade_jax import config as config_lib
from cascade_jax import data, optional
from cascade_jax.errors import UserError, one_line
from cascade_jax.model.contents import Contents, shapes
from cascade_jax.model.peers import disentangling_vae, joint_vae
from cascade_jax.runs import json_file
from cascade_jax.types import Params

_SPECS, _WEIGHTS = "specs.json", "model.pt"
# Before 2.6 (CVE-2025-32434) and 2.10 (CVE-2026-24747), weights_only was not
# enough to read a stranger's weights.
_SAFE_TORCH = (2, 10)


def is_peer(folder: pathlib.Path) -> bool:
  """Returns whether a folder holds a model as these projects save it."""
  return (folder / _SPECS).is_file() and (folder / _WEIGHTS).is_file()


def read(folder: pathlib.Path) -> Contents:
  """Returns the model in a folder.

  Nothing in the files is executed: torch reads weights only.

  Raises:
    UserError: torch is not installed or older than 2.10, the project is
      unknown, or a file is damaged or does not fit the other.
  """
  specs = json_file.read_object(folder / _SPECS)
  peer = _peer_of(folder, specs)
  weights = _weights(folder / _WEIGHTS)
  config = config_lib.default()
  config.method = peer.__name__
  try:
    image_shape = peer.image_shape(specs)
    config.update(peer.settings(specs))
    config.data.name = _data_name(specs)
    config.data.image_size = image_shape[0]
    params = peer.params(weights)
    method = peer.build(config, image_shape)
    expected = jax.eval_shape(method.init, 0).params
  except Exception as error:  # damage can raise any exception
    raise UserError(
      f"{folder} is not a whole model of {peer.__name__.rpartition('.')[2]}: "
      f"{type(error).__name__} {one_line(error)}"
    ) from error
  _check_shapes(folder, params, expected)
  return Contents(
    params=params,
    config=config.to_dict(),
    image_shape=image_shape,
    step=0,  # not known
    seed=0,
    dataset=str(specs.get("dataset", "unknown")),
    class_names=(),
    evaluation={},
    provenance={"source": peer.__name__.rpartition(".")[2], "specs": specs},
  )


def _peer_of(folder: pathlib.Path, specs: dict[str, Any]) -> ModuleType:
  if "latent_spec" in specs:
    return joint_vae
  if specs.get("model_type") == "Burgess":
    return disentangling_vae
  raise UserError(
    f"{folder / _SPECS} is of no project that is known: it must have the key "
    "latent_spec (joint-vae), or model_type 'Burgess' (disentangling-vae)"
  )


def _data_name(specs: dict[str, Any]) -> str:
  """Returns what we call the data set; dSprites is the only one of ours."""
  return "dsprites" if specs.get("dataset") == "dsprites" else data.GIVEN


def _weights(path: pathlib.Path) -> dict[str, np.ndarray]:
  """Returns a state_dict in NumPy."""
  torch = optional.imported("torch", "torch", str(path))
  major, minor, *_ = torch.__version__.split(".")
  if (int(major), int(minor)) < _SAFE_TORCH:
    raise UserError(
      f"torch {torch.__version__} can be made to run code that {path} holds; "
      "install 2.10 or newer"
    )
  try:
    state = torch.load(path, map_location="cpu", weights_only=True)
    return {name: tensor.numpy() for name, tensor in state.items()}
  except Exception as error:  # damage can raise any exception
    raise UserError(f"{path} can't be read: {one_line(error)}") from error


def _check_shapes(folder: pathlib.Path, params: Params, like: Params) -> None:
  found, expected = shapes(params), shapes(like)
  for name in sorted(found.keys() | expected.keys()):
    if found.get(name) != expected.get(name):
      raise UserError(
        f"{folder}: {_WEIGHTS} does not fit {_SPECS}: {name} is "
        f"{found.get(name)}, and {expected.get(name)} is expected"
      )

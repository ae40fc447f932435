"""The file of a trained model: arrays and JSON in the safetensors format.

The format holds no code, so a file of a stranger is safe to read. A digest of
everything in it is checked, because flipped bits would go unnoticed otherwise.

Metadata of the file:
  cascade_jax  version of this layout, "1".
  contents     the fields of `Contents` but `params`, as JSON.
  digest       BLAKE2 of `contents` and of all arrays.
Its tensors are named by their path in the parameters: "encoder/params/...".
"""

import hashlib
import json
import os
import pathlib
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy
from flax import traverse_util

from cascade_jax import atomic
from cascade_jax.array_files.damage import named
from cascade_jax.errors import UserError, one_line
from cascade_jax.evaluation import evaluation_file
from cascade_jax.model.contents import Contents
from cascade_jax.runs import json_file
from cascade_jax.runs.schema import fault

SUFFIX = ".safetensors"
_VERSION = "1"
_FIELDS = {
  "config": dict,
  "image_shape": [int],
  "step": int,
  "seed": int,
  "dataset": str,
  "class_names": [str],
  "evaluation": dict,
  "provenance": dict,
}


def write(path: str | os.PathLike, contents: Contents) -> None:
  """Writes a model atomically.

  Raises:
    UserError: the path has another suffix, or can't be written.
  """
  path = pathlib.Path(path).expanduser()
  if path.suffix != SUFFIX:
    raise UserError(f"{path} must end in {SUFFIX}, the format of model files")
  tensors = {
    name: np.ascontiguousarray(array)
    for name, array in traverse_util.flatten_dict(
      contents.params, sep="/"
    ).items()
  }
  fields = contents._asdict()
  del fields["params"]
  text = json.dumps(fields)
  metadata = {
    "cascade_jax": _VERSION,
    "contents": text,
    "digest": _digest(text, tensors),
  }
  atomic.write(path, safetensors.numpy.save(tensors, metadata))


def read(path: pathlib.Path) -> Contents:
  """Reads what `write` wrote.

  Raises:
    UserError: not such a file, a newer version of it, or a damaged one.
  """
  try:
    with safetensors.safe_open(path, framework="numpy") as file:
      metadata = file.metadata() or {}
      tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
  except (OSError, safetensors.SafetensorError) as error:
    raise UserError(f"{path} can't be read: {one_line(error)}") from error
  version = metadata.get("cascade_jax")
  if version != _VERSION:
    raise UserError(
      f"{path} is not a model of this version of cascade_jax: its metadata "
      f"says cascade_jax = {version!r}, and {_VERSION!r} is expected"
    )
  text = metadata.get("contents", "")
  if metadata.get("digest") != _digest(text, tensors):
    raise UserError(
      f"{path} is damaged: its digest does not match what it holds; copy it "
      "anew from where it is from"
    )
  fields = _fields(path, text)
  return Contents(
    params=traverse_util.unflatten_dict(tensors, sep="/"),
    **{k: _as_tuple(v) for k, v in fields.items()},
  )


def _fields(path: pathlib.Path, text: str) -> dict[str, Any]:
  """Returns the fields of `Contents` but `params`, whose types are checked."""
  with named(path):
    fields = json_file.parsed(text.encode())
    wrong = fault(fields, _FIELDS, "contents")
    if not wrong and fields["evaluation"]:
      wrong = fault(fields["evaluation"], evaluation_file.KIND.fields)
    if not wrong and fields.keys() != _FIELDS.keys():
      wrong = f"contents has also {min(fields.keys() - _FIELDS.keys())!r}"
    if not wrong and len(fields["image_shape"]) != 3:
      wrong = f"image_shape is {fields['image_shape']}, not [H, W, C]"
    if wrong:
      raise UserError(f"{wrong}; get a whole file from where it is from")
  return fields


def _digest(text: str, tensors: dict[str, np.ndarray]) -> str:
  digest = hashlib.blake2b(text.encode(), digest_size=16)
  for name, array in sorted(tensors.items()):
    digest.update(f"{name}{array.dtype}{array.shape}".encode())
    digest.update(array.tobytes())
  return digest.hexdigest()


def _as_tuple(value: Any) -> Any:
  return tuple(value) if isinstance(value, list) else value

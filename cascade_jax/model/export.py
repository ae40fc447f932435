"""Export of encoder and decoder, for use without this package.

| `to` | files |
|---|---|
| "jax" | `encoder.jax_export`, `decoder.jax_export`, StableHLO |
| "onnx" | `encoder.onnx`, `decoder.onnx` |

`jax.export.deserialize` reads the former, for CPU, GPU and TPU; ONNX Runtime
and others read the latter. Both take any number N of rows. The weights are in
the files.

The encoder of "jax" maps images `[N, H, W, C]` float32 in [0, 1] to a dict of
`mean` and `scale` `[N, m]`, `categories` `[N, D]` and `reconstruction` `[N]`
(nats per image). That of "onnx" gives `mean` and `scale` alone; `onnx_graph`
says how to find the categories. Decoders map `latents` `[N, m]` and a code to
mean images: joint categories `[N]` int32 for "jax" (-1 without a code), rows
`[N, S]` for "onnx".
"""

import functools
import os
import pathlib
from typing import Any

import jax
import jax.numpy as jnp
from jax import export as jax_export

from cascade_jax import atomic, methods, optional
from cascade_jax.activity import activity
from cascade_jax.errors import UserError
from cascade_jax.model import onnx_graph
from cascade_jax.model.contents import Contents
from cascade_jax.runs import workdir

FORMATS = ("jax", "onnx")
_PLATFORMS = ("cpu", "cuda", "tpu")


def export(
  contents: Contents, folder: str | os.PathLike, to: str = "jax"
) -> list[str]:
  """Writes the two files; arguments and errors are those of `Model.export`."""
  if to not in FORMATS:
    raise UserError(f"to is {to!r}; it must be one of {FORMATS}")
  folder = pathlib.Path(folder).expanduser()
  with activity(f"exporting to {folder}", announced=False):
    files = _jax_files(contents) if to == "jax" else _onnx_files(contents)
  folder.mkdir(parents=True, exist_ok=True)
  for name, content in files.items():
    atomic.write(folder / name, content)
  return [str(folder / name) for name in files]


def _jax_files(contents: Contents) -> dict[str, bytes]:
  """Returns the serialized functions, with a symbolic number of rows."""
  config = workdir.config_of(contents.config, "the model's config")
  # The networks on blocks are for this machine's CPU, and divide N by 4.
  config.fast_networks = False
  method = methods.build(config, contents.image_shape)
  discrete = method.schedule(max(contents.step - 1, 0)).discrete

  def encoder(images: jax.Array) -> dict[str, Any]:
    return method.represent(contents.params, images, discrete)._asdict()

  (rows,) = jax_export.symbolic_shape("N")
  floats = functools.partial(jax.ShapeDtypeStruct, dtype=jnp.float32)
  return {
    "encoder.jax_export": _serialized(
      encoder, floats((rows, *contents.image_shape))
    ),
    "decoder.jax_export": _serialized(
      functools.partial(method.decode, contents.params),
      floats((rows, config.num_continuous)),
      jax.ShapeDtypeStruct((rows,), jnp.int32),
    ),
  }


def _serialized(function: Any, *shapes: jax.ShapeDtypeStruct) -> bytes:
  optional.imported("flatbuffers", "export", "to='jax'")  # jax serializes by it
  exported = jax_export.export(jax.jit(function), platforms=_PLATFORMS)(*shapes)
  return bytes(exported.serialize())


def _onnx_files(contents: Contents) -> dict[str, bytes]:
  method = contents.config["method"]
  if method not in methods.METHODS:
    raise UserError(
      f"to='onnx' knows the networks of this package, not those of {method!r}; "
      "to='jax' exports any model"
    )
  num_continuous = contents.config["num_continuous"]
  encoder, decoder = contents.params["encoder"], contents.params["decoder"]
  shape = contents.image_shape
  return {
    "encoder.onnx": onnx_graph.encoder(
      encoder["params"], shape, num_continuous
    ),
    "decoder.onnx": onnx_graph.decoder(decoder["params"], num_continuous),
  }

"""What a model consists of: its weights, and the record of where it is from."""

from typing import Any, NamedTuple

import jax

from cascade_jax.types import Params


class Contents(NamedTuple):
  """A trained model as data, which a file can hold.

  Attributes:
    params: of encoder and decoder, float32.
    config: of the run, as `config.json` has it.
    image_shape: H, W, C.
    step: updates that were done.
    seed: of the run.
    dataset: its name.
    class_names: of the classes of the data set; () where they are not known.
    evaluation: `evaluation.json` of this step; {} if it was not scored.
    provenance: versions, device and commit of the run's first start.
  """

  params: Params
  config: dict[str, Any]
  image_shape: tuple[int, int, int]
  step: int
  seed: int
  dataset: str
  class_names: tuple[str, ...]
  evaluation: dict[str, Any]
  provenance: dict[str, Any]


def shapes(params: Params) -> dict[str, tuple[int, ...]]:
  """Returns the shape of each array by its path."""
  leaves = jax.tree_util.tree_leaves_with_path(params)
  return {jax.tree_util.keystr(path): leaf.shape for path, leaf in leaves}

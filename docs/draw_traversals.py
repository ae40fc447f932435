"""Draws docs/traversals.gif, the picture of README.md, from the shipped model.

python docs/draw_traversals.py
"""

import pathlib

import numpy as np

import cascade_jax
from cascade_jax import data, plots

PATH = pathlib.Path(__file__).parent / "traversals.gif"
# Shape, scale, orientation, x and y of an upright heart in the middle.
HEART = (2, 3, 0, 16, 16)


def gif(name: str = "dsprites") -> bytes:
  """Returns the traversals of a model, which start at the code of the heart."""
  model = cascade_jax.load(name)
  sprites = data.load(**model.contents.config["data"])
  assert sprites.factors is not None
  heart = np.flatnonzero((sprites.factors == HEART).all(axis=1))
  start = model.represent(data.HostImages(sprites)[heart]).mean[0]
  return plots.traversal_gif(*model.traverse(start, -1.5, 1.5))


if __name__ == "__main__":
  PATH.write_bytes(gif())

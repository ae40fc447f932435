"""A guess of the categories of a data set: no labels, no model.

The images of a sample are registered, their graph of nearest neighbours is cut
into categories, and every other image gets the category of the nearest image of
the sample.

What is assumed: after registration, the images of each value of the discrete
factor form one connected piece of the space of images, pieces of different
values are apart, and the sample is dense enough to show both. In words: images
that small changes connect belong together. This prior of continuity replaces
labels. Whoever trains on the guess should say so, and report results without it
too.

It cannot hold where values touch or overlap (handwritten digits: try the cut
"spectral"), where one value has several separate forms (a seven with and
without a bar; few orientations far apart), where distances between images don't
tell their form (textures, photographs), with several objects in an image, or on
a bright or structured background. Binary images of few pixels can fail too,
because rounding makes different forms alike. So look at the plateau, at the
sizes, and at some images of each category.

This is not part of the paper (Jeong & Song 2019).

Shapes: N images, n of them in the sample, S categories, d registered pixels.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from cascade_jax.connectivity.components import Plateau, component_cut
from cascade_jax.connectivity.neighbours import nearest
from cascade_jax.connectivity.registration import REGISTRATIONS
from cascade_jax.connectivity.spectral import spectral_cut
from cascade_jax.errors import UserError

CUTS = ("components", "spectral")

_BLOCK = 2**24  # values of the images in memory at once, 64 MB
_LEAST_SIZE = 2**12  # values that a smaller image counts for

ImagesOf = Callable[[np.ndarray], np.ndarray]  # indices to their images


class Guess(NamedTuple):
  """The guessed categories, and what shows whether to believe them."""

  categories: np.ndarray  # [N] int32, numbered by first appearance
  sizes: np.ndarray  # [S] int64, images in each category
  num_neighbours: int  # k of the graph that was cut
  plateau: Plateau | None  # k around it; None for the cut "spectral"
  sample: np.ndarray  # [n] int64, the images of the graph, ascending


def guess_categories(
  images_of: ImagesOf,
  num_images: int,
  num_categories: int,
  *,
  seed: int = 0,
  registration: str = "moments",
  cut: str = "components",
  sample_size: int = 2500,
) -> Guess:
  """Guesses the category of each image of a data set.

  Args:
    images_of: returns the images `[b, H, W]` or `[b, H, W, C]`, floats in
      [0, 1], of ascending indices `[b]`. It is asked for a block at a time, so
      the data set needn't fit into memory.
    num_images: N.
    num_categories: S, at least 2.
    seed: of the choice of the sample.
    registration: a name in `REGISTRATIONS`.
    cut: "components" for pieces that are apart, "spectral" for pieces that
      touch.
    sample_size: n, at least 50; all images if there are fewer. The time for the
      graph grows with n squared.

  Raises:
    UserError: the sample doesn't fall into S categories, or an argument or the
      images are malformed; the message says what to do.
  """
  check_settings(registration, cut)
  count = min(sample_size, num_images)
  if count < 1:
    raise UserError(
      "sample_size and num_images must be at least 1, got "
      f"{sample_size} and {num_images}"
    )
  rng = np.random.default_rng(seed)
  sample = np.sort(rng.choice(num_images, count, replace=False))
  blocks = _blocks(images_of, sample, registration)
  points = np.concatenate([block for _, block in blocks])
  plateau = None
  if cut == "components":
    labels, num_neighbours, plateau, _ = component_cut(points, num_categories)
  else:
    labels, num_neighbours = spectral_cut(points, num_categories)
  categories = np.empty(num_images, np.int32)
  everything = np.arange(num_images)
  for rows, block in _blocks(images_of, everything, registration):
    categories[rows] = labels[nearest(block, points)]
  categories = _numbered(categories)
  sizes = np.bincount(categories)
  return Guess(categories, sizes, num_neighbours, plateau, sample)


def check_settings(registration: str, cut: str, prefix: str = "") -> None:
  """Refuses names that `guess_categories` does not know.

  Args:
    registration: see `REGISTRATIONS`.
    cut: see `CUTS`.
    prefix: of both settings where they are set, for the message.

  Raises:
    UserError: names the setting, its value and what there is.
  """
  for name, value, known in (
    ("registration", registration, tuple(REGISTRATIONS)),
    ("cut", cut, CUTS),
  ):
    if value not in known:
      raise UserError(f"{prefix}{name} is {value!r}; it must be one of {known}")


def _blocks(
  images_of: ImagesOf, indices: np.ndarray, registration: str
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
  """Yields indices `[b]` and registered images `[b, d]`, block by block."""
  register = REGISTRATIONS[registration]
  image_size = max(_LEAST_SIZE, np.size(images_of(indices[:1])))
  block_size = max(1, _BLOCK // image_size)
  for start in range(0, len(indices), block_size):
    chosen = indices[start : start + block_size]
    images = images_of(chosen)
    if len(images) != len(chosen):
      raise UserError(
        f"images_of returned {len(images)} images for {len(chosen)} indices"
      )
    try:
      points = register(images)
    except UserError as error:
      raise UserError(
        f"images {chosen[0]} to {chosen[-1]} of the data set: {error}"
      ) from error
    yield chosen, points


def _numbered(labels: np.ndarray) -> np.ndarray:
  """Renumbers labels `[N]` int32 in the order of their first appearance."""
  _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
  return first.argsort().argsort().astype(np.int32)[inverse]

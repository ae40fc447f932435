"""Latent traversals as a grid of stills and as an animation.

Shapes: T frames of a traversal, R rows (joint codes), m continuous dimensions,
D discrete variables, H W C image.
"""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cascade_jax.errors import UserError
from cascade_jax.plots import plates
from cascade_jax.plots.style import (
  UNUSED_KL,
  code_names,
  dimension_color,
  dimension_name,
  to_array,
)

if TYPE_CHECKING:
  from matplotlib.figure import Figure

_NUM_STILLS = 5  # frames of a traversal that the grid shows
_DIMENSIONS_PER_LINE = 3  # of the grid
_FRAME_MS = 60
_END_MS = 500


def traversal_grid(
  traversals: np.ndarray,
  values: np.ndarray,
  kl: Sequence[float] | None = None,
  categories: np.ndarray | None = None,
) -> "Figure":
  """Returns a figure with a strip of stills for each dimension and code.

  Args:
    traversals: `[T, R, m, H, W, C]` in [0, 1]; in frame t one dimension is at
      `values[t]` and the others are at 0.
    values: `[T]`.
    kl: `[m]` nats, written beside the names of the dimensions.
    categories: `[R, D]`, the categories of each row's joint code; D = 0 or
      None for a model without a discrete code.

  Raises:
    UserError: the shapes of the arrays don't agree.
  """
  _check_traversals(traversals, values, kl, categories)
  dimensions = range(traversals.shape[2])
  frames = still_frames(len(values))
  pixels = plates.to_pixels(traversals[frames], target=112)
  blocks = pixels.transpose(2, 1, 0, 3, 4, 5)
  return plates.plate(
    list(blocks),
    titles=[[_still_title(j, kl)] for j in dimensions],
    colors=[dimension_color(j) for j in dimensions],
    row_names=code_names(categories),
    feet=[[format_number(values[t]) for t in frames]] * len(blocks),
    per_line=_DIMENSIONS_PER_LINE,
  )


def still_frames(num_frames: int) -> np.ndarray:
  """Returns the frames of a traversal that are shown as stills."""
  frames = np.linspace(0, num_frames - 1, min(_NUM_STILLS, num_frames))
  return frames.round().astype(int)


def traversal_gif(
  traversals: np.ndarray,
  values: np.ndarray,
  kl: Sequence[float] | None = None,
  categories: np.ndarray | None = None,
) -> bytes:
  """Returns an endless GIF with a row for each code, a column a dimension.

  It runs from the first value to the last and back. It is returned as the
  content of a file, since matplotlib has no animated figures without a writer.
  Arguments and errors are those of `traversal_grid`.
  """
  from PIL import Image

  _check_traversals(traversals, values, kl, categories)
  pixels = plates.to_pixels(traversals, target=96)
  frames = [
    Image.fromarray(
      to_array(_traversal_frame(images, values, t, kl, categories))
    )
    for t, images in enumerate(pixels)
  ]
  # One palette for all frames: separate palettes would flicker.
  sample = np.concatenate([np.asarray(f) for f in (frames[0], frames[-1])])
  palette = Image.fromarray(sample).quantize(method=Image.Quantize.MAXCOVERAGE)
  frames = [
    f.quantize(palette=palette, dither=Image.Dither.NONE) for f in frames
  ]
  there_and_back = frames + frames[-2:0:-1]
  durations = [_FRAME_MS] * len(there_and_back)
  durations[0] = durations[len(frames) - 1] = _END_MS
  file = io.BytesIO()
  there_and_back[0].save(
    file,
    format="GIF",
    save_all=True,
    append_images=there_and_back[1:],
    duration=durations,
    loop=0,
  )
  return file.getvalue()


def _check_traversals(
  traversals: np.ndarray,
  values: np.ndarray,
  kl: Sequence[float] | None,
  categories: np.ndarray | None,
) -> None:
  """Raises a UserError where the shapes of the arrays don't agree."""
  if traversals.ndim != 6 or not traversals.size:
    raise UserError(
      "traversals must be [frames, categories, dimensions, H, W, C], not of "
      f"shape {traversals.shape}"
    )
  for name, array, expected in (
    ("values", values, traversals.shape[0]),
    ("kl", kl, traversals.shape[2]),
    ("categories", categories, traversals.shape[1]),
  ):
    if array is not None and len(array) != expected:
      raise UserError(
        f"{name} has {len(array)} entries; traversals of shape "
        f"{traversals.shape} need {expected}"
      )


def _traversal_frame(
  images: np.ndarray,
  values: np.ndarray,
  frame: int,
  kl: Sequence[float] | None,
  categories: np.ndarray | None,
) -> "Figure":
  """Returns a frame of `[R, m, h, w, 3]` images, with a slider below them."""
  dimensions = range(images.shape[1])
  return plates.plate(
    list(images.transpose(1, 0, 2, 3, 4)[:, :, None]),
    titles=[
      [dimension_name(j)] + ([] if kl is None else [f"KL {kl[j]:.1f}"])
      for j in dimensions
    ],
    colors=[dimension_color(j) for j in dimensions],
    row_names=code_names(categories),
    per_line=len(dimensions),
    gap=12,
    slider=plates.Slider(
      share=frame / max(len(values) - 1, 1),
      low=format_number(values[0]),
      high=format_number(values[-1]),
    ),
  )


def format_number(value: float) -> str:
  """Returns a number with three digits and a typographic minus sign."""
  return f"{value:.3g}".replace("-", "\N{MINUS SIGN}")


def _still_title(dimension: int, kl: Sequence[float] | None) -> str:
  """Returns a dimension's name with its KL, where there is one."""
  name = dimension_name(dimension)
  if kl is None:
    return name
  unused = ", unused" if kl[dimension] <= UNUSED_KL else ""
  return f"{name}   KL {kl[dimension]:.2f} nats{unused}"

"""Plates: many small images with labels, enlarged by whole factors.

Their dark background looks the same on a light and on a dark page.

Shapes: H W C image, h w enlarged image.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cascade_jax.errors import UserError
from cascade_jax.plots.plate_layout import (
  CHARACTER,
  IMAGE_GAP,
  MARGIN,
  TEXT_LINE,
  Layout,
  make_layout,
)

if TYPE_CHECKING:
  from matplotlib.axes import Axes
  from matplotlib.figure import Figure

_BACKGROUND = "#1b1d21"
_INK = "#e4e6ea"
_MUTED = "#9aa1ab"

_FONT = 26  # pixels


class Slider(NamedTuple):
  """A bar below all blocks."""

  share: float  # position of the knob, from 0 to 1
  low: str  # texts at the ends
  high: str


def to_pixels(images: np.ndarray, target: int) -> np.ndarray:
  """Returns images as RGB pixels, enlarged by a whole factor.

  Args:
    images: `[..., H, W, C]` in [0, 1], C = 1 or 3; NaN is shown as 0.
    target: the desired height, which is met as nearly as possible.

  Returns:
    `[..., h, w, 3]` uint8.

  Raises:
    UserError: images of another number of channels.
  """
  if images.shape[-1] not in (1, 3):
    raise UserError(
      f"images have {images.shape[-1]} channels (shape {images.shape}); "
      "a picture needs 1 or 3"
    )
  pixels = np.rint(255 * np.clip(np.nan_to_num(images), 0, 1))
  pixels = np.broadcast_to(pixels, (*images.shape[:-1], 3)).astype(np.uint8)
  scale = max(1, round(target / images.shape[-3]))
  return pixels.repeat(scale, axis=-3).repeat(scale, axis=-2)


def background(height: int, width: int) -> np.ndarray:
  """Returns `[height, width, 3]` pixels, uint8, of the plates' background."""
  from matplotlib.colors import to_rgb

  pixels = np.empty((height, width, 3), np.uint8)
  pixels[:] = np.rint(255 * np.array(to_rgb(_BACKGROUND)))
  return pixels


def plate(
  blocks: Sequence[np.ndarray],
  titles: Sequence[Sequence[str]] = (),
  colors: Sequence[str] = (),
  row_names: Sequence[str] = (),
  feet: Sequence[Sequence[str]] = (),
  per_line: int = 1,
  gap: int = 44,
  slider: Slider | None = None,
) -> "Figure":
  """Returns a figure of blocks of small images with their labels.

  Args:
    blocks: each `[rows, columns, h, w, 3]` uint8; columns may differ.
    titles: the lines of text above each block.
    colors: the colour of the square before each block's title.
    row_names: a name for each row, left of the first block of each line.
    feet: for each block the texts under its columns.
    per_line: number of blocks side by side.
    gap: pixels between blocks.
    slider: drawn below all blocks.

  Returns:
    A matplotlib Figure, each of whose pixels is a pixel of the blocks.
  """
  layout = make_layout(blocks, titles, row_names, bool(feet), per_line, gap)
  height, width = layout.size(len(blocks))
  if slider:
    height += 2 * TEXT_LINE
  figure, axes = _canvas(height, width)
  pixels = _paste(blocks, layout, height, width)
  box = (0, width, height, 0)
  axes.imshow(pixels, extent=box, interpolation="nearest", aspect="auto")
  for index in range(len(blocks)):
    if titles:
      _draw_title(axes, layout, index, titles[index], colors[index])
    if feet:
      _draw_feet(axes, layout, index, len(blocks[0]), feet[index])
    if index % layout.per_line == 0:
      _draw_row_names(axes, layout, index, row_names)
  if slider:
    y = height - MARGIN - TEXT_LINE / 2
    _draw_slider(axes, layout.left, width - MARGIN, y, slider)
  return figure


def _canvas(height: int, width: int) -> tuple["Figure", "Axes"]:
  """Returns a figure of so many pixels, and axes whose unit is the pixel."""
  from matplotlib.figure import Figure

  # At 72 dpi a point is a pixel; the hundredth guards against rounding down.
  size = ((width + 0.01) / 72, (height + 0.01) / 72)
  figure = Figure(figsize=size, dpi=72, facecolor=_BACKGROUND)
  axes = figure.add_axes((0, 0, 1, 1))
  axes.set_axis_off()
  return figure, axes


def _paste(
  blocks: Sequence[np.ndarray], layout: Layout, height: int, width: int
) -> np.ndarray:
  """Returns `[height, width, 3]` pixels of the images on the background."""
  pixels = background(height, width)
  h, w = layout.image
  for index, block in enumerate(blocks):
    for row, column in np.ndindex(*block.shape[:2]):
      x, y = layout.image_corner(index, row, column)
      pixels[y : y + h, x : x + w] = block[row, column]
  return pixels


def _draw_title(
  axes: "Axes", layout: Layout, index: int, lines: Sequence[str], color: str
) -> None:
  """Writes the lines above a block, a coloured square before the first."""
  from matplotlib.patches import Rectangle

  x, y = layout.block_corner(index)
  axes.add_patch(Rectangle((x, y + 7), 20, 20, color=color))
  for i, line in enumerate(lines):
    shift, ink = (30, _INK) if i == 0 else (0, _MUTED)
    middle = y + 17 + i * (TEXT_LINE - 4)
    _text(axes, x + shift, middle, line, ha="left", color=ink)


def _draw_feet(
  axes: "Axes", layout: Layout, index: int, rows: int, feet: Sequence[str]
) -> None:
  """Writes a text under each column of a block."""
  for column, text in enumerate(feet):
    x, y = layout.image_corner(index, rows, column)
    middle = x + layout.image[1] / 2
    _text(axes, middle, y - IMAGE_GAP + TEXT_LINE / 2, text)


def _draw_row_names(
  axes: "Axes", layout: Layout, index: int, row_names: Sequence[str]
) -> None:
  """Writes the names of the rows left of a block."""
  for row, name in enumerate(row_names):
    x, y = layout.image_corner(index, row, 0)
    _text(axes, x - CHARACTER, y + layout.image[0] / 2, name, ha="right")


def _draw_slider(
  axes: "Axes", left: int, right: int, y: float, slider: Slider
) -> None:
  """Draws a bar with a knob, between the texts at its ends."""
  start, end = left + 60, right - 44
  axes.plot([start, end], [y, y], color=_MUTED, lw=3, alpha=0.5)
  knob = start + slider.share * (end - start)
  axes.plot(knob, y, "o", color=_INK, ms=16)
  _text(axes, left, y, slider.low, ha="left")
  _text(axes, right, y, slider.high, ha="right")


def _text(
  axes: "Axes",
  x: float,
  y: float,
  text: str,
  ha: str = "center",
  color: str = _MUTED,
) -> None:
  """Writes a line of text, vertically centred."""
  axes.text(
    x, y, text, ha=ha, va="center", color=color, size=_FONT, parse_math=False
  )

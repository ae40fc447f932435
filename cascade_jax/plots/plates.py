"""Plates: many small images with labels, enlarged by whole factors.

Their ground is dark, which looks the same on a light and on a dark page.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cascade_jax.errors import UserError

_GROUND = "#1b1d21"
_INK = "#e4e6ea"
_MUTED = "#9aa1ab"

_MARGIN = 32
_GAP = 4  # between the images of a block
_TEXT = 26
_LINE = 38  # height of a line of text


class Slider(NamedTuple):
  """A bar below all blocks."""

  share: float  # where its knob is, 0 to 1
  low: str  # the texts at its ends
  high: str


class _Layout(NamedTuple):
  """Where things are, in pixels from the top left."""

  left: int  # of the first block
  head: int  # height of a block's title
  step: tuple[int, int]  # from block to block, right and down
  per_line: int
  image: tuple[int, int]  # height, width

  def block(self, index: int) -> tuple[int, int]:
    """Left and top of a block, its title included."""
    down, right = divmod(index, self.per_line)
    return self.left + right * self.step[0], _MARGIN + down * self.step[1]

  def cell(self, index: int, row: int, column: int) -> tuple[int, int]:
    """Left and top of an image of a block; row and column may be past it."""
    x, y = self.block(index)
    h, w = self.image
    return x + column * (w + _GAP), y + self.head + row * (h + _GAP)


def to_pixels(images: np.ndarray, target: int) -> np.ndarray:
  """Images as RGB pixels, enlarged to about `target` by a whole factor.

  Args:
    images: `[..., H, W, C]` in [0, 1], C = 1 or 3; NaN shows as 0.
    target: the height wanted.

  Returns:
    `[..., kH, kW, 3]` uint8.

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


def plate(
  blocks: Sequence[np.ndarray],
  titles: Sequence[Sequence[str]] = (),
  colors: Sequence[str] = (),
  row_names: Sequence[str] = (),
  feet: Sequence[Sequence[str]] = (),
  per_line: int = 1,
  gap: int = 44,
  slider: Slider | None = None,
):
  """Blocks of small images with their labels, on a dark plate.

  Args:
    blocks: n of `[rows, columns, h, w, 3]` uint8; columns may differ.
    titles: for each block its lines of text, or nothing.
    colors: for each block the colour of the square before its title.
    row_names: for each row, left of the first block of each line.
    feet: for each block a text under each column.
    per_line: blocks side by side.
    gap: pixels between blocks.
    slider: below all blocks.

  Returns:
    A matplotlib Figure; a pixel of it is a pixel of the blocks.
  """
  n, (rows, _, h, w, _) = len(blocks), blocks[0].shape
  columns = max(block.shape[1] for block in blocks)
  longest = max(map(len, row_names), default=0)
  left = _MARGIN + (16 * longest + 16 if longest else 0)
  head = _LINE * max(map(len, titles), default=0)
  across = columns * (w + _GAP) - _GAP
  down = head + rows * (h + _GAP) - _GAP + _LINE * bool(feet)
  per_line = min(per_line, n)
  step = (across + gap, down + gap // 2)
  layout = _Layout(left, head, step, per_line, (h, w))
  width = layout.block(per_line - 1)[0] + across + _MARGIN
  height = layout.block(n - 1)[1] + down + _MARGIN + 2 * _LINE * bool(slider)
  figure, axes = _canvas(width, height)
  pixels = _paste(blocks, layout, width, height)
  box = (0, width, height, 0)
  axes.imshow(pixels, extent=box, interpolation="nearest", aspect="auto")
  for index in range(n):
    if titles:
      _title(axes, layout, index, titles[index], colors[index])
    for column, text in enumerate(feet[index] if feet else ()):
      x, y = layout.cell(index, rows, column)
      _text(axes, x + w / 2, y - _GAP + _LINE / 2, text)
    for row, name in enumerate(row_names if index % per_line == 0 else ()):
      x, y = layout.cell(index, row, 0)
      _text(axes, x - 16, y + h / 2, name, ha="right")
  if slider:
    _slider(axes, left, width - _MARGIN, height - _MARGIN - _LINE / 2, slider)
  return figure


def _canvas(width: int, height: int):
  """A figure of so many pixels and axes whose unit is the pixel."""
  from matplotlib.figure import Figure

  # At 72 dpi a point is a pixel; the hundredth guards against rounding down.
  size = ((width + 0.01) / 72, (height + 0.01) / 72)
  figure = Figure(figsize=size, dpi=72, facecolor=_GROUND)
  axes = figure.add_axes((0, 0, 1, 1))
  axes.set_axis_off()
  return figure, axes


def _paste(blocks, layout: _Layout, width: int, height: int) -> np.ndarray:
  from matplotlib.colors import to_rgb

  pixels = np.empty((height, width, 3), np.uint8)
  pixels[:] = np.rint(255 * np.array(to_rgb(_GROUND)))
  h, w = layout.image
  for index, block in enumerate(blocks):
    for row, column in np.ndindex(*block.shape[:2]):
      x, y = layout.cell(index, row, column)
      pixels[y : y + h, x : x + w] = block[row, column]
  return pixels


def _title(axes, layout: _Layout, index: int, lines, color: str) -> None:
  from matplotlib.patches import Rectangle

  x, y = layout.block(index)
  axes.add_patch(Rectangle((x, y + 7), 20, 20, color=color))
  for i, line in enumerate(lines):
    shift, ink = (30, _INK) if i == 0 else (0, _MUTED)
    middle = y + 17 + i * (_LINE - 4)
    _text(axes, x + shift, middle, line, ha="left", color=ink)


def _slider(axes, left: int, right: int, y: float, slider: Slider) -> None:
  start, end = left + 60, right - 44
  axes.plot([start, end], [y, y], color=_MUTED, lw=3, alpha=0.5)
  knob = start + slider.share * (end - start)
  axes.plot(knob, y, "o", color=_INK, ms=16)
  _text(axes, left, y, slider.low, ha="left")
  _text(axes, right, y, slider.high, ha="right")


def _text(axes, x, y, text, ha="center", color=_MUTED) -> None:
  axes.text(
    x, y, text, ha=ha, va="center", color=color, size=_TEXT, parse_math=False
  )

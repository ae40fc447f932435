"""Plates: many small images with labels, enlarged by whole factors.

Their ground is dark, which looks the same on a light and on a dark page.
"""

from collections.abc import Sequence

import numpy as np

_GROUND = "#1b1d21"
_INK = "#e4e6ea"
_MUTED = "#9aa1ab"

_MARGIN = 32
_GAP = 4  # between images of a block
_LINE = 36  # height of a line of text
_TEXT = 24


def to_pixels(images: np.ndarray, target: int) -> np.ndarray:
  """Images as RGB pixels, enlarged to `target` or so by whole factors.

  Args:
    images: `[..., H, W, C]` in [0, 1], C = 1 or 3; NaN shows as 0.
    target: height wanted.

  Returns:
    `[..., kH, kW, 3]` uint8.

  Raises:
    ValueError: images of another number of channels.
  """
  if images.shape[-1] not in (1, 3):
    raise ValueError(
      f"images have {images.shape[-1]} channels (shape {images.shape}); "
      "a picture needs 1 or 3"
    )
  pixels = np.rint(255 * np.clip(np.nan_to_num(images), 0, 1))
  pixels = np.broadcast_to(pixels, (*images.shape[:-1], 3)).astype(np.uint8)
  scale = max(1, round(target / images.shape[-3]))
  return pixels.repeat(scale, axis=-3).repeat(scale, axis=-2)


def plate(
  blocks: np.ndarray,
  titles: Sequence[Sequence[str]] = (),
  colors: Sequence[str] = (),
  row_names: Sequence[str] = (),
  feet: Sequence[Sequence[str]] = (),
  per_line: int = 1,
  gap: int = 44,
  slider: tuple[float, str, str] | None = None,
):
  """Blocks of small images with their labels, on a dark plate.

  Args:
    blocks: `[n, rows, columns, h, w, 3]` uint8.
    titles: for each block its lines of text, or nothing.
    colors: for each block the colour of the square before its title.
    row_names: for each row, left of the first block of each line.
    feet: for each block a text under each column.
    per_line: blocks side by side.
    gap: pixels between blocks.
    slider: a bar below all blocks: where its knob is, from 0 to 1, and the
      texts at its ends.

  Returns:
    A matplotlib Figure; a pixel of it is a pixel of the blocks.
  """
  _, rows, columns, h, w, _ = blocks.shape
  left = _MARGIN + (20 + 15 * max(map(len, row_names)) if row_names else 0)
  head = _LINE * max(map(len, titles), default=0)
  step_x = columns * (w + _GAP) - _GAP + gap
  inner_y = head + rows * (h + _GAP) - _GAP
  step_y = inner_y + (_LINE if feet else 0) + gap // 2
  lines = -(-len(blocks) // per_line)
  width = left + min(per_line, len(blocks)) * step_x - gap + _MARGIN
  height = 2 * _MARGIN + lines * step_y - gap // 2
  height += 2 * _LINE if slider else 0
  figure, axes = _canvas(width, height)
  canvas = np.empty((height, width, 3), np.uint8)
  canvas[:] = [int(_GROUND[i : i + 2], 16) for i in (1, 3, 5)]
  for index, block in enumerate(blocks):
    x = left + index % per_line * step_x
    y = _MARGIN + index // per_line * step_y
    for (r, c), image in _cells(block):
      top, start = y + head + r * (h + _GAP), x + c * (w + _GAP)
      canvas[top : top + h, start : start + w] = image
    if titles:
      _title(axes, x, y, titles[index], colors[index])
    if feet:
      for c, text in enumerate(feet[index]):
        _text(axes, x + c * (w + _GAP) + w / 2, y + inner_y + _LINE / 2, text)
    if index % per_line == 0:
      for r, name in enumerate(row_names):
        middle = y + head + r * (h + _GAP) + h / 2
        _text(axes, x - 16, middle, name, ha="right")
  if slider:
    _slider(axes, left, width - _MARGIN, height - _MARGIN - 8, slider)
  axes.imshow(
    canvas, extent=(0, width, height, 0), interpolation="nearest", aspect="auto"
  )
  return figure


def _canvas(width: int, height: int):
  """A plate-coloured figure and axes whose unit is the pixel."""
  from matplotlib.figure import Figure

  # At 72 dpi a point is a pixel; the hundredth guards against rounding down.
  size = ((width + 0.01) / 72, (height + 0.01) / 72)
  figure = Figure(figsize=size, dpi=72, facecolor=_GROUND)
  axes = figure.add_axes((0, 0, 1, 1))
  axes.set_axis_off()
  return figure, axes


def _cells(block: np.ndarray):
  for index in np.ndindex(*block.shape[:2]):
    yield index, block[index]


def _title(axes, x, y, lines, color) -> None:
  from matplotlib.patches import Rectangle

  axes.add_patch(Rectangle((x, y + 7), 18, 18, color=color))
  for i, line in enumerate(lines):
    shift, ink = (28, _INK) if i == 0 else (0, _MUTED)
    _text(axes, x + shift, y + 16 + i * _LINE, line, ha="left", color=ink)


def _text(axes, x, y, text, ha="center", color=_MUTED) -> None:
  axes.text(
    x, y, text, ha=ha, va="center", color=color, size=_TEXT, parse_math=False
  )


def _slider(axes, left, right, y, slider) -> None:
  share, low, high = slider
  start, end = left + 44, right - 44
  axes.plot([start, end], [y, y], color=_MUTED, lw=3, alpha=0.5)
  axes.plot(start + share * (end - start), y, "o", color=_INK, ms=16)
  _text(axes, left, y, low, ha="left")
  _text(axes, right, y, high, ha="right")

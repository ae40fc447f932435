"""What the pictures share: names, colours, and plates of small images.

Charts are drawn in one ink, so that a page can give them its own text colour;
hues stand for continuous dimensions and nothing else. Images lie on a dark
plate, which looks the same on a light and on a dark page.
"""

import io
import re
from collections.abc import Sequence

import numpy as np

# Okabe & Ito's colour-blind safe set without black and yellow: these show on
# white and on near-black alike.
_HUES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
INK = "#1d2025"
PLATE = "#1b1d21"
PLATE_INK = "#e4e6ea"
PLATE_MUTED = "#9aa1ab"

_MARGIN = 32
_GAP = 4  # between images of a block
_BLOCK_GAP = 44
_LINE = 36  # height of a line of text
_TEXT = 24


def dimension_name(dimension: int) -> str:
  """What dimension `dimension`, counted from 0, is called: z1 for 0."""
  return f"z{dimension + 1}"


def category_name(category: int) -> str:
  """What category `category`, counted from 0, is called: c1 for 0."""
  return f"c{category + 1}"


def dimension_color(dimension: int) -> str:
  """The dimension's colour in every picture; repeats after six."""
  return _HUES[dimension % len(_HUES)]


def dimension_dashes(dimension: int) -> str:
  """The dimension's line style, which tells repeated colours apart."""
  return ("-", "--", ":", "-.")[dimension // len(_HUES) % 4]


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
):
  """Blocks of small images with their labels, on a dark plate.

  Args:
    blocks: `[n, rows, columns, h, w, 3]` uint8.
    titles: for each block its lines of text, or nothing.
    colors: for each block the colour of the square before its title.
    row_names: for each row, left of the first block of each line.
    feet: for each block a text under each column.
    per_line: blocks side by side.

  Returns:
    A matplotlib Figure; a pixel of it is a pixel of the blocks.
  """
  _, rows, columns, h, w, _ = blocks.shape
  left = _MARGIN + (20 + 15 * max(map(len, row_names)) if row_names else 0)
  head = _LINE * max(map(len, titles), default=0)
  step_x = columns * (w + _GAP) - _GAP + _BLOCK_GAP
  inner_y = head + rows * (h + _GAP) - _GAP
  step_y = inner_y + (_LINE if feet else 0) + _BLOCK_GAP // 2
  lines = -(-len(blocks) // per_line)
  width = left + min(per_line, len(blocks)) * step_x - _BLOCK_GAP + _MARGIN
  height = 2 * _MARGIN + lines * step_y - _BLOCK_GAP // 2
  figure, axes = _canvas(width, height)
  canvas = np.empty((height, width, 3), np.uint8)
  canvas[:] = [int(PLATE[i : i + 2], 16) for i in (1, 3, 5)]
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
  axes.imshow(canvas, extent=(0, width, height, 0), interpolation="nearest")
  return figure


def to_array(figure) -> np.ndarray:
  """The figure's pixels, `[h, w, 3]` uint8."""
  from matplotlib.backends.backend_agg import FigureCanvasAgg

  canvas = FigureCanvasAgg(figure)
  canvas.draw()
  return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def to_svg(figure) -> str:
  """The figure as an SVG element for a page, in the page's text colour.

  Text stays text, the background is transparent, and what refers to other
  sites (namespaces, metadata) is left out: HTML doesn't need it.
  """
  import matplotlib

  file = io.StringIO()
  with matplotlib.rc_context(
    {"svg.fonttype": "none", "svg.hashsalt": "cascade_jax"}
  ):
    figure.savefig(file, format="svg", transparent=True)
  svg = file.getvalue()
  svg = svg[svg.index("<svg") :].replace(INK, "currentColor")
  svg = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", svg, flags=16)
  return re.sub(r'^<svg[^>]*?(viewBox="[^"]*")[^>]*>', r"<svg \1>", svg)


def _canvas(width: int, height: int):
  """A plate-coloured figure and axes whose unit is the pixel."""
  from matplotlib.figure import Figure

  # At 72 dpi a point is a pixel; the hundredth guards against rounding down.
  size = ((width + 0.01) / 72, (height + 0.01) / 72)
  figure = Figure(figsize=size, dpi=72, facecolor=PLATE)
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
    shift, ink = (28, PLATE_INK) if i == 0 else (0, PLATE_MUTED)
    _text(axes, x + shift, y + 16 + i * _LINE, line, ha="left", color=ink)


def _text(axes, x, y, text, ha="center", color=PLATE_MUTED) -> None:
  axes.text(
    x, y, text, ha=ha, va="center", color=color, size=_TEXT, parse_math=False
  )

"""What the pictures share: names, colours and export.

Charts are drawn in one ink, so that a page can give them its own text colour;
hues stand for continuous dimensions and nothing else.
"""

import html
import io
import re
from collections.abc import Sequence

import numpy as np

# Okabe & Ito's colour-blind safe set without black and yellow: these show on
# white and on near-black alike.
_HUES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
INK = "#1d2025"

UNUSED_KL = 0.1  # nats; the paper's score drops dimensions at or below it


def dimension_name(dimension: int) -> str:
  """What dimension `dimension`, counted from 0, is called: z1 for 0."""
  return f"z{dimension + 1}"


def category_name(category: int) -> str:
  """What category `category`, counted from 0, is called: c1 for 0."""
  return f"c{category + 1}"


def code_name(categories: Sequence[int]) -> str:
  """What a joint code is called, of several variables c1.2 for 0 and 1."""
  return "c" + ".".join(str(category + 1) for category in categories)


def dimension_color(dimension: int) -> str:
  """The dimension's colour in every picture; repeats after six."""
  return _HUES[dimension % len(_HUES)]


def dimension_dashes(dimension: int) -> str:
  """The dimension's line style, which tells repeated colours apart."""
  return ("-", "--", ":", "-.")[dimension // len(_HUES) % 4]


def to_array(figure) -> np.ndarray:
  """The figure's pixels, `[h, w, 3]` uint8."""
  from matplotlib.backends.backend_agg import FigureCanvasAgg

  canvas = FigureCanvasAgg(figure)
  canvas.draw()
  return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def to_svg(figure, title: str) -> str:
  """The figure as an SVG element for a page, in the page's text colour.

  Text stays text, the background is transparent, and what refers to other
  sites (namespaces, metadata) is left out: HTML doesn't need it.

  Args:
    figure: a matplotlib Figure drawn in `INK`.
    title: what a screen reader says of it; also keeps its ids its own.
  """
  import matplotlib

  file = io.StringIO()
  with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": title}):
    figure.savefig(file, format="svg", transparent=True)
  svg = file.getvalue()
  svg = svg[svg.index("<svg") :].replace(INK, "currentColor")
  svg = re.sub(
    r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->",
    "",
    svg,
    flags=re.DOTALL,
  )
  svg = re.sub(r' id="[a-zA-Z0-9]+_[0-9]+"', "", svg)  # the same in each figure
  box = re.search(r'viewBox="[^"]*"', svg)[0]
  label = html.escape(title)
  opening = f'<svg {box} role="img" aria-label="{label}">'
  return opening + svg[svg.index(">") + 1 :]

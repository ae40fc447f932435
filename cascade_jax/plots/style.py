"""Style of the pictures: names, colours and export.

Charts are drawn in one ink, so that a page can give them its own text colour.
Hues mean continuous dimensions and nothing else.

Shapes: D discrete variables, h w figure.
"""

import html
import io
import re
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
  from matplotlib.figure import Figure

# Okabe & Ito's colour-blind safe set without black and yellow, so that all are
# visible on white and on near-black.
_HUES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
INK = "#1d2025"

UNUSED_KL = 0.1  # nats; the paper's score drops dimensions at or below it


def dimension_name(dimension: int) -> str:
  """Returns the name of a dimension counted from 0: z1 for 0."""
  return f"z{dimension + 1}"


def category_name(category: int) -> str:
  """Returns the name of a category counted from 0: c1 for 0."""
  return f"c{category + 1}"


def code_names(categories: np.ndarray | None) -> list[str]:
  """Returns the names of joint codes, such as c1.2 for categories 0 and 1.

  Args:
    categories: `[codes, D]`; D = 0 or None for a model without a discrete code,
      which has no names.
  """
  if categories is None or not np.size(categories):
    return []
  return ["c" + ".".join(str(k + 1) for k in code) for code in categories]


def dimension_color(dimension: int) -> str:
  """Returns a dimension's colour in every picture; repeats after six."""
  return _HUES[dimension % len(_HUES)]


def dimension_dashes(dimension: int) -> str:
  """Returns a dimension's line style, which tells repeated colours apart."""
  return ("-", "--", ":", "-.")[dimension // len(_HUES) % 4]


def to_array(figure: "Figure") -> np.ndarray:
  """Returns the figure's pixels, `[h, w, 3]` uint8."""
  from matplotlib.backends.backend_agg import FigureCanvasAgg

  canvas = FigureCanvasAgg(figure)
  canvas.draw()
  return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def to_png(figure: "Figure") -> bytes:
  """Returns the figure as the content of a PNG file."""
  file = io.BytesIO()
  figure.savefig(file, format="png")  # or a matplotlibrc could say otherwise
  return file.getvalue()


def to_svg(figure: "Figure", title: str) -> str:
  """Returns the figure as an SVG element in the text colour of its page.

  Text stays text and the background is transparent. References to other sites
  (namespaces, metadata) are left out, since HTML doesn't need them.

  Args:
    figure: a matplotlib Figure drawn in `INK`.
    title: read out by screen readers; also makes the ids unique on the page.
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
  svg = re.sub(r' id="[a-zA-Z0-9]+_[0-9]+"', "", svg)  # not unique
  box = re.findall(r'viewBox="[^"]*"', svg)[0]
  label = html.escape(title)
  opening = f'<svg {box} role="img" aria-label="{label}">'
  return opening + svg[svg.index(">") + 1 :]

"""Images in rows and columns, whose names the page writes around them.

Shapes: R rows, K columns, T frames, H W C image.
"""

from collections.abc import Sequence

import numpy as np

from cascade_jax.plots import mosaics
from cascade_jax.report.html_parts import escape, image

_SMOOTH_HEIGHT = 64  # images of fewer pixels are enlarged with sharp edges


def image_grid(
  images: np.ndarray,
  heads_html: Sequence[str],
  row_names: Sequence[str],
  foot_html: str,
  alt: str,
) -> str:
  """Returns a picture with names above, left of and below its images.

  Args:
    images: `[T, R, K, H, W, C]` in [0, 1]; several frames move to and fro.
    heads_html: above the columns, each with equal room.
    row_names: R of them, or none.
    foot_html: below the images.
    alt: says what the picture shows.
  """
  frames = [mosaics.mosaic(frame) for frame in images]
  count = min(len(frames), mosaics.MAX_SIDE // len(frames[0]))
  shown = np.linspace(0, len(frames) - 1, count).round().astype(int)
  content = mosaics.to_webp(np.concatenate([frames[t] for t in shown]))
  height, width, _ = frames[0].shape
  _, rows, columns, pixels, *_ = images.shape
  sharp = " sharp" if pixels < _SMOOTH_HEIGHT else ""
  moving = " moving" if count > 1 else ""
  names = "".join(f"<span>{escape(name)}</span>" for name in row_names)
  heads = "".join(f"<span>{head}</span>" for head in heads_html)
  style = f"--rows:{rows};--columns:{columns};--frames:{count}"
  return (
    f'<div class="grid" style="{style}"><div class="heads">{heads}</div>'
    f'<div class="names">{names}</div>'
    f'<div class="frame{sharp}{moving}" style="aspect-ratio:{width}/{height}">'
    f'{image("image/webp", content, alt)}</div><div class="foot">{foot_html}'
    "</div></div>"
  )

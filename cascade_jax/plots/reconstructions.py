"""Images beside their reconstructions.

Shapes: K images, D discrete variables, H W C image.
"""

from typing import TYPE_CHECKING

import numpy as np

from cascade_jax.errors import UserError
from cascade_jax.plots import plates
from cascade_jax.plots.style import code_names

if TYPE_CHECKING:
  from matplotlib.figure import Figure

_PAIRS_PER_LINE = 8


def reconstructions(
  originals: np.ndarray,
  decoded: np.ndarray,
  categories: np.ndarray | None = None,
) -> "Figure":
  """Returns a figure of images above their reconstructions and categories.

  Args:
    originals: `[K, H, W, C]` in [0, 1].
    decoded: the same shape.
    categories: `[K, D]`; None for a model without a discrete code.

  Raises:
    UserError: the shapes differ, or there are no images.
  """
  if originals.shape != decoded.shape or not len(originals):
    raise UserError(
      f"originals {originals.shape} and reconstructions {decoded.shape} must "
      "be the same number of images, of one shape, and at least one"
    )
  pairs = plates.to_pixels(np.stack([originals, decoded]), target=112)
  feet = code_names(categories) or [""] * len(originals)
  starts = range(0, len(originals), _PAIRS_PER_LINE)
  return plates.plate(
    [pairs[:, start : start + _PAIRS_PER_LINE] for start in starts],
    row_names=("image", "model"),
    feet=[feet[start : start + _PAIRS_PER_LINE] for start in starts],
  )

"""Arrays and values in a form that a page can hold.

Shapes: K images, H W C image.
"""

import base64
import io
import json
from typing import Any

import numpy as np
from PIL import Image

SHEET_COLUMNS = 20


def floats(array: np.ndarray) -> str:
  """Returns base64 of little-endian float32, in C order."""
  return base64.b64encode(np.ascontiguousarray(array, "<f4").tobytes()).decode()


def json_in_script(content: Any) -> str:
  """Returns JSON that no text of the content can end the script with."""
  return json.dumps(content, allow_nan=False).replace("<", "\\u003c")


def sheet(pixels: np.ndarray) -> bytes:
  """Returns a PNG file with all images, row by row in `SHEET_COLUMNS` columns.

  Args:
    pixels: `[K, H, W, C]` uint8, C = 1 or 3.
  """
  count, height, width, channels = pixels.shape
  rows = -(-count // SHEET_COLUMNS)
  cells = np.zeros((rows * SHEET_COLUMNS, *pixels.shape[1:]), np.uint8)
  cells[:count] = pixels
  cells = cells.reshape(rows, SHEET_COLUMNS, height, width, channels)
  merged = cells.swapaxes(1, 2).reshape(rows * height, -1, channels)
  file = io.BytesIO()
  picture = Image.fromarray(merged[..., 0] if channels == 1 else merged)
  picture.save(file, format="png", optimize=True)
  return file.getvalue()

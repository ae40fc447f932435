"""A renderer of dSprites' shapes that reproduces the original's pixels.

The renderer was fitted to original images and reproduces each one that was
available exactly. Over the whole data set it turns on 128,328,864 pixels, the
original 128,328,862 (from its published mean), so a few tens of pixels out of 3
billion may differ.

Each sprite is a closed polygon around its centre of rotation, in pixels of a
64x64 canvas whose y axis points down. It is scaled, rotated counter-clockwise
as displayed, and translated; then its vertices are snapped to 1/256 pixel, as
graphics hardware does. A pixel is on if its centre lies inside the polygon. A
centre exactly on a horizontal edge belongs to the polygon above that edge; a
centre on any other edge, to the polygon on the right of it. After the snap all
arithmetic is in integers.
"""

import numpy as np

SIZE = 64
SCALES = np.linspace(0.5, 1, 6)
ORIENTATIONS = np.linspace(0, 2 * np.pi, 40)  # the last equals the first
POSITIONS = np.linspace(0, 1, 32)
SHAPES = ("square", "ellipse", "heart")

_UNIT = 0.3 * SIZE  # side of the square at scale 1
_SNAP = 256  # steps per pixel
_HALF = _SNAP // 2  # from the edge of a pixel to its centre


def outline(shape: int) -> np.ndarray:
  """Returns the polygon of a shape at scale 1 and orientation 0.

  Args:
    shape: an index into `SHAPES`.

  Returns:
    `[n, 2]` vertices (right, down) in pixels from the centre of rotation.
  """
  if shape == 0:
    corners = [[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]]
    return _UNIT * np.array(corners)
  if shape == 1:
    t = 2 * np.pi * np.arange(100) / 100
    ellipse = [0.5 * 1.33 * np.cos(t), 0.5 / 1.33 * np.sin(t)]
    return _UNIT * np.stack(ellipse, axis=1)
  t = 2 * np.pi * np.arange(150) / 150
  right = 16 * np.sin(t) ** 3 / 32
  up = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
  return _UNIT * np.stack([right, -up / 29 - 0.075], axis=1)


def render_everywhere(shape: int, scale: int, orientation: int) -> np.ndarray:
  """Renders one sprite at all 32 x 32 positions.

  Args:
    shape: an index into `SHAPES`.
    scale: an index into `SCALES`.
    orientation: an index into `ORIENTATIONS`.

  Returns:
    `[32, 32, 64]` uint64, by x position, y position and row; bit j of a row is
    column j.
  """
  xs, ys = _snapped_vertices(shape, scale, orientation)
  position, row, edge = _crossings(ys)
  columns = _first_columns(xs, ys, row, position, edge)
  # Fill from the left border to each crossing: the pixels between a left and a
  # right edge of the polygon are covered an odd number of times.
  low_bits = np.array([(1 << k) - 1 for k in range(SIZE + 1)], np.uint64)
  fills = low_bits[columns]
  scanline = position * SIZE + row
  starts = np.flatnonzero(np.diff(scanline, prepend=-1))
  rows = np.zeros((len(xs), len(ys) * SIZE), np.uint64)
  rows[:, scanline[starts]] = np.bitwise_xor.reduceat(fills, starts, axis=1)
  return rows.reshape(len(xs), len(ys), SIZE)


def _snapped_vertices(
  shape: int, scale: int, orientation: int
) -> tuple[np.ndarray, np.ndarray]:
  """Vertices in 1/256 pixel: x `[32, n]` by x position, y `[32, n]` by y."""
  right, down = SCALES[scale] * outline(shape).T
  angle = -ORIENTATIONS[orientation]  # counter-clockwise, though y is down
  cos, sin = np.cos(angle), np.sin(angle)
  centres = (16 + 32 * POSITIONS)[:, None]
  xs = centres + (right * cos - down * sin)
  ys = centres + (right * sin + down * cos)
  return (
    np.rint(xs * _SNAP).astype(np.int64),
    np.rint(ys * _SNAP).astype(np.int64),
  )


def _crossings(ys: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
  """Finds where edges cross the horizontal lines through the pixels' centres.

  An edge covers (ymin, ymax], so a line through a vertex is crossed once.

  Args:
    ys: `[32, n]` vertices by y position, in 1/256 pixel.

  Returns:
    `[k]` y positions, `[k]` rows and `[k]` edges of the k crossings, sorted by
    position and row.
  """
  first_row = int(ys.min(axis=1)[0]) // _SNAP - 1
  offset = np.rint(32 * POSITIONS).astype(np.int64)
  height = int((ys.max() - ys[-1].min()) // _SNAP) + 5
  rows = first_row + offset[:, None] + np.arange(height)  # [32, height]
  line = rows[:, :, None] * _SNAP + _HALF
  above = ys[:, None, :] < line
  crossed = above != np.roll(above, -1, axis=2)
  position, index, edge = np.nonzero(crossed)
  return position, rows[position, index], edge


def _first_columns(
  xs: np.ndarray,
  ys: np.ndarray,
  row: np.ndarray,
  position: np.ndarray,
  edge: np.ndarray,
) -> np.ndarray:
  """First column whose centre is on or right of each crossing, `[32, k]`."""
  x_from, x_to = xs[:, edge], np.roll(xs, -1, axis=1)[:, edge]
  y_from = ys[position, edge]
  height = np.roll(ys, -1, axis=1)[position, edge] - y_from
  sign = np.sign(height)
  height, along = height * sign, (row * _SNAP + _HALF - y_from) * sign
  numerator = (x_from - _HALF) * height + along * (x_to - x_from)
  return -(-numerator // (_SNAP * height))  # rounded up

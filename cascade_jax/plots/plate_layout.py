"""Positions of the blocks and images of a plate, in pixels.

Shapes: h w enlarged image.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

# In pixels.
MARGIN = 32
IMAGE_GAP = 4  # between the images of a block
TEXT_LINE = 38  # height of a line of text
CHARACTER = 16  # width


class Layout(NamedTuple):
  """The positions of blocks and images, in pixels from the top left."""

  left: int  # of the first block
  head: int  # height of a block's title
  image: tuple[int, int]  # height, width
  block: tuple[int, int]  # height, width; with title and feet
  gap: int  # between blocks
  per_line: int

  def block_corner(self, index: int) -> tuple[int, int]:
    """Returns the left and top of a block, its title included."""
    line, column = divmod(index, self.per_line)
    height, width = self.block
    x = self.left + column * (width + self.gap)
    return x, MARGIN + line * (height + self.gap // 2)

  def image_corner(self, index: int, row: int, column: int) -> tuple[int, int]:
    """Returns the left and top of an image; rows and columns may be past it."""
    x, y = self.block_corner(index)
    h, w = self.image
    x += column * (w + IMAGE_GAP)
    return x, y + self.head + row * (h + IMAGE_GAP)

  def size(self, num_blocks: int) -> tuple[int, int]:
    """Returns the height and width of the plate without a slider."""
    height, width = self.block
    right, _ = self.block_corner(self.per_line - 1)
    _, bottom = self.block_corner(num_blocks - 1)
    return bottom + height + MARGIN, right + width + MARGIN


def make_layout(
  blocks: Sequence[np.ndarray],
  titles: Sequence[Sequence[str]],
  row_names: Sequence[str],
  has_feet: bool,
  per_line: int,
  gap: int,
) -> Layout:
  """Returns the layout of a plate of `blocks`.

  Args:
    blocks: each `[rows, columns, h, w, 3]`; columns may differ.
    titles: the lines of text above each block.
    row_names: a name for each row, left of the first block of each line.
    has_feet: whether there is a line of text under each block.
    per_line: number of blocks side by side, at most.
    gap: pixels between blocks.
  """
  rows, _, h, w, _ = blocks[0].shape
  columns = max(block.shape[1] for block in blocks)
  longest = max(map(len, row_names), default=0)
  left = MARGIN + (CHARACTER * (longest + 1) if longest else 0)
  head = TEXT_LINE * max(map(len, titles), default=0)
  down = head + rows * (h + IMAGE_GAP) - IMAGE_GAP + TEXT_LINE * has_feet
  across = columns * (w + IMAGE_GAP) - IMAGE_GAP
  per_line = min(per_line, len(blocks))
  return Layout(left, head, (h, w), (down, across), gap, per_line)

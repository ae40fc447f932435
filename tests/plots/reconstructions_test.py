"""Reconstructions as a picture."""

import numpy as np
import pytest

from cascade_jax import plots
from tests.helpers.figure_texts import texts


@pytest.mark.parametrize("count", [1, 5, 8, 11, 16])
def test_reconstructions_show_every_image(count):
  images = np.zeros((count, 8, 8, 1))
  categories = np.arange(count)[:, None] % 3
  figure = plots.reconstructions(images, images, categories)
  named = [text for text in texts(figure) if text.startswith("c")]
  assert len(named) == count


def test_reconstructions_of_other_shapes_are_refused():
  with pytest.raises(ValueError, match="of one shape"):
    plots.reconstructions(np.zeros((2, 8, 8, 1)), np.zeros((3, 8, 8, 1)))

import numpy as np
import pytest

from cascade_jax.data import dsprites
from tests.helpers.dsprites_file import SIZES


@pytest.fixture
def arrays():
  """The content of a dSprites file with fewer values of each factor."""
  factors = dsprites.factor_grid(SIZES)
  colour = np.zeros((len(factors), 1), np.int64)
  return {
    "imgs": dsprites.render(factors),
    "latents_classes": np.concatenate([colour, factors], axis=1),
    "latents_values": np.zeros((len(factors), 6)),
    "metadata": np.array({"pickled": "must not be read"}, dtype=object),
  }


@pytest.fixture
def expected(arrays):
  """The rows of the images, packed."""
  bits = np.packbits(arrays["imgs"], axis=-1, bitorder="little")
  return bits.view("<u8")[..., 0]

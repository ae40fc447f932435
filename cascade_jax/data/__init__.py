"""Data sets in one format, and the order in which training sees the images."""

from cascade_jax.data import dsprites
from cascade_jax.data.dataset import Dataset, from_arrays, pack, unpack
from cascade_jax.data.load import NAMES, load
from cascade_jax.data.sampling import batch_indices

__all__ = (
  "NAMES",
  "Dataset",
  "batch_indices",
  "dsprites",
  "from_arrays",
  "load",
  "pack",
  "unpack",
)

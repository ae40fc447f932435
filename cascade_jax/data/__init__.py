"""Data sets, as one kind of record, and the order in which they are seen."""

from cascade_jax.data import dsprites
from cascade_jax.data.dataset import Dataset, from_arrays, pack, unpack
from cascade_jax.data.sampling import batch_indices

__all__ = (
  "Dataset",
  "batch_indices",
  "dsprites",
  "from_arrays",
  "load",
  "pack",
  "unpack",
)


def load(name: str, path: str = "", **options) -> Dataset:
  if name == "dsprites":
    return dsprites.load(**options)
  raise ValueError(name)
